"""Who may do what: the gate by itself, and in front of the running application."""

import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from app.access_token import FILE_NAME, TokenStore
from app.api.access import COOKIE, Asked, Gate, host_of
from app.cli import cli
from app.errors import SettingsError
from app.main import create_app
from app.settings import Settings
from app.settings_access import Access

HOME, LOOPBACK, OUTSIDE = "192.168.1.20", "127.0.0.1", "198.41.0.4"


def gate(tmp_path: Path, **access: object) -> Gate:
    return Gate(Access.model_validate(access), TokenStore(tmp_path / FILE_NAME))


def asked(
    method: str = "GET", path: str = "/api/status", client: str = HOME, **headers: str
) -> Asked:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Asked(method, path, client, {"host": "192.168.1.2:8000", **named}, {})


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
    ],
)
async def test_only_addresses_and_known_names_are_answered(
    tmp_path: Path, host: str, wanted: str
) -> None:
    the_gate = gate(tmp_path, allowed_hosts=["Energy.example.org"])
    assert await code(the_gate, asked(host=host)) == wanted


def test_the_host_is_read_as_browsers_write_it() -> None:
    assert [host_of(each) for each in ("[FE80::1]:80", "a.b:1", "::1", "x")] == [
        "fe80::1",
        "a.b",
        ":",
        "x",
    ]


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({"sec_fetch_site": "same-origin"}, "served"),
        ({"sec_fetch_site": "none"}, "served"),
        ({"sec_fetch_site": "cross-site"}, "foreign_origin"),
        ({"sec_fetch_site": "same-site"}, "foreign_origin"),
        ({"origin": "http://192.168.1.2:8000"}, "served"),
        ({"origin": "http://evil.example"}, "foreign_origin"),
        ({"origin": "null"}, "foreign_origin"),
        ({}, "served"),
    ],
)
async def test_no_other_site_acts_in_the_owners_name(
    tmp_path: Path, headers: dict[str, str], wanted: str
) -> None:
    the_gate = gate(tmp_path)
    assert await code(the_gate, asked("POST", client=LOOPBACK, **headers)) == wanted
    assert await code(the_gate, asked("GET", "/ui/events", **headers)) == wanted


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


def test_a_new_token_ends_the_old_one_and_its_sessions(tmp_path: Path) -> None:
    running = gate(tmp_path)
    first = running.token.ensure() or ""
    assert running.token.accepts(first)
    session = Asked("POST", "/x", HOME, {}, {COOKIE: running.new_session()})
    assert running.has_session(session)
    second = TokenStore(tmp_path / FILE_NAME).renew()
    assert not running.token.accepts(first)
    assert running.token.accepts(second)
    assert not running.has_session(session)


def test_the_token_itself_is_nowhere_on_disk(tmp_path: Path) -> None:
    store = TokenStore(tmp_path / FILE_NAME)
    token = store.ensure() or ""
    assert len(token) >= 27, "160 bits"
    assert token not in (tmp_path / FILE_NAME).read_text()
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0


def test_a_configured_token_wins_and_cannot_be_renewed(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data_dir": str(tmp_path), "server": {"token": "given"}})
    store = TokenStore.of(settings)
    assert store.ensure() is None
    assert store.accepts("given")
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
        httpx.AsyncClient(transport=transport, base_url="http://192.168.1.2:8000") as asking,
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

        assert (await client.post("/api/run_planner")).status_code != 401
        await client.post("/logout")
        assert (await client.post("/api/run_planner")).status_code == 401


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

    monkeypatch.setattr("app.atomic_file.os.fsync", noted)
    store = TokenStore(tmp_path / FILE_NAME)
    assert store.accepts(store.renew())
    assert synced == [False, True], "the file, then the move"
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == [FILE_NAME]
