"""What counts of a request: who sends it, to whom, by which way."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# What a proxy adds; one that adds nothing speaks HTTP/1.0, as nginx did before 1.29.7.
_FORWARDED = frozenset(
    {"forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"}
)
_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]*))(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Asked:
    """What counts of a request; header names in lower case, ``client`` an address or empty.

    ``twice`` names a header that came twice although only one can count.
    """

    method: str
    path: str
    client: str
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    http_version: str = "1.1"
    twice: str = ""

    @property
    def changes(self) -> bool:
        """Whether the request may change something."""
        return self.method not in SAFE_METHODS

    @property
    def from_this_machine(self) -> bool:
        """Whether it comes from the machine itself, and nothing says that it was passed on."""
        passed_on = any(
            name in _FORWARDED or name.startswith("x-forwarded") for name in self.headers
        )
        if passed_on or self.http_version == "1.0" or not is_loopback(self.client):
            return False
        host = host_of(self.headers.get("host", "")) or ""
        return host == "localhost" or host.endswith(".localhost") or is_loopback(host)


def host_of(header: str) -> str | None:
    """Return the host of a Host header in lower case, without port and brackets; None if none."""
    found = _HOST.fullmatch(header.strip().lower())
    return None if found is None else found[1] or found[2]


def caller_of(client: str) -> str:
    """Return whose requests are counted together: an address, of IPv6 the network it is one of."""
    if not is_address(client):
        return client
    address = ip_address(client)
    # Whoever has an IPv6 address of the internet has 2**64 of them.
    is_wide = isinstance(address, IPv6Address) and address.is_global
    return str(ip_network(f"{address}/64", strict=False)) if is_wide else str(address)


def same_host(url: str, host: str) -> bool:
    """Tell whether an Origin or Referer is of the host that was asked."""
    try:
        return bool(host) and urlsplit(url).netloc.lower() == host.strip().lower()
    except ValueError:
        return False


def is_address(host: str) -> bool:
    """Tell whether a text is an IP address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(client: str) -> bool:
    """Tell whether an address is this machine's own."""
    return is_address(client) and ip_address(client).is_loopback


def is_private(client: str) -> bool:
    """Tell whether an address belongs to a home's own network."""
    return is_address(client) and ip_address(client).is_private
