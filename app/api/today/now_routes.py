"""REST for controllers and Home Assistant: what counts now, and a ready configuration."""

from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from app.api.today.home_assistant_yaml import package
from app.api.web.dependencies import ServicesDep
from app.core.errors import DarkstarError
from app.service.now import read_now
from app.service.schemas.now import NowOut

router = APIRouter(tags=["home automation"])
YAML: Final = "text/yaml"


class HostUnusableError(DarkstarError):
    """The Host header holds more than a host and a port: it must not end up in a file."""

    status = 421
    code = "unknown_host"


def base_url(scheme: str, host_header: str) -> str:
    """Return the address under which the caller reached this service."""
    try:
        asked = urlsplit(f"//{host_header}")
        name, port = asked.hostname or "", asked.port
    except ValueError:
        name, port = "", None
    host = f"[{name}]" if ":" in name else name
    if not name or host_header.lower() not in {host, f"{host}:{port}"}:
        raise HostUnusableError(f"{host_header!r} is not a host with a port, e.g. 192.0.2.7:8000")
    return f"{scheme}://{host_header}"


@router.get("/api/now", operation_id="getNow")
async def now(deps: ServicesDep) -> NowOut:
    """Say in one flat answer what the battery and the heater do now, why, and what comes next.

    Without a valid plan the action is ``safe``: self-consumption, nothing charged from the grid,
    nothing sold.
    """
    return await read_now(deps)


@router.get(
    "/integrations/home-assistant.yaml",
    operation_id="getHomeAssistantPackage",
    response_class=Response,
    responses={
        200: {
            "description": "a package: save it under packages/ of Home Assistant",
            "content": {YAML: {"schema": {"type": "string"}}},
        }
    },
)
async def home_assistant(request: Request, deps: ServicesDep) -> Response:
    """Return sensors, commands and an automation skeleton that talk to this very address."""
    text = package(
        base_url(request.url.scheme, request.headers.get("host", "")),
        currency=deps.job.settings.nordpool.currency,
        reads_need_the_token=deps.job.settings.access.reads == "login",
    )
    return Response(text, media_type=f"{YAML}; charset=utf-8")
