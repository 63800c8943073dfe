"""For the one who runs it: alive, ready, fresh; what Prometheus reads; the alerts over REST."""

import asyncio
import re
from pathlib import Path

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from app.service.schemas.alerts import AlertsOut, ReadyOut
from app.service.schemas.plan import ProblemOut
from app.settings import Access
from tests.api.test_service import first_outcome, offline, running

DOCS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


async def scraped(client: httpx.AsyncClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample by name and labels; a page that does not parse fails."""
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation, family.name
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in found, key
            found[key] = sample.value
    return found


def labelled(**labels: str) -> frozenset[tuple[str, str]]:
    return frozenset(labels.items())


NONE = labelled()


async def test_a_home_that_plans_is_alive_ready_and_as_fresh_as_asked(tmp_path: Path) -> None:
    async with running(offline(tmp_path, demo=True)) as (_, client):
        await first_outcome(client)
        answer = await client.get("/ready")
        assert answer.status_code == 200
        ready = ReadyOut.model_validate(answer.json())
        assert {part.name for part in ready.parts} == {"database", "scheduler", "planner", "plan"}
        assert (await client.get("/ready?max_plan_age_seconds=3600")).status_code == 200
        late = await client.get("/ready?max_plan_age_seconds=0")
        problem = ProblemOut.model_validate(late.json())
        assert (late.status_code, problem.code) == (503, "not_ready")
        assert [each["field"] for each in problem.errors] == ["plan_age"]
        listed = AlertsOut.model_validate((await client.get("/api/alerts?only_open=true")).json())
        assert (listed.alerts, listed.open) == ([], 0)


async def test_a_home_without_a_plan_is_alive_and_not_ready(tmp_path: Path) -> None:
    async with running(offline(tmp_path, demo=False)) as (app, client):
        status = await first_outcome(client)
        assert (status["state"], status["safe_default_reason"]) == ("none", "no_plan")
        answer = await client.get("/ready")
        problem = ProblemOut.model_validate(answer.json())
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.status_code, [each["field"] for each in problem.errors]) == (503, ["plan"])
        assert (await client.get("/health")).status_code == 200
        app.state.services.scheduler.pause()
        app.state.services.stopping = True
        problem = ProblemOut.model_validate((await client.get("/ready")).json())
        assert [each["field"] for each in problem.errors] == ["scheduler", "plan"]


async def test_without_a_database_it_is_not_ready_and_names_no_host(tmp_path: Path) -> None:
    url = "mariadb://darkstar:hunter2@127.0.0.1:1/darkstar"
    async with running(offline(tmp_path, demo=True, database=url)) as (app, client):
        await first_outcome(client)
        answer = await client.get("/ready")
        problem = ProblemOut.model_validate(answer.json())
        assert (answer.status_code, problem.errors[0]["field"]) == (503, "database")
        assert "127.0.0.1" not in answer.text
        await app.state.services.watch_alerts()
        assert (await client.get("/api/alerts")).json() == {"alerts": [], "open": 0}
        assert (await scraped(client))["darkstar_database_up", NONE] == 0


async def test_readiness_needs_no_login_and_metrics_do_where_reads_do(tmp_path: Path) -> None:
    settings = offline(tmp_path, demo=True)
    settings = settings.model_copy(
        update={
            "access": Access(reads="login"),
            "server": settings.server.model_copy(update={"token": SecretStr("x" * 32)}),
        }
    )
    async with running(settings) as (_, client):
        await first_outcome_logged_in(client)
        assert (await client.get("/ready")).status_code == 200
        assert (await client.get("/metrics")).status_code == 401
        bearer = {"Authorization": f"Bearer {'x' * 32}"}
        assert (await client.get("/metrics", headers=bearer)).status_code == 200


async def first_outcome_logged_in(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(120):
        while (await client.get("/ready")).status_code != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_prometheus_reads_plan_inputs_runs_requests_and_process(tmp_path: Path) -> None:
    async with running(offline(tmp_path, demo=True)) as (_, client):
        await first_outcome(client)
        before = await scraped(client)
        await client.post("/api/run_planner")
        await client.get("/api/manual_actions/77")
        await client.get("/made/up/777")
        await client.request("BREW", "/made/up/778")
        after = await scraped(client)
        meta = (await client.get("/api/schedule")).json()["meta"]
        other = await client.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert other.headers["content-type"].startswith("application/openmetrics-text")
    assert other.text.endswith("# EOF\n")
    ok = labelled(outcome="ok")
    assert after["darkstar_planning_runs_total", ok] == (
        before["darkstar_planning_runs_total", ok] + 1
    )
    assert after["darkstar_planning_run_seconds_count", NONE] >= 2
    assert 0 <= after["darkstar_plan_age_seconds", NONE] < 60
    assert after["darkstar_plan_valid", NONE] == 1
    reached = after["darkstar_plan_optimality_ratio", NONE]
    assert reached == pytest.approx(meta["optimality_percent"] / 100)
    assert reached <= 1
    assert after["darkstar_input_quality", labelled(input="prices", quality="sample")] == 1
    assert after["darkstar_input_quality", labelled(input="prices", quality="live")] == 0
    assert after["darkstar_database_up", NONE] == 1
    assert after["darkstar_scheduler_running", NONE] == 1
    assert after["darkstar_alert_open", labelled(code="plan_expired")] == 0
    assert after["process_resident_memory_bytes", NONE] > 10_000_000
    assert after["darkstar_upstream_failures_total", labelled(source="Nord Pool")] >= 1

    def requests(method: str, route: str, status: str) -> float:
        key = labelled(method=method, route=route, status=status)
        return after["darkstar_http_requests_total", key]

    assert requests("POST", "/api/run_planner", "200") >= 1
    assert requests("GET", "/metrics", "200") >= 1
    assert requests("GET", "none", "404") >= 1
    assert requests("other", "none", "404") >= 1
    assert not any("77" in value for _, labels in after for _, value in labels)


async def test_every_metric_of_ours_is_in_the_manual_and_every_rule_names_a_real_one(
    tmp_path: Path,
) -> None:
    async with running(offline(tmp_path, demo=True)) as (_, client):
        await first_outcome(client)
        text = (await client.get("/metrics")).text
    manual = DOCS.read_text(encoding="utf-8")
    served = set(re.findall(r"^# TYPE (darkstar_\w+)", text, flags=re.MULTILINE))
    told = set(re.findall(r"`(darkstar_\w+)[`{]", manual))
    assert served - told == set()
    assert told - served == set()
    blocks = [yaml.safe_load(each) for each in re.findall(r"```yaml\n(.*?)```", manual, re.DOTALL)]
    rules = next(block for block in blocks if "groups" in block)["groups"][0]["rules"]
    assert len(rules) == 3
    for rule in rules:
        names = set(re.findall(r"darkstar_\w+", rule["expr"]))
        assert names
        assert names <= served, rule["alert"]


def test_the_container_is_asked_whether_it_lives_not_whether_it_is_ready() -> None:
    """A home without prices is not mended by restarting the service."""
    dockerfile = (DOCS.parents[1] / "Dockerfile").read_text(encoding="utf-8")
    check = dockerfile.split("HEALTHCHECK", 1)[1]
    assert "/health'" in check
    assert "/ready" not in check


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "before_id=0", "only_open=perhaps"])
async def test_a_wrong_question_about_alerts_is_refused(tmp_path: Path, query: str) -> None:
    async with running(offline(tmp_path, demo=True)) as (_, client):
        answer = await client.get(f"/api/alerts?{query}")
    assert answer.status_code == 422
    assert ProblemOut.model_validate(answer.json()).errors[0]["field"].startswith("query.")
