"""A client generated from our OpenAPI document lives a day with a running service."""

import importlib
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

import pytest

from tests.gate import free_port
from tests.served import serving
from tools.openapi import TARGET

PACKAGE = "darkstar_client"
WAIT_SECONDS = 60


@pytest.fixture
def generated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package, generated anew and importable."""
    config = tmp_path / "generator.yaml"
    config.write_text(f"post_hooks: []\npackage_name_override: {PACKAGE}\n")
    made = tmp_path / "made" / PACKAGE
    done = subprocess.run(  # noqa: S603 - our own environment's tool
        [
            Path(sys.executable).with_name("openapi-python-client"),
            *("generate", "--meta", "none", "--path", TARGET),
            *("--config", config, "--output-path", made),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert "warning" not in done.stdout.lower(), done.stdout
    (tmp_path / "made").mkdir(exist_ok=True)
    monkeypatch.syspath_prepend(str(made.parent))
    return made


class Api:
    """Calls operations of the generated package; anything but the expected status fails."""

    def __init__(self, address: str) -> None:
        client = importlib.import_module(f"{PACKAGE}.client")
        self.client = client.Client(base_url=address, raise_on_unexpected_status=True, timeout=60.0)
        self.models = importlib.import_module(f"{PACKAGE}.models")

    def __enter__(self) -> Self:
        self.client.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.client.__exit__()

    def call(self, operation: str, *args: Any, expect: int = 200, **kwargs: Any) -> Any:
        module = importlib.import_module(f"{PACKAGE}.api.{operation}")
        answer = module.sync_detailed(*args, client=self.client, **kwargs)
        assert answer.status_code == HTTPStatus(expect), answer.content
        return answer.parsed


def until(found: Callable[[], Any]) -> Any:
    """Return what is found once it is true."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(0.2)
    raise AssertionError(f"not within {WAIT_SECONDS} s")


@pytest.mark.timeout(180)
@pytest.mark.usefixtures("generated")
def test_a_generated_client_plans_simulates_applies_compares_and_replays(tmp_path: Path) -> None:
    with serving(tmp_path, free_port()) as address, Api(address) as api:
        assert api.call("plan.run_planner").last_outcome in {"ok", "degraded"}
        before = api.call("plan.get_schedule")
        slot: datetime = before.schedule[0].slot_start
        wish = api.models.ActionIn(
            action=api.models.ActionInAction.WATER,
            start_at=slot + timedelta(hours=2),
            end_at=slot + timedelta(hours=8),
        )

        shown = api.call("manual_actions.simulate", body=api.models.SimulateIn(actions=[wish]))
        assert shown.cost_difference > 0, "six hours of heat cost money"
        assert api.call("plan.get_schedule").to_dict() == before.to_dict(), "a preview writes"

        kept = api.call(
            "manual_actions.create_manual_actions",
            body=api.models.ActionsIn(actions=[wish]),
            expect=201,
        )
        number = kept.actions[0].id
        after = until(
            lambda: (plan := api.call("plan.get_schedule")).meta.trigger == "manual" and plan
        )
        heated = {each.slot_start for each in after.schedule if each.is_manual}
        assert heated == {wish.start_at + timedelta(minutes=15 * n) for n in range(24)}

        runs = [each.id for each in api.call("runs.list_runs", limit=2).runs]
        assert runs == [after.meta.plan_run_id, before.meta.plan_run_id]
        difference = api.call("runs.diff_runs", runs[1], runs[0])
        assert difference.changes, "six hours of heat change the plan"
        assert api.call("runs.replay_run", runs[0]).identical

        api.call("manual_actions.remove_manual_action", number)
        assert api.call("manual_actions.list_manual_actions").actions == []
        problem = api.call("manual_actions.get_manual_action", number, expect=404)
        assert problem.code == "no_such_action"
