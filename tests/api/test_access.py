"""Who may do what: the gate by itself, and in front of the running application."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from app.access import sessions
from app.access.gate import COOKIE, Asked, Gate, caller_of, host_of
from app.access.sessions import Sessions
from app.access.token import FILE_NAME, TokenStore
from app.cli import cli
from app.core import clock
from app.core.atomic_file import replace_file
from app.core.errors import SettingsError
from app.main import create_app
from app.settings import Settings
from app.settings.access import Access

HOME, LOOPBACK, OUTSIDE = "192.168.1.20", "127.0.0.1", "198.41.0.4"
MACHINE = {LOOPBACK, "::1"}
ADDRESS = "http://192.168.1.2:8000"
PAGE = {"Origin": ADDRESS}
GIVEN = "a-token-of-ones-own"


def gate(tmp_path: Path, **access: object) -> Gate:
    return Gate(Access.model_validate(access), TokenStore(tmp_path / FILE_NAME))


def asked(
    method: str = "GET", path: str = "/api/status", client: str = HOME, **headers: str
) -> Asked:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named.setdefault("host", "localhost:8000" if client in MACHINE else "192.168.1.2:8000")
    return Asked(method, path, client, named, {})


async def code(the_gate: Gate, request: Asked) -> str:
    refusal = await the_gate.refusal(request)
    return refusal.code if refusal else "served"


@pytest.mark.parametrize(
    ("host", "wanted"),
    [
        ("127.0.0.1:8000", "served"),
        ("[::1]:8000", "served"),
        ("localhost", "served"),
        ("LOCALHOST:8000", "served"),
        ("192.168.1.2", "served"),
        ("energy.example.org", "served"),
        ("", "served"),
        ("rebound.example.com", "unknown_host"),
        ("192.168.1.2.example.com", "unknown_host"),
        ("localhost.example.com:8000", "unknown_host"),
        ("[::1]evil.example", "host_unusable"),
        ("[::1]:8000evil.example", "host_unusable"),
        ("[::1]@evil.example", "host_unusable"),
        ("evil.example/127.0.0.1", "host_unusable"),
        ("127.0.0.1:8000:evil.example", "host_unusable"),
        ("127.0.0.1, evil.example", "host_unusable"),
        ("127.0.0.1 evil.example", "host_unusable"),
        ("[127.0.0.1", "host_unusable"),
    ],
)
async def test_only_addresses_and_known_names_are_answered(
    tmp_path: Path, host: str, wanted: str
) -> None:
    the_gate = gate(tmp_path, allowed_hosts=["Energy.example.org"])
    assert await code(the_gate, asked(host=host)) == wanted


def test_the_host_is_read_as_browsers_write_it() -> None:
    read = [host_of(each) for each in ("[FE80::1]:80", "a.b:1", "::1", "x")]
    assert read == ["fe80::1", "a.b", None, "x"]


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({"sec_fetch_site": "same-origin"}, "served"),
        ({"sec_fetch_site": "none"}, "served"),
        ({"sec_fetch_site": "cross-site"}, "foreign_origin"),
        ({"sec_fetch_site": "same-site"}, "foreign_origin"),
        ({"origin": "http://localhost:8000"}, "served"),
        ({"origin": "http://evil.example"}, "foreign_origin"),
        ({"origin": "http://localhost:8001"}, "foreign_origin"),
        ({"origin": "null"}, "foreign_origin"),
        ({"origin": "null", "host": ""}, "foreign_origin"),
        ({"referer": "http://localhost:8000/settings"}, "served"),
        ({"referer": "http://evil.example/localhost:8000"}, "foreign_origin"),
        ({}, "served"),
    ],
)
async def test_no_other_site_acts_in_the_owners_name(
    tmp_path: Path, headers: dict[str, str], wanted: str
) -> None:
    the_gate = gate(tmp_path, mode="off")
    assert await code(the_gate, asked("POST", client=LOOPBACK, **headers)) == wanted
    assert await code(the_gate, asked("GET", "/ui/events", client=LOOPBACK, **headers)) == wanted


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain; charset=x"])
async def test_a_form_that_does_not_say_where_it_comes_from_is_refused(
    tmp_path: Path, kind: str
) -> None:
    the_gate = gate(tmp_path)
    token = the_gate.token.ensure()
    form = {"content_type": kind}
    assert await code(the_gate, asked("POST", client=LOOPBACK, **form)) == "origin_missing"
    # A site cannot have a browser send these: curl, programs and the login form's proof.
    right = {"authorization": f"Bearer {token}"}
    assert await code(the_gate, asked("POST", client=LOOPBACK, **form, **right)) == "served"
    assert await code(the_gate, asked("POST", "/login", **form)) == "served"
    json = asked("POST", client=LOOPBACK, content_type="application/json")
    assert await code(gate(tmp_path / "fresh"), json) == "served"


async def test_a_session_says_where_it_comes_from_whatever_it_sends(tmp_path: Path) -> None:
    the_gate = gate(tmp_path)
    the_gate.token.ensure()
    cookie = {COOKIE: await the_gate.new_session(asked())}
    for headers, wanted in (
        ({}, "origin_missing"),
        ({"origin": "http://192.168.1.2:8000"}, "served"),
        ({"sec-fetch-site": "same-origin"}, "served"),
    ):
        named = {"host": "192.168.1.2:8000", "content-type": "application/json", **headers}
        assert await code(the_gate, Asked("POST", "/x", HOME, named, cookie)) == wanted


async def test_reads_are_open_and_changes_need_the_token(tmp_path: Path) -> None:
    the_gate = gate(tmp_path)
    token = the_gate.token.ensure()
    assert token
    assert the_gate.token.ensure() is None, "shown once"
    assert await code(the_gate, asked()) == "served"
    assert await code(the_gate, asked("POST")) == "login_required"
    wrong = asked("POST", authorization="Bearer wrong")
    assert await code(the_gate, wrong) == "login_required"
    right = asked("POST", authorization=f"Bearer {token}")
    assert await code(the_gate, right) == "served"
    assert await the_gate.who(right) == "token"


async def test_a_fresh_install_needs_no_login_from_its_own_machine(tmp_path: Path) -> None:
    the_gate = gate(tmp_path)
    token = the_gate.token.ensure()
    here = asked("POST", client=LOOPBACK)
    assert await code(the_gate, here) == "served"
    assert await code(the_gate, asked("POST", client="::1")) == "served"
    proxied = asked("POST", client=LOOPBACK, x_forwarded_for=OUTSIDE)
    assert await code(the_gate, proxied) == "login_required", "a proxy is not its client"
    assert the_gate.token.accepts(token or "")
    assert await code(the_gate, here) == "login_required", "the token is in use now"
    assert the_gate.state == "token"


async def test_reads_can_need_a_login_too(tmp_path: Path) -> None:
    the_gate = gate(tmp_path, reads="login")
    the_gate.token.ensure()
    assert await code(the_gate, asked()) == "login_required"
    for path in ("/health", "/login", "/static/app.css"):
        assert await code(the_gate, asked("GET", path)) == "served"


async def test_access_off_asks_nobody_and_says_so(tmp_path: Path) -> None:
    the_gate = gate(tmp_path, mode="off")
    assert await code(the_gate, asked("DELETE")) == "served"
    assert (the_gate.state, await the_gate.who(asked())) == ("off", "open")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/api/run_planner", 10),
        ("POST", "/api/runs/7/replay", 10),
        ("POST", "/api/manual_actions", 60),
        ("GET", "/api/status", 600),
    ],
)
async def test_too_much_is_slowed_down_except_from_the_machine_itself(
    tmp_path: Path, method: str, path: str, allowed: int
) -> None:
    the_gate = gate(tmp_path, mode="off")
    codes = [await code(the_gate, asked(method, path)) for _ in range(allowed + 1)]
    assert codes == ["served"] * allowed + ["too_many_requests"]
    refusal = await the_gate.refusal(asked(method, path))
    assert refusal is not None
    assert int(refusal.headers["Retry-After"]) > 0
    assert await code(the_gate, asked(method, path, client="192.168.1.21")) == "served"
    assert await code(the_gate, asked(method, path, client=LOOPBACK)) == "served"
    proxied = [
        await code(the_gate, asked(method, path, client=LOOPBACK, x_forwarded_for=OUTSIDE))
        for _ in range(allowed + 1)
    ]
    assert proxied[-1] == "too_many_requests", "a proxy of this machine is not this machine"


async def test_wrong_tokens_cannot_be_tried_for_ever(tmp_path: Path) -> None:
    the_gate = gate(tmp_path)
    the_gate.token.ensure()
    guess = asked("POST", authorization="Bearer guess")
    codes = [await code(the_gate, guess) for _ in range(6)]
    assert codes == ["login_required"] * 5 + ["too_many_requests"]


async def test_guesses_sent_at_once_are_counted_before_the_next_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    the_gate = gate(tmp_path)
    token = the_gate.token.ensure() or ""
    looked_at: list[str] = []
    accepts = TokenStore.accepts

    def counted(store: TokenStore, token: str) -> bool:
        looked_at.append(token)
        return accepts(store, token)

    monkeypatch.setattr(TokenStore, "accepts", counted)
    guesses = [asked("POST", authorization=f"Bearer guess {at}") for at in range(30)]
    codes = await asyncio.gather(*(code(the_gate, each) for each in guesses))
    assert sorted(codes) == ["login_required"] * 5 + ["too_many_requests"] * 25
    assert len(looked_at) == 5, "a guess beyond the limit is not looked at"
    late = asked("POST", authorization=f"Bearer {token}")
    assert await code(the_gate, late) == "too_many_requests", "neither is a right one"
    assert await the_gate.judge(token, asked(client=LOOPBACK)) == "right"


async def test_the_right_token_is_no_guess(tmp_path: Path) -> None:
    the_gate = gate(tmp_path)
    token = the_gate.token.ensure()
    right = asked("POST", authorization=f"Bearer {token}")
    assert {await code(the_gate, right) for _ in range(20)} == {"served"}


async def test_reading_is_no_way_to_try_tokens_uncounted(tmp_path: Path) -> None:
    the_gate = gate(tmp_path)
    the_gate.token.ensure()
    guess = asked("GET", "/setup/place", authorization="Bearer guess")
    for _ in range(9):
        assert await the_gate.who(guess) == ""
    assert not the_gate._may_guess(guess)  # noqa: SLF001 - told by nothing else


async def test_guesses_from_this_machine_are_counted_too(tmp_path: Path) -> None:
    the_gate = gate(tmp_path)
    the_gate.token.ensure()
    here = asked(client=LOOPBACK)
    verdicts = [await the_gate.judge("guess", here) for _ in range(6)]
    assert verdicts == ["wrong"] * 5 + ["unchecked"]


def test_addresses_of_one_network_are_counted_together() -> None:
    assert caller_of("2606:4700::1") == caller_of("2606:4700::ffff:2") != caller_of("2606:4701::1")
    assert caller_of("192.168.1.2") != caller_of("192.168.1.3")
    assert caller_of("fe80::1") != caller_of("fe80::2")


@pytest.mark.parametrize(
    "token", ["12345", "x" * 15, "x" * 257, "with a space in it", "nyckel-åäö" * 3]
)
def test_a_token_that_could_be_guessed_or_not_be_sent_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="must have 16 to 256") as refused:
        Settings.model_validate({"server": {"token": token}})
    assert token not in str(refused.value)


@pytest.mark.parametrize(
    "named",
    [
        {"x_forwarded_for": OUTSIDE},
        {"x_forwarded_host": "darkstar.local"},
        {"x_forwarded_proto": "https"},
        {"forwarded": "for=192.0.2.1"},
        {"x_real_ip": OUTSIDE},
        {"via": "1.1 Caddy"},
        {"host": "192.168.1.2:8000"},
        {"host": "energy.example.org"},
        {"host": ""},
    ],
)
async def test_what_was_passed_on_is_not_this_machine(
    tmp_path: Path, named: dict[str, str]
) -> None:
    the_gate = gate(tmp_path, allowed_hosts=["energy.example.org"])
    the_gate.token.ensure()
    assert await code(the_gate, asked("POST", client=LOOPBACK)) == "served"
    assert await code(the_gate, asked("POST", client=LOOPBACK, **named)) == "login_required"
    codes = [await code(the_gate, asked(client=LOOPBACK, **named)) for _ in range(601)]
    assert codes[-1] == "too_many_requests"


async def test_nginx_by_its_defaults_is_not_this_machine(tmp_path: Path) -> None:
    """Its defaults hide the client wholly: Host is the upstream's, and nothing is added."""
    the_gate = gate(tmp_path)
    the_gate.token.ensure()
    headers = {"host": "127.0.0.1:8000", "connection": "close"}
    by_default = Asked("POST", "/api/run_planner", LOOPBACK, headers, {}, http_version="1.0")
    assert await code(the_gate, by_default) == "login_required"


