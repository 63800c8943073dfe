"""Who may do what: the one place that decides about every request, before anything is done.

Reads are open on the home's network (``access.reads``), a change needs the API token or a session,
except from this machine while the token has never been used. Rebinding is stopped by the name the
service is asked under, forged requests by where the browser says they come from (the rule of Go's
``http.CrossOriginProtection``).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from itsdangerous import BadSignature, TimestampSigner
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.access_token import TokenStore
from app.settings import Settings
from app.settings_access import Access

COOKIE = "darkstar_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Served to everyone: whether the process lives and works, and what the login page is made of.
PUBLIC = ("/health", "/ready", "/login", "/theme.css", "/static/")
EVENTS = ("/ui/events", "/api/events")
_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")
_EVERYTHING, _WRITES = parse("600/minute"), parse("60/minute")
_RUNS, _TRIES = parse("10/5 minutes"), parse("5/minute")
_EXPENSIVE = (
    "/api/run_planner",
    "/ui/run-planner",
    "/setup/plan",
    "/api/simulate",
    "/replay",
    "/prices/refresh",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What counts of a request; header names in lower case, ``client`` an address or empty."""

    method: str
    path: str
    client: str
    headers: Mapping[str, str]
    cookies: Mapping[str, str]

    @property
    def changes(self) -> bool:
        """Whether the request may change something."""
        return self.method not in SAFE_METHODS

    @property
    def from_this_machine(self) -> bool:
        """Whether it comes from the machine itself, through no proxy."""
        if any(name in self.headers for name in _FORWARDED):
            return False
        return is_loopback(self.client)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not served: HTTP status, stable code, words, extra headers."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Gate:
    """Decides about requests; keeps the counts of the last minutes in memory."""

    settings: Access
    token: TokenStore
    _limiter: MovingWindowRateLimiter = field(
        default_factory=lambda: MovingWindowRateLimiter(MemoryStorage())
    )

    def use(self, settings: Settings) -> None:
        """Decide by other settings from now on."""
        self.settings = settings.access

    @property
    def state(self) -> str:
        """``off``, ``fresh`` (this machine needs no token yet) or ``token``."""
        if self.settings.mode == "off":
            return "off"
        return "fresh" if self.token.fresh else "token"

    async def refusal(self, asked: Asked) -> Refusal | None:
        """Return why the request is refused, None to let it pass."""
        if refused := self._misdirected(asked) or self._forged(asked) or self._too_many(asked):
            return refused
        login = asked.path == "/login"
        needs = asked.changes or self.settings.reads == "login"
        if not needs or login or (not asked.changes and asked.path.startswith(PUBLIC)):
            return None
        if await self.who(asked):
            return None
        if self._bearer(asked) and not self._counted(_TRIES, "token", asked):
            return _slow_down("too many wrong tokens", 60)
        return Refusal(
            401,
            "login_required",
            "log in at /login, or send the API token as `Authorization: Bearer …`; "
            "`darkstar token` makes a new one",
            {"WWW-Authenticate": 'Bearer realm="Darkstar"'},
        )

    async def who(self, asked: Asked) -> str:
        """Return who asks: ``open``, ``token``, ``session``, ``this machine``, or empty."""
        if self.settings.mode == "off":
            return "open"
        token = self._bearer(asked)
        right: bool = bool(token) and await asyncio.to_thread(self.token.accepts, token)
        if right:
            return "token"
        if self.has_session(asked):
            return "session"
        return "this machine" if asked.from_this_machine and self.token.fresh else ""

    def has_session(self, asked: Asked) -> bool:
        """Tell whether the request carries a session that is still good."""
        key, cookie = self.token.session_key, asked.cookies.get(COOKIE)
        if not key or not cookie:
            return False
        try:
            TimestampSigner(key).unsign(cookie, max_age=self.session_seconds)
        except BadSignature:
            return False
        return True

    @property
    def session_seconds(self) -> int:
        """How long a session lasts, in seconds."""
        return self.settings.session_days * 86_400

    def new_session(self) -> str:
        """Return the cookie of a new session."""
        key = self.token.session_key
        assert key  # noqa: S101 - only a token that was accepted starts a session
        return TimestampSigner(key).sign("owner").decode()

    def may_try(self, asked: Asked) -> bool:
        """Count an attempt to log in; False when there were too many."""
        return self._counted(_TRIES, "login", asked)

    def _misdirected(self, asked: Asked) -> Refusal | None:
        host = host_of(asked.headers.get("host", ""))
        allowed = {"", "localhost", *self.settings.allowed_hosts}
        if host in allowed or host.endswith(".localhost") or _is_address(host):
            return None
        return Refusal(
            421,
            "unknown_host",
            f"this service is not known as {host!r}; ask for it by its address, "
            "or add the name to access.allowed_hosts",
        )

    def _forged(self, asked: Asked) -> Refusal | None:
        if not asked.changes and asked.path not in EVENTS:
            return None
        site = asked.headers.get("sec-fetch-site")
        origin, host = asked.headers.get("origin"), asked.headers.get("host", "")
        if site in {"same-origin", "none"}:
            return None
        if site is None and (origin is None or origin.split("://", 1)[-1] == host):
            return None
        return Refusal(403, "foreign_origin", "another site must not act in your name")

    def _too_many(self, asked: Asked) -> Refusal | None:
        if not self._counted(_EVERYTHING, "all", asked):
            return _slow_down("too many requests", 60)
        if asked.changes and not self._counted(_WRITES, "writes", asked):
            return _slow_down("too many changes", 60)
        costs = asked.changes and asked.path.endswith(_EXPENSIVE)
        if costs and not self._counted(_RUNS, "runs", asked):
            return _slow_down("too many planning runs", 300)
        return None

    def _counted(self, item: RateLimitItem, what: str, asked: Asked) -> bool:
        """Count once; whoever sits at the machine itself is not held up, its proxy is."""
        return asked.from_this_machine or self._limiter.hit(item, what, asked.client)

    @staticmethod
    def _bearer(asked: Asked) -> str:
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""


def _slow_down(words: str, seconds: int) -> Refusal:
    headers = {"Retry-After": str(seconds)}
    return Refusal(429, "too_many_requests", f"{words}; wait {seconds} s", headers)


def host_of(header: str) -> str:
    """Return the host of a Host header in lower case, without port and brackets."""
    host = header.strip().lower()
    if host.startswith("["):
        return host[1:].split("]", 1)[0]
    return host.rsplit(":", 1)[0] if ":" in host else host


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(client: str) -> bool:
    """Tell whether an address is this machine's own."""
    return _is_address(client) and ip_address(client).is_loopback


def is_private(client: str) -> bool:
    """Tell whether an address belongs to a home's own network."""
    return _is_address(client) and ip_address(client).is_private
