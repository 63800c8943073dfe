"""A Home Assistant package for homes without a broker: REST sensors, commands, an automation."""

from string import Template

from app import __version__
from app.core.shipped import SHIPPED

_AUTHORIZATION = "headers:\n      Authorization: !secret darkstar_token"


def package(base_url: str, *, currency: str, reads_need_the_token: bool) -> str:
    """Return the YAML text; ``base_url`` is where Home Assistant reaches this service."""
    template = (SHIPPED / "templates" / "home_assistant.yaml").read_text(encoding="utf-8")
    return Template(template).substitute(
        base_url=base_url,
        currency=currency,
        version=__version__,
        read_headers=_AUTHORIZATION if reads_need_the_token else "# reading needs no token",
    )