async def test_a_trusted_proxy_that_names_no_client_is_not_this_machine(tmp_path: Path) -> None:
    the_gate = gate(tmp_path, trusted_proxies=["127.0.0.0/8"])
    the_gate.token.ensure()
    assert await code(the_gate, asked("POST", client=LOOPBACK)) == "login_required"


async def test_docker_passes_on_as_the_bridge(tmp_path: Path) -> None:
    the_gate = gate(tmp_path)
    the_gate.token.ensure()
    published = asked("POST", client="172.17.0.1", host="127.0.0.1:8000")
    assert await code(the_gate, published) == "login_required"


async def test_the_machine_is_held_to_the_limits_once_the_token_is_in_use(tmp_path: Path) -> None:
    the_gate = gate(tmp_path)
    token = the_gate.token.ensure() or ""
    assert the_gate.token.accepts(token)
    codes = [await code(the_gate, asked(client=LOOPBACK)) for _ in range(601)]
    assert codes == ["served"] * 600 + ["too_many_requests"]


@pytest.mark.parametrize("name", ["Host", "Origin", "Authorization", "Sec-Fetch-Site"])
async def test_a_header_that_counts_once_comes_once(tmp_path: Path, name: str) -> None:
    async with service(tmp_path, HOME) as (client, _):
        twice = [(name, "192.168.1.2:8000"), (name, "evil.example")]
        answer = await client.get("/api/status", headers=twice)
        assert (answer.status_code, answer.json()["code"]) == (400, "header_twice")


