"""What keeps us out of a Home Assistant, and what to do about it, in words for its owner."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from app.core.errors import UpstreamError
from app.ingest.home.ha_rest import AddressBannedError, NotHomeAssistantError, TokenRefusedError
from app.ingest.http.client import (
    NotFoundError,
    TimedOutError,
    UnreachableError,
    UnusableTokenError,
)
from app.ingest.http.faults import MalformedError
from app.wording import words
from app.wording.i18n import _

_NO_SUCH_NAME = ("name or service", "name resolution", "getaddrinfo", "nodename", "no address")


@dataclass(frozen=True, slots=True)
class FaultView:
    """What is wrong, and what helps."""

    title: str
    fix: str


def fault(error: UpstreamError, url: str) -> FaultView:
    """Return a fault of the connection in words."""
    if isinstance(error, TokenRefusedError):
        return FaultView(
            _("Home Assistant does not know this token."),
            _(
                "Open your profile in Home Assistant, Security, Long-lived access tokens, make one "
                "for Darkstar and paste the whole of it here: it is shown only once."
            ),
        )
    if isinstance(error, UnusableTokenError):
        return FaultView(
            _("The token holds characters that no token has."), _("Copy and paste it again.")
        )
    if isinstance(error, AddressBannedError):
        return FaultView(
            _("Home Assistant keeps this machine out (HTTP 403)."),
            _(
                "Look for this machine's address in ip_bans.yaml and in the rules of a proxy "
                "before it, then restart Home Assistant."
            ),
        )
    if isinstance(error, NotHomeAssistantError | NotFoundError | MalformedError):
        return FaultView(
            _("Something answers at {url}, but it is no Home Assistant.", url=url),
            _("Write the address without a path, e.g. http://homeassistant.local:8123."),
        )
    return _unreached(error, url)


def _unreached(error: UpstreamError, url: str) -> FaultView:
    host = urlsplit(url).hostname or url
    if isinstance(error, UnreachableError) and _is_unknown_name(error):
        return FaultView(
            _("No machine is called {host} on this network.", host=host),
            _("Try its address in numbers, e.g. http://192.168.1.10:8123."),
        )
    if isinstance(error, UnreachableError):
        return FaultView(
            _("Nothing answers at {url}.", url=url),
            _("Check the port (usually 8123) and http or https, and that Home Assistant runs."),
        )
    if isinstance(error, TimedOutError):
        return FaultView(
            _("{url} does not answer in time.", url=url),
            _("Check the address, and that a firewall lets this machine reach it."),
        )
    return FaultView(words.sentence(str(error)), _("Try again in a minute."))


def _is_unknown_name(error: BaseException) -> bool:
    """Tell whether the address could not be found, from what the resolver said."""
    cause: BaseException | None = error
    while cause is not None:
        if any(said in str(cause).lower() for said in _NO_SUCH_NAME):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
