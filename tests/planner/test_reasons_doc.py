"""docs/reasons.md names every reason code, and every parameter that a plan carries."""

import json
from pathlib import Path

import pytest

from app.bench import scenario
from app.planner.run import make_plan
from tools import reasons

CASES = sorted((Path(__file__).resolve().parents[2] / "benchmarks" / "scenarios").glob("*.json"))


def test_the_document_is_as_the_code_is() -> None:
    assert reasons.TARGET.read_text(encoding="utf-8") == reasons.document(), "make reasons"


@pytest.mark.parametrize("engine", ["optimal", "cascade"])
def test_every_code_and_parameter_of_a_plan_is_documented(engine: str) -> None:
    codes, names = set(), set()
    for case in CASES:
        home = scenario.read(case)
        ctx = scenario.context_of(home, shipped=True, engine=engine)
        for row in make_plan(scenario.slots_of(home), ctx).frame.to_dicts():
            codes.add(row["reason"])
            names |= set(json.loads(row["reason_params"]))
    assert len(codes) >= 8
    assert codes <= set(reasons.RULES)
    assert names <= set(reasons.PARAMS)