async def test_a_new_token_ends_the_old_one_and_its_sessions(tmp_path: Path) -> None:
    running = gate(tmp_path)
    first = running.token.ensure() or ""
    assert running.token.accepts(first)
    session = Asked("POST", "/x", HOME, {}, {COOKIE: await running.new_session(asked())})
    assert await running.session_of(session)
    second = TokenStore(tmp_path / FILE_NAME).renew()
    assert not running.token.accepts(first)
    assert running.token.accepts(second)
    assert not await running.session_of(session)


def test_the_token_itself_is_nowhere_on_disk(tmp_path: Path) -> None:
    store = TokenStore(tmp_path / FILE_NAME)
    token = store.ensure() or ""
    assert len(token) >= 27, "160 bits"
    assert token not in (tmp_path / FILE_NAME).read_text()
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0


def test_a_configured_token_wins_and_cannot_be_renewed(tmp_path: Path) -> None:
    server = {"token": GIVEN}
    settings = Settings.model_validate({"data_dir": str(tmp_path), "server": server})
    store = TokenStore.of(settings)
    assert store.ensure() is None
    assert store.accepts(GIVEN)
    assert not store.accepts("other")
    assert not store.fresh
    with pytest.raises(SettingsError, match=r"server\.token"):
        store.renew()


