"""The running service, end to end on a real database: nothing reachable, and a database away."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import time_machine
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.api.http.secure_headers import HEADERS
from app.db.connection import engine, migrate
from app.db.plan_stamp import Stamp
from app.main import create_app
from app.service import plan_cache
from app.service.schemas import examples
from app.service.schemas.plan import InitialStateOut, JobState, ProblemOut, ScheduleOut
from app.service.services import Services
from app.settings import Settings
from app.settings.store.sources import load_settings
from tests.clocks import one_slot
from tests.fakes import SOC, FakeUpstreams, Fault
from tests.gate import free_port, gate

# What a browser says of the forms on our own pages.
PAGE = {"Origin": "http://localhost"}
NOWHERE = "http://127.0.0.1:9"


def offline(tmp_path: Path, *, demo: bool, database: str | None = None) -> Settings:
    url = {"url": SecretStr(database)} if database else {}
    return Settings.model_validate(
        {
            "demo_home": demo,
            "data_dir": str(tmp_path),
            "prices": {"providers": ["nordpool"]},
            "nordpool": {"base_url": NOWHERE},
            "open_meteo": {"base_url": NOWHERE},
            "database": url,
        }
    )


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    app = create_app(settings)
    transport = httpx.ASGITransport(app=app)
    with one_slot():
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(
                transport=transport, base_url="http://localhost", headers=PAGE
            ) as client,
        ):
            yield app, client


async def first_outcome(client: httpx.AsyncClient) -> dict[str, object]:
    # The planner's process may need its 45 s to start on a machine that has much else to do.
    async with asyncio.timeout(150):
        while True:
            answer = await client.get("/api/status")
            assert answer.status_code == 200, answer.text
            status = answer.json()
            if status["job"]["last_outcome"] != "none":
                return dict(status)
            await asyncio.sleep(0.05)


async def test_with_nothing_reachable_the_demo_home_plans_and_says_sample(
    tmp_path: Path, database_url: str
) -> None:
    async with running(offline(tmp_path, demo=True, database=database_url)) as (_, client):
        status = await first_outcome(client)
        assert status["state"] == "ok"
        plan = (await client.get("/api/schedule")).json()
        qualities = {each["name"]: each["quality"] for each in plan["meta"]["inputs"]}
        assert set(qualities.values()) == {"sample"}
        page = (await client.get("/")).text
        assert "Sample data" in page
        assert "Nothing live could be reached" in page
        rows = (await client.get("/api/db/current_schedule")).json()
        assert rows == plan["schedule"]
        exported = json.loads((tmp_path / "schedule.json").read_text())
        assert exported["schedule"] == plan["schedule"]
        assert (await client.get("/api/initial_state")).json()["soc_percent"] is not None


async def test_no_sample_stands_in_for_a_sensor_and_the_end_of_the_demo_is_told(
    tmp_path: Path,
) -> None:
    with FakeUpstreams() as fakes:
        fakes.sensors[SOC] = ("unavailable", "%")
        config = tmp_path / "config.yaml"
        config.write_text("demo_home: true\n")
        settings = load_settings(config, fakes.environment()).settings
        settings = settings.model_copy(update={"data_dir": str(tmp_path)})
        async with running(settings) as (_, client):
            status = await first_outcome(client)
            page = (await client.get("/")).text
    assert not status["demo_home"]
    assert status["demo_ended_by"] == "home_assistant.battery_soc_entity_id"
    inputs = {each["name"]: each for each in status["inputs"]}  # type: ignore[attr-defined]
    assert inputs["soc"]["quality"] == "missing"
    assert "sample" not in {each["quality"] for each in inputs.values()}
    assert status["state"] == "degraded"
    assert "The demo home has ended" in page


async def test_outside_the_demo_home_nothing_is_invented(tmp_path: Path) -> None:
    async with running(offline(tmp_path, demo=False)) as (_, client):
        status = await first_outcome(client)
        assert status["state"] == "none"
        assert "Nord Pool cannot be reached" in str(status["job"])
        answer = await client.get("/api/schedule")
        assert answer.status_code == 404
        assert answer.json()["code"] == "no_plan_yet"
        assert "No plan for now" in (await client.get("/")).text


async def test_an_absent_database_is_said_and_the_service_stays_up(tmp_path: Path) -> None:
    url = "mariadb://darkstar:hunter2@127.0.0.1:1/darkstar"
    async with running(offline(tmp_path, demo=True, database=url)) as (app, client):
        status = await first_outcome(client)
        assert status["database_ok"] is False
        assert (await client.get("/health")).json() == {"status": "alive"}
        page = (await client.get("/")).text
        assert "Database away" in page
        assert "hunter2" not in page + str(status)
        scheduled = app.state.services.scheduler.get_job("plan")
        assert scheduled.next_run_time is not None


async def test_a_second_run_at_once_is_told_so(tmp_path: Path) -> None:
    async with running(offline(tmp_path, demo=True)) as (_, client):
        await first_outcome(client)
        answers = await asyncio.gather(*(client.post("/api/run_planner") for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
        assert {a.json()["code"] for a in answers if a.status_code == 409} == {"run_in_progress"}


async def planned_twice(tmp_path: Path) -> list[dict[str, str]]:
    """What the slots of a plan are for, by their start, and what those of the next one are."""
    async with running(offline(tmp_path, demo=True)) as (_, client):
        await first_outcome(client)
        before = (await client.get("/api/schedule")).json()
        assert (await client.post("/api/run_planner")).json()["last_outcome"] == "ok"
        after = (await client.get("/api/schedule")).json()
    assert after["meta"]["plan_run_id"] > before["meta"]["plan_run_id"]
    assert after["meta"]["horizon_start"] == before["meta"]["horizon_start"]
    return [
        {slot["slot_start"]: slot["classification"] for slot in plan["schedule"]}
        for plan in (before, after)
    ]


async def test_a_replan_minutes_later_keeps_the_running_action(tmp_path: Path) -> None:
    before, after = await planned_twice(tmp_path)
    assert before.keys() == after.keys()
    # What the slot has charged so far may spare the next one its remainder; the slot goes on.
    assert next(iter(after.items())) == next(iter(before.items()))


async def test_a_replan_minutes_later_keeps_the_plan(tmp_path: Path) -> None:
    with time_machine.travel(datetime(2026, 11, 23, 14, 5, tzinfo=UTC), tick=True):
        before, after = await planned_twice(tmp_path)
    assert after == before


@pytest.mark.parametrize("path", ["/", "/api/status", "/nowhere", "/static/live.js", "/ui/plan"])
async def test_every_answer_carries_the_security_headers(tmp_path: Path, path: str) -> None:
    async with running(offline(tmp_path, demo=True)) as (_, client):
        answer = await client.get(path)
        assert HEADERS.items() <= dict(answer.headers).items() or all(
            answer.headers[name] == value for name, value in HEADERS.items()
        )


async def test_a_pages_button_answers_a_toast_and_refreshes(tmp_path: Path) -> None:
    async with running(offline(tmp_path, demo=True)) as (_, client):
        await first_outcome(client)
        answer = await client.post("/ui/run-planner")
        assert "New plan in force" in answer.text
        assert answer.headers["HX-Trigger"] == "plan-changed"


@pytest.mark.mariadb
async def test_a_database_that_comes_back_is_used_without_a_restart(
    tmp_path: Path, mariadb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service starts while MariaDB is away and plans into it once it answers."""
    monkeypatch.setattr("app.service.replans.RETRY_SECONDS", 0.5)
    port = free_port()
    away = mariadb_url.replace(":3306", f":{port}")
    async with (
        AsyncExitStack() as opened,
        running(offline(tmp_path, demo=True, database=away)) as (_, client),
    ):
        assert (await first_outcome(client))["database_ok"] is False
        # Outlives the service, so that it is not cut off once more while it stops.
        await opened.enter_async_context(gate(listen=port, host="127.0.0.1", port=3306))
        async with asyncio.timeout(120):
            while (await client.get("/api/status")).json()["state"] != "ok":  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        assert len((await client.get("/api/schedule")).json()["schedule"]) > 0


