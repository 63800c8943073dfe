"""The benchmark: recorded cases stay as cheap as they were, and its check can fail."""

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from app.bench import run as bench
from app.bench import scenario
from app.bench.judge import judge
from app.core.errors import InputError

BENCH = Path(__file__).resolve().parent.parent.parent / "benchmarks"
SHARED = BENCH.parent.parent / "shared" / "bench" / "judge.py"
CASES = sorted((BENCH / "scenarios").glob("*.json"))
# Deferral past midnight moves heat to the next day on purpose.
DEFERRED = {"water_short_days", "water_blocks"}


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest) -> Iterator[list[bench.Result]]:
    found = bench.run(BENCH)
    yield found
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print("\n" + bench.table(found))  # noqa: T201 - the table is what people run this for


def test_no_case_costs_more_than_the_baseline(results: list[bench.Result]) -> None:
    bench.require_no_worse(results, BENCH)


def test_the_engines_reach_what_they_promise(results: list[bench.Result]) -> None:
    """No broken rule; the exact engine 99.5 %, the cascade 85 %; never dearer than no battery."""
    optimal, cascade = bench.summaries(results)
    assert (optimal.engine, cascade.engine) == ("optimal", "cascade")
    assert optimal.violations == cascade.violations == 0
    assert optimal.median_percent >= 99.5
    assert optimal.p10_percent >= 98
    assert cascade.median_percent >= 85
    assert all(result.cost <= result.no_battery for result in results)


def test_a_dearer_plan_is_seen(results: list[bench.Result]) -> None:
    worse = [replace(results[0], cost=results[0].cost + 0.02), *results[1:]]
    with pytest.raises(bench.BenchError, match=results[0].case):
        bench.require_no_worse(worse, BENCH)
    broken = [replace(results[0], violations={"soc_low": 1})]
    with pytest.raises(bench.BenchError, match="soc_low"):
        bench.require_no_worse(broken, BENCH)


def test_a_case_without_a_baseline_is_not_passed_over(
    results: list[bench.Result], tmp_path: Path
) -> None:
    bench.record(results[1:], tmp_path)
    bench.require_no_worse(results[1:], tmp_path)
    with pytest.raises(bench.BenchError, match="not in baseline"):
        bench.require_no_worse(results, tmp_path)


def test_a_folder_without_cases_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="reference"):
        bench.run(tmp_path)
    (tmp_path / "reference.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="no scenario files"):
        bench.run(tmp_path)


@pytest.mark.parametrize("engine", ["optimal", "cascade"])
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_own_accounting_is_what_the_judge_says(path: Path, engine: Any) -> None:
    plan = scenario.plan_file(path, shipped=False, engine=engine)
    verdict = judge(scenario.read(path), plan)
    assert verdict.violations == {}
    assert plan["meta"]["cost"] == pytest.approx(verdict.cost, abs=0.01)
    assert plan["meta"]["engine"] == engine
    shipped = scenario.plan_file(path, shipped=True, engine=engine)
    assert set(judge(scenario.read(path), shipped).violations) <= DEFERRED


def spoiled(plan: dict[str, Any]) -> dict[str, Any]:
    """The same plan with powers that no home can do, on every seventh slot."""
    names = ("charge_kw", "discharge_kw", "water_kw")
    slots = [
        {**slot, names[index % 3]: 3.0 + index % 11} if index % 7 == 0 else slot
        for index, slot in enumerate(plan["slots"])
    ]
    return {**plan, "slots": slots[5:]}


def test_the_judge_sees_what_no_home_can_do() -> None:
    case = scenario.read(CASES[0])
    plan = scenario.plan_file(CASES[0], shipped=False, engine="optimal")
    verdict = judge(case, spoiled(plan))
    assert verdict.violations["missing"] == 5
    assert {"charge_power", "discharge_power", "water_power"} <= set(verdict.violations)
    assert verdict.cost > judge(case, plan).cost


@pytest.mark.skipif(not SHARED.is_file(), reason="the other judge is not at hand")
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_two_judges_agree(path: Path) -> None:
    spec = importlib.util.spec_from_file_location("judge", SHARED)
    assert spec
    assert spec.loader
    other: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(other)
    plan = scenario.plan_file(path, shipped=False, engine="cascade")
    for each in (plan, spoiled(plan)):
        theirs = other.judge(json.loads(path.read_text(encoding="utf-8")), each)
        ours = judge(scenario.read(path), each)
        assert ours.cost == pytest.approx(theirs["cost"], abs=1e-6)
        assert dict(ours.violations) == theirs["violations"]