def test_a_damaged_file_is_named_with_the_fix(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("{")
    store = TokenStore(tmp_path / FILE_NAME)
    with pytest.raises(SettingsError, match="darkstar token"):
        store.ensure()
    assert TokenStore(tmp_path / FILE_NAME).renew()


def test_the_command_makes_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKSTAR_DATA_DIR", str(tmp_path))
    answer = CliRunner().invoke(cli, ["token"])
    assert answer.exit_code == 0
    assert TokenStore(tmp_path / FILE_NAME).accepts(answer.stdout.strip())


@asynccontextmanager
async def service(tmp_path: Path, client: str) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    nowhere = {"base_url": "http://127.0.0.1:9"}
    settings = Settings.model_validate(
        {
            "data_dir": str(tmp_path),
            "prices": {"providers": ["nordpool"]},
            "nordpool": nowhere,
            "open_meteo": nowhere,
            "automation": {"enable_scheduler": False},
        }
    )
    token = TokenStore.of(settings).ensure() or ""
    app = create_app(settings)
    transport = httpx.ASGITransport(app=app, client=(client, 50000))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=PAGE) as asking,
    ):
        yield asking, token


async def test_a_person_logs_in_acts_and_logs_out(tmp_path: Path) -> None:
    async with service(tmp_path, HOME) as (client, token):
        refused = await client.post("/api/run_planner")
        assert refused.status_code == 401
        assert refused.json()["code"] == "login_required"
        assert refused.headers["content-type"] == "application/problem+json"
        assert "Content-Security-Policy" in refused.headers
        from_page = await client.post("/ui/run-planner", headers={"HX-Request": "true"})
        assert from_page.headers["HX-Redirect"] == "/login?next=/"
        person = await client.post("/ui/run-planner", headers={"Accept": "text/html"})
        assert (person.status_code, person.headers["location"]) == (303, "/login?next=/")

        wrong = await client.post("/login", data={"token": "guess", "next": "/"})
        assert wrong.status_code == 401
        assert "not the token" in wrong.text
        right = await client.post("/login", data={"token": token, "next": "//evil.example"})
        assert (right.status_code, right.headers["location"]) == (303, "/")
        cookie = right.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie

        copied = client.cookies.get(COOKIE) or ""
        assert (await client.post("/api/run_planner")).status_code == 200
        await client.post("/logout")
        assert (await client.post("/api/run_planner")).status_code == 401
        client.cookies.set(COOKIE, copied)
        again = await client.post("/api/run_planner")
        assert again.status_code == 401, "a copied cookie ends with its session"