class Waits:
    """How long the questions since the last look were given in all, in seconds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._seconds: list[float] = []
        real = engine.patience

        @asynccontextmanager
        async def timed(seconds: float) -> AsyncIterator[None]:
            begun = asyncio.get_running_loop().time()
            try:
                async with real(seconds):
                    yield
            finally:
                self._seconds.append(asyncio.get_running_loop().time() - begun)

        monkeypatch.setattr(engine, "patience", timed)

    def together(self) -> float:
        seconds, self._seconds = self._seconds, []
        return sum(seconds)


@pytest.mark.mariadb
async def test_a_database_that_swallows_everything_costs_its_patience_once(
    tmp_path: Path, mariadb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.service.replans.RETRY_SECONDS", 60)
    port, flowing = free_port(), asyncio.Event()
    flowing.set()
    url = mariadb_url.replace(":3306", f":{port}")
    async with (
        gate(listen=port, host="127.0.0.1", port=3306, flowing=flowing),
        running(offline(tmp_path, demo=True, database=url)) as (app, client),
    ):
        assert (await first_outcome(client))["job"]["last_outcome"] == "ok"  # type: ignore[index]
        app.state.services.scheduler.pause()
        flowing.clear()
        # How long every question waited, by the loop's own time: a busy machine adds to the rest.
        waited = Waits(monkeypatch)
        for method, path, status in (
            ("GET", "/", 200),
            ("GET", "/plan", 200),
            ("GET", "/history", 503),
            ("GET", "/api/initial_state", 503),
            ("POST", "/api/run_planner", 200),
        ):
            answer = await client.request(method, path, timeout=60)
            assert answer.status_code == status, (path, answer.text)
            assert waited.together() <= 5.5, path
        assert answer.json()["last_outcome"] == "failed"
        assert (await client.get("/api/status", timeout=30)).json()["database_ok"] is False
        flowing.set()
        assert (await client.post("/api/run_planner")).json()["last_outcome"] == "ok"


async def test_a_home_that_answers_too_slowly_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.service.services.INITIAL_STATE_SECONDS", 0.2)
    with FakeUpstreams() as fakes:
        fakes.fail("home_assistant", Fault.SLOW)
        environ = fakes.environment() | {"DARKSTAR_DATA_DIR": str(tmp_path)}
        environ["DARKSTAR_AUTOMATION__ENABLE_SCHEDULER"] = "false"
        async with running(load_settings(environ=environ).settings) as (app, client):
            # Without tables the database would be named before the home is asked.
            await app.state.services.job.prepare()
            answer = await client.get("/api/initial_state")
    assert answer.status_code == 504
    assert ProblemOut.model_validate(answer.json()).code == "answer_too_slow"


async def test_every_openapi_example_fits_its_schema(tmp_path: Path) -> None:
    ScheduleOut.model_validate({"meta": examples.META, "schedule": [examples.SLOT]})
    ProblemOut.model_validate(examples.PROBLEM)
    JobState.model_validate(examples.JOB)
    InitialStateOut.model_validate(examples.INITIAL_STATE)
    async with running(offline(tmp_path, demo=True)) as (_, client):
        await first_outcome(client)
        document = (await client.get("/openapi.json")).json()
        plan = (await client.get("/api/schedule")).json()
        state = (await client.get("/api/initial_state")).json()
    assert set(state) == set(examples.INITIAL_STATE)
    schemas = document["components"]["schemas"]
    assert schemas["InitialStateOut"]["examples"] == [examples.INITIAL_STATE]
    answers = document["paths"]["/api/initial_state"]["get"]["responses"]
    named = answers["200"]["content"]["application/json"]["schema"]["$ref"]
    assert named == "#/components/schemas/InitialStateOut"
    assert set(plan["schedule"][0]) == set(examples.SLOT)
    assert set(plan["meta"]) == set(examples.META)
    assert document["components"]["schemas"]["SlotOut"]["examples"] == [examples.SLOT]


async def test_before_the_tables_stand_nothing_is_called_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first page of a fresh home must not claim that the database is away."""
    go = asyncio.Event()
    real = migrate.upgrade

    async def slow(engine: AsyncEngine) -> None:
        await go.wait()
        await real(engine)

    monkeypatch.setattr(migrate, "upgrade", slow)
    async with running(offline(tmp_path, demo=True)) as (_, client):
        status = (await client.get("/api/status")).json()
        assert (status["state"], status["database_error"]) == ("none", "")
        assert "Database away" not in (await client.get("/")).text
        go.set()
        assert (await first_outcome(client))["state"] == "ok"


