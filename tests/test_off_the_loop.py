"""The heavy pieces of a start, a run and a page are done in threads, not on the event loop."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from app.api.web import views
from app.db import plans
from app.db.connection import moves
from app.forecast import load as load_forecast
from app.forecast import pv as pv_forecast
from app.gather import pv as gather_pv
from app.gather import pv_learning, pv_plant
from app.ingest.prices import nordpool
from app.ingest.weather import open_meteo
from app.planner import checker
from app.service import plan_document, replies
from app.settings.store.sources import load_settings
from tests.api.test_service import first_outcome, running
from tests.fakes import FakeUpstreams

HEAVY = [
    (pl.LazyFrame, "collect"),
    (moves, "_run"),
    (nordpool, "parse_day"),
    (open_meteo, "parse_weather"),
    (pv_plant, "with_snow"),
    (pv_forecast, "panels"),
    (pv_learning, "modelled"),
    (gather_pv, "_forecast"),
    (load_forecast, "from_history"),
    (checker, "require_valid"),
    (plans, "_rows"),
    (plan_document, replies.schedule_of.__name__),
    (views, "page"),
]


async def test_nothing_heavy_holds_up_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, set[bool]] = {}
    loop_thread = threading.get_ident()

    def watched(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            seen.setdefault(name, set()).add(threading.get_ident() == loop_thread)
            return real(*args, **kwargs)

        return call

    for owner, name in HEAVY:
        monkeypatch.setattr(owner, name, watched(name, getattr(owner, name)))
    with FakeUpstreams() as fakes:
        environ = fakes.environment() | {"DARKSTAR_DATA_DIR": str(tmp_path)}
        async with running(load_settings(environ=environ).settings) as (_, client):
            await first_outcome(client)
            assert "Plan in force" in (await client.get("/")).text
    assert seen == {name: {False} for _, name in HEAVY}