async def test_sessions_are_listed_and_ended_one_by_one_and_all(tmp_path: Path) -> None:
    async with service(tmp_path, HOME) as (client, token):
        assert (await client.get("/api/sessions")).status_code == 401, "nobody else's business"
        cookies = []
        for browser in ("Firefox", "Chromium", "Safari"):
            client.cookies.clear()
            form = {"token": token}
            await client.post("/login", data=form, headers={"User-Agent": browser})
            cookies.append(client.cookies[COOKIE])
        open_now = (await client.get("/api/sessions")).json()["sessions"]
        assert [each["browser"] for each in open_now] == ["Safari", "Chromium", "Firefox"]
        assert [each["current"] for each in open_now] == [True, False, False]
        assert {each["address"] for each in open_now} == {HOME}
        page = (await client.get("/sessions", headers={"Accept": "text/html"})).text
        assert "this browser" in page
        assert "Firefox" in page

        left = await client.delete(f"/api/sessions/{open_now[2]['id']}")
        assert [each["browser"] for each in left.json()["sessions"]] == ["Safari", "Chromium"]
        unknown = await client.delete("/api/sessions/00000000")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "no_such_session")
        ended = await client.post("/sessions/end", data={"session": open_now[1]["id"]})
        assert ended.headers["location"] == "/sessions"
        all_ended = await client.post("/sessions/end")
        assert all_ended.headers["location"] == "/"
        for cookie in cookies:
            client.cookies.set(COOKIE, cookie)
            assert (await client.post("/api/run_planner")).status_code == 401
        bearer = {"Authorization": f"Bearer {token}"}
        client.cookies.clear()
        listed = await client.get("/api/sessions", headers=bearer)
        assert listed.json() == {"sessions": []}, "the token stays"
        assert (await client.delete("/api/sessions", headers=bearer)).status_code == 200


