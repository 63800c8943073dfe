"""The service: one process with the API, the pages and the scheduler inside."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

import uvicorn
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from app import __version__
from app.api import pages, rest
from app.api.body_limit import MAX_BODY_BYTES, BodyLimit
from app.api.schemas import ProblemOut
from app.api.services import Services
from app.db.engine import make_engine, make_sessions
from app.errors import DarkstarError
from app.gather import Sources
from app.ingest.http import make_client
from app.job import PlanningJob
from app.schedule import Schedule
from app.settings import Settings
from app.shipped import SHIPPED
from app.warm_up import warm_up

_log = logging.getLogger("uvicorn.error")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


def create_app(settings: Settings) -> FastAPI:
    """Return the application; its lifespan opens database, HTTP client and scheduler."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # Drivers are imported and certificates read: 0.1 s on a small machine.
        engine = await asyncio.to_thread(make_engine, settings)
        client = await asyncio.to_thread(make_client)
        job = PlanningJob(Sources(settings, client, make_sessions(engine)), engine)
        scheduler = AsyncIOScheduler(
            timezone="UTC",
            # The default grace of 1 s would drop a run that starts 1.1 s late.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        app.state.services = services = Services(job, scheduler)
        Schedule(services).start()
        yield
        scheduler.pause()
        await services.settle()
        scheduler.shutdown(wait=False)
        await client.aclose()
        await engine.dispose()

    app = FastAPI(
        title="Darkstar Energy Manager",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.include_router(rest.router)
    app.include_router(pages.router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=SHIPPED / "static"), name="static")
    app.add_exception_handler(DarkstarError, _deliberate)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _crashed)
    app.add_middleware(BodyLimit, refuse=_body_too_long)
    app.middleware("http")(_secure)
    return app


class _Server(uvicorn.Server):
    """A server that says where it runs, and ends the streams of open pages when it stops."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so: uvicorn does not for a socket it was given."""
        await super().startup(sockets)
        _log.info("running on http://%s:%d (Ctrl+C stops it)", self.config.host, self.config.port)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell the pages, whose streams would never end by themselves, then wait for requests."""
        self.config.app.state.services.events.close()  # type: ignore[union-attr]
        await super().shutdown(sockets)


def run(app: FastAPI, *, host: str, port: int, log_level: str) -> None:
    """Serve the application until a signal comes; raises ``DarkstarError`` if it cannot start."""
    server = _Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_level=log_level,
            server_header=False,
            timeout_graceful_shutdown=3,
        )
    )
    # Before the lifespan: a service that nobody can reach must not plan into the database.
    with _listening(host, port) as listener:
        warm_up()
        server.run(sockets=[listener])
    if not server.started:
        raise DarkstarError("the service could not start; the lines above say why")


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket that has the port for itself, or say why there is none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise DarkstarError(
            f"the service cannot listen on {host}:{port}: {error.strerror}; "
            "DARKSTAR_SERVER__HOST and DARKSTAR_SERVER__PORT choose another place"
        ) from error


def _deliberate(_request: Request, error: Exception) -> JSONResponse:
    """Answer every deliberate error in the one error shape."""
    status = error.status if isinstance(error, DarkstarError) else 500
    code = error.code if isinstance(error, DarkstarError) else "internal_error"
    problem = ProblemOut(code=code, message=str(error), status=status)
    return JSONResponse(problem.model_dump(), status_code=status)


def _refused(_request: Request, error: Exception) -> JSONResponse:
    """Answer what the framework refuses: no such path, wrong method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    return _refusal(error)


def _body_too_long() -> JSONResponse:
    """Answer a body that is longer than it may be."""
    return _refusal(HTTPException(413, f"a request body may hold {MAX_BODY_BYTES} bytes"))


def _refusal(error: HTTPException) -> JSONResponse:
    words = HTTPStatus(error.status_code).phrase.lower()
    problem = ProblemOut(
        code=words.replace(" ", "_"), message=str(error.detail), status=error.status_code
    )
    return JSONResponse(problem.model_dump(), status_code=error.status_code, headers=error.headers)


def _crashed(_request: Request, _error: Exception) -> JSONResponse:
    """Answer a bug without its words; the log has them. No middleware sees this answer."""
    problem = ProblemOut(
        code="internal_error", message="Darkstar failed; its log says how", status=500
    )
    return JSONResponse(
        problem.model_dump(), status_code=500, headers=HEADERS | {"Cache-Control": "no-store"}
    )


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    """Name the fields that are wrong; never echo the input, which may not be JSON at all."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    problem = ProblemOut(
        code="request_invalid",
        message="the request has invalid fields",
        status=422,
        errors=[
            {"field": ".".join(map(str, each["loc"])), "message": each["msg"]} for each in found
        ],
    )
    return JSONResponse(problem.model_dump(), status_code=422)


async def _secure(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Put the security headers on every answer; cache only static files."""
    response = await call_next(request)
    response.headers.update(HEADERS)
    static = request.url.path.startswith("/static/")
    response.headers["Cache-Control"] = "public, max-age=86400" if static else "no-store"
    return response
