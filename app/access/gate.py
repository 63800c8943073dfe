"""Who may do what: the one place that decides about every request, before anything is done.

Reads are open on the home's network (``access.reads``), a change needs the API token or a session,
except from this machine while the token has never been used. Rebinding is stopped by the name the
service is asked under, forged requests by where the browser says they come from (the rule of Go's
``http.CrossOriginProtection``).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Literal

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.access.asked import Asked, caller_of, host_of, is_address, same_host
from app.access.sessions import Session, Sessions
from app.access.token import TokenStore
from app.core.errors import SettingsError
from app.settings import Settings
from app.settings.access import Access

__all__ = ["COOKIE", "Asked", "Gate", "Refusal", "caller_of", "host_of"]
COOKIE = "darkstar_session"
# Served to everyone: whether the process lives and works, and what the login page is made of.
PUBLIC = ("/health", "/ready", "/login", "/theme.css", "/static/")
# Shown to nobody else, whoever may read: who is logged in, and from where.
PRIVATE = ("/sessions", "/api/sessions")
EVENTS = ("/ui/events", "/api/events")
# A browser sends these to any site without asking it first.
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
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
Verdict = Literal["right", "wrong", "unchecked"]
"""Of a token; ``unchecked`` because too many wrong ones came from there."""


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
    sessions: Sessions = field(init=False)
    _limiter: MovingWindowRateLimiter = field(
        default_factory=lambda: MovingWindowRateLimiter(MemoryStorage())
    )
    _one_guess: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        """Keep the sessions beside the token."""
        self.sessions = Sessions.beside(self.token.path)

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
        first = self._malformed(asked) or self._misdirected(asked)
        if refused := first or self._forged(asked) or self._too_many(asked):
            return refused
        login = asked.path == "/login"
        needs = asked.changes or self.settings.reads == "login" or asked.path.startswith(PRIVATE)
        if not needs or login or (not asked.changes and asked.path.startswith(PUBLIC)):
            return None
        who, verdict = await self._judged(asked)
        if who:
            return None
        if verdict == "unchecked":
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
        return (await self._judged(asked))[0]

    async def _judged(self, asked: Asked) -> tuple[str, Verdict]:
        """Return who asks, and what came of the token that was sent."""
        if self.settings.mode == "off":
            return "open", "right"
        token = self._bearer(asked)
        verdict = await self.judge(token, asked) if token else "wrong"
        if verdict == "right":
            return "token", verdict
        if await self.session_of(asked):
            return "session", verdict
        return "this machine" if self._trusts(asked) else "", verdict

    async def judge(self, token: str, asked: Asked) -> Verdict:
        """Tell whether a token is right; a wrong one is counted, at the limit none is looked at.

        One after the other: guesses sent at once are counted before the next is looked at.
        """
        if not self._may_guess(asked):
            return "unchecked"
        if self.token.remembers(token):
            return "right"
        async with self._one_guess:
            if not self._may_guess(asked):
                return "unchecked"
            if await asyncio.to_thread(self.token.accepts, token):
                return "right"
            self._limiter.hit(_TRIES, "token", caller_of(asked.client))
            return "wrong"

    async def session_of(self, asked: Asked) -> Session | None:
        """Return the session of the request that is still good."""
        key, cookie = self.token.session_key, asked.cookies.get(COOKIE)
        if not key or not cookie:
            return None
        return await asyncio.to_thread(self.sessions.find, cookie, key, self.session_seconds)

    @property
    def session_seconds(self) -> int:
        """How long a session lasts, in seconds."""
        return self.settings.session_days * 86_400

    async def new_session(self, asked: Asked) -> str:
        """Start a session, and return its cookie; the one the request had before ends.

        Raises ``SessionsNotKeptError``.
        """
        key = self.token.session_key
        assert key  # noqa: S101 - only a token that was accepted starts a session
        if before := await self.session_of(asked):
            await asyncio.to_thread(self.sessions.end, before.id)
        return await asyncio.to_thread(
            self.sessions.start,
            key,
            address=asked.client,
            browser=asked.headers.get("user-agent", ""),
            max_seconds=self.session_seconds,
        )

    async def open_sessions(self) -> tuple[Session, ...]:
        """Return every session that is still good, the newest first."""
        key = self.token.session_key
        if not key:
            return ()
        return await asyncio.to_thread(self.sessions.all, key, self.session_seconds)

    async def end_session(self, name: str) -> bool:
        """End one session, False if there is none; raises ``SessionsNotKeptError``."""
        return await asyncio.to_thread(self.sessions.end, name)

    async def end_sessions(self) -> None:
        """End every session; raises ``SessionsNotKeptError``."""
        await asyncio.to_thread(self.sessions.end_all)

    def _malformed(self, asked: Asked) -> Refusal | None:
        if asked.twice:
            return Refusal(400, "header_twice", f"the header {asked.twice} was sent more than once")
        if host_of(asked.headers.get("host", "")) is None:
            return Refusal(400, "host_unusable", "the Host header is no host with a port")
        return None

    def _misdirected(self, asked: Asked) -> Refusal | None:
        host = host_of(asked.headers.get("host", "")) or ""
        allowed = {"", "localhost", *self.settings.allowed_hosts}
        if host in allowed or host.endswith(".localhost") or is_address(host):
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
        site, host = asked.headers.get("sec-fetch-site"), asked.headers.get("host", "")
        if site in {"same-origin", "none"}:
            return None
        came_from = asked.headers.get("origin", asked.headers.get("referer"))
        if site is not None or (came_from is not None and not same_host(came_from, host)):
            return Refusal(403, "foreign_origin", "another site must not act in your name")
        if came_from is None and asked.changes and self._needs_an_origin(asked):
            return Refusal(
                403,
                "origin_missing",
                "a form or a session must say which page it comes from (Origin or "
                "Sec-Fetch-Site); a program sends JSON and the API token as "
                "`Authorization: Bearer …`",
            )
        return None

    def _needs_an_origin(self, asked: Asked) -> bool:
        """Tell whether any site could have a browser send this in its owner's name.

        Nobody can have it send the API token: neither as a header nor, unknown, to ``/login``.
        """
        if self._bearer(asked) or asked.path == "/login":
            return False
        kind = asked.headers.get("content-type", "").partition(";")[0].strip().lower()
        return kind in _FORMS or COOKIE in asked.cookies

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
        return self._trusts(asked) or self._limiter.hit(item, what, caller_of(asked.client))

    def _may_guess(self, asked: Asked) -> bool:
        return self._limiter.test(_TRIES, "token", caller_of(asked.client))

    def _trusts(self, asked: Asked) -> bool:
        """Tell whether this machine asks, nobody through it, and no token is in use yet."""
        if not asked.from_this_machine or self._is_proxy(asked.client):
            return False
        try:
            return self.token.fresh
        except SettingsError:
            # A damaged file tells nothing; `darkstar token` puts a good one in its place.
            return False

    def _is_proxy(self, client: str) -> bool:
        """Tell whether the client is a reverse proxy that did not say for whom it asks."""
        return any(ip_address(client) in ip_network(each) for each in self.settings.trusted_proxies)

    @staticmethod
    def _bearer(asked: Asked) -> str:
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""


def _slow_down(words: str, seconds: int) -> Refusal:
    headers = {"Retry-After": str(seconds)}
    return Refusal(429, "too_many_requests", f"{words}; wait {seconds} s", headers)