async def test_logging_in_again_ends_the_session_before(tmp_path: Path) -> None:
    the_gate = gate(tmp_path)
    the_gate.token.ensure()
    first = await the_gate.new_session(asked())
    again = Asked("POST", "/login", HOME, {}, {COOKIE: first})
    await the_gate.new_session(again)
    assert not await the_gate.session_of(again)
    assert len(await the_gate.open_sessions()) == 1


async def test_a_session_survives_a_restart_and_ends_with_its_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = gate(tmp_path, session_days=2)
    before.token.ensure()
    cookie = await before.new_session(asked())
    held = Asked("POST", "/x", HOME, {}, {COOKIE: cookie})
    assert cookie not in (tmp_path / "sessions.json").read_text()
    assert (tmp_path / "sessions.json").stat().st_mode & 0o077 == 0
    after = gate(tmp_path, session_days=2)
    assert await after.session_of(held)
    start = clock.now()
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=2, seconds=1))
    assert not await after.session_of(held)


async def test_a_changed_token_of_ones_own_ends_the_sessions(tmp_path: Path) -> None:
    def with_token(token: str) -> Gate:
        data = {"data_dir": str(tmp_path), "server": {"token": token}}
        return Gate(Access(), TokenStore.of(Settings.model_validate(data)))

    held = Asked("POST", "/x", HOME, {}, {COOKIE: await with_token(GIVEN).new_session(asked())})
    assert await with_token(GIVEN).session_of(held)
    assert not await with_token(f"{GIVEN}-2").session_of(held)


async def test_a_folder_that_cannot_be_written_starts_no_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with service(tmp_path, HOME) as (client, token):

        def full(path: Path, content: bytes, *, mode: int) -> None:
            if path.name == sessions.FILE_NAME:
                raise OSError(28, "No space left on device")
            replace_file(path, content, mode=mode)

        monkeypatch.setattr("app.access.kept_file.replace_file", full)
        answer = await client.post("/login", data={"token": token})
        assert answer.status_code == 503
        assert "No space left" in answer.text
        assert "set-cookie" not in answer.headers


def test_a_damaged_file_of_sessions_holds_none(tmp_path: Path) -> None:
    (tmp_path / "sessions.json").write_text('{"salt": "zz", "mark": "", "sessions": []}')
    kept = Sessions(tmp_path / "sessions.json")
    assert kept.all("key", 60) == ()
    cookie = kept.start("key", address=HOME, browser="b\n", max_seconds=60)
    assert kept.find(cookie, "key", 60)


async def test_nobody_logs_in_over_plain_http_from_outside(tmp_path: Path) -> None:
    async with service(tmp_path, OUTSIDE) as (client, token):
        answer = await client.post("/login", data={"token": token})
        assert answer.status_code == 403
        assert "https" in answer.text


async def test_an_unknown_host_gets_nothing(tmp_path: Path) -> None:
    async with service(tmp_path, HOME) as (client, _):
        answer = await client.get("/api/status", headers={"Host": "rebound.example.com"})
        assert (answer.status_code, answer.json()["code"]) == (421, "unknown_host")


def test_a_new_token_is_on_disk_before_it_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut after the token was written down must not bring the old file back, or half."""
    synced, real = list[bool](), os.fsync

    def noted(handle: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(handle).st_mode))
        real(handle)

    monkeypatch.setattr("app.core.atomic_file.os.fsync", noted)
    store = TokenStore(tmp_path / FILE_NAME)
    assert store.accepts(store.renew())
    assert synced == [False, True], "the file, then the move"
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == [FILE_NAME]
