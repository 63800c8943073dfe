"""Who may read and write over the network: settings, typed, frozen; defaults live here."""

from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from app.settings.home import Group


def _host_name(name: str) -> str:
    if not name or any(char in name for char in "/:@ *"):
        raise ValueError(f"{name!r} is not a host name; write e.g. energy.example.org")
    return name.lower()


def _network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        raise ValueError(f"{text!r} is not an address or network; write e.g. 10.0.0.2") from None
    return text


class Access(Group):
    """Reads are open on the home's network unless ``reads`` is ``login``; writes never are.

    ``allowed_hosts`` are the names, beside addresses and localhost, under which the service may be
    asked; ``trusted_proxies`` are the reverse proxies whose word about the client counts.
    """

    mode: Literal["token", "off"] = "token"
    reads: Literal["open", "login"] = "open"
    session_days: int = Field(default=30, ge=1, le=365)
    allowed_hosts: tuple[Annotated[str, AfterValidator(_host_name)], ...] = ()
    trusted_proxies: tuple[Annotated[str, AfterValidator(_network)], ...] = ()