async def test_an_export_that_cannot_be_written_is_said_and_the_plan_stands(tmp_path: Path) -> None:
    (tmp_path / "schedule.json").mkdir()
    async with running(offline(tmp_path, demo=True)) as (_, client):
        await first_outcome(client)
        answer = await client.post("/api/run_planner")
        assert (answer.status_code, answer.json()["last_outcome"]) == (200, "ok")
        status = (await client.get("/api/status")).json()
        assert "schedule.json cannot be written" in " ".join(status["warnings"])
        (tmp_path / "schedule.json").rmdir()
        await client.post("/api/run_planner")
        assert (await client.get("/api/status")).json()["warnings"] == []


async def test_a_page_asks_the_database_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each question to a dead database costs its whole patience."""
    asked = []
    real = plan_cache.plan_stamp

    async def counted(session: AsyncSession) -> Stamp | None:
        asked.append(session)
        return await real(session)

    async with running(offline(tmp_path, demo=True)) as (_, client):
        await first_outcome(client)
        await client.post("/api/run_planner")
        monkeypatch.setattr(plan_cache, "plan_stamp", counted)
        assert (await client.get("/")).status_code == 200
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("DELETE", "/api/schedule", 405), ("GET", "/static/none.js", 404)],
)
async def test_what_the_framework_refuses_has_the_one_error_shape(
    tmp_path: Path, method: str, path: str, status: int
) -> None:
    async with running(offline(tmp_path, demo=True)) as (_, client):
        answer = await client.request(method, path)
        problem = ProblemOut.model_validate(answer.json())
    assert (answer.status_code, problem.status) == (status, status)
    assert problem.code in {"not_found", "method_not_allowed"}


async def test_a_bug_answers_in_the_one_error_shape_with_every_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_self: Services) -> None:
        raise ZeroDivisionError("secret words")

    async with running(offline(tmp_path, demo=True)) as (app, _):
        monkeypatch.setattr(Services, "plan_document", broken)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answer = await client.get("/api/schedule")
            monkeypatch.undo()
    assert answer.status_code == 500
    assert ProblemOut.model_validate(answer.json()).code == "internal_error"
    assert "secret words" not in answer.text
    assert all(answer.headers[name] == value for name, value in HEADERS.items())


async def in_pieces(count: int) -> AsyncIterator[bytes]:
    """A body of 1000-byte pieces that does not say how long it will be."""
    for _ in range(count):
        yield b" " * 1000


@pytest.mark.parametrize("body", [b" " * 100_000, 100], ids=["declared", "in pieces"])
async def test_a_huge_body_is_refused_before_anything_is_done(
    tmp_path: Path, body: bytes | int
) -> None:
    content = in_pieces(body) if isinstance(body, int) else body
    async with running(offline(tmp_path, demo=True)) as (_, client):
        await first_outcome(client)
        answer = await client.post("/api/run_planner", content=content)
        assert (await client.get("/api/schedule")).json()["meta"]["trigger"] == "start"
    assert answer.status_code == 413
    assert ProblemOut.model_validate(answer.json()).status == 413
    assert all(answer.headers[name] == value for name, value in HEADERS.items())


async def test_a_body_in_pieces_within_the_limit_is_taken(tmp_path: Path) -> None:
    async with running(offline(tmp_path, demo=True)) as (_, client):
        await first_outcome(client)
        answer = await client.post("/api/run_planner", content=in_pieces(60))
        assert answer.json()["last_outcome"] == "ok"
