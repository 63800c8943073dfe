"""What a run planned with, read back from what it stored."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import polars as pl
from pydantic import TypeAdapter, ValidationError

from app.core.errors import DarkstarError
from app.core.frames import LOOKAHEAD, PRICES, SLOTS
from app.db.tables.models import PlanRun
from app.gather.inputs import Inputs
from app.planner.model.context import Context, HomeState, SafetyFactor
from app.planner.run import by_cascade
from app.settings import NOT_PLANNING, Settings


class NotReplayableError(DarkstarError):
    """The run stored no inputs, or inputs that this version cannot read."""

    status = 409
    code = "not_replayable"


def inputs_of(run: PlanRun) -> Inputs:
    """Return what a run planned with, its statuses left out; raises ``NotReplayableError``."""
    try:
        stored = data_of(run)
        # Earlier versions ranked among what was left of the day, and stored nothing more.
        after, beside = stored["lookahead"], stored.get("published")
        ctx = Context(
            settings=Settings.model_validate(stored["settings"]),
            home=TypeAdapter(HomeState).validate_python(stored["home"]),
            safety=TypeAdapter(SafetyFactor).validate_python(stored["safety"]),
            discharge_allowed=stored["discharge_allowed"],
            lookahead=None if after is None else _frame(after, LOOKAHEAD),
            published=None if beside is None else _frame(beside, PRICES),
        )
        return Inputs(_frame(stored["slots"], SLOTS), ctx, ())
    except (
        ValidationError,
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
        pl.exceptions.PolarsError,
    ) as error:
        raise NotReplayableError(
            f"the inputs of run {run.id}, made by version {run.planner_version}, cannot be read "
            f"by this one ({type(error).__name__})"
        ) from error


def data_of(run: PlanRun) -> dict[str, Any]:
    """Return what a run stored, as plain data; raises ``NotReplayableError`` where it is nothing.

    Earlier versions stored every setting, with a mask in the place of a broker's or a webhook's
    address, which no address may be. No plan depends on those groups, so they are left out.
    """
    if not run.inputs:
        raise NotReplayableError(f"run {run.id} stored no inputs: it published no plan")
    stored: dict[str, Any] = json.loads(run.inputs)
    settings = stored["settings"].items()
    kept = {name: value for name, value in settings if name not in NOT_PLANNING}
    return stored | {"settings": kept}


def planned_with(run: PlanRun) -> Inputs:
    """Return the same with the engine that made the plan: the configured one may have failed."""
    inputs = inputs_of(run)
    if run.engine == "cascade" != inputs.ctx.engine:
        return replace(inputs, ctx=by_cascade(inputs.ctx))
    return inputs


def _frame(rows: list[dict[str, Any]], schema: pl.Schema) -> pl.DataFrame:
    """Return stored rows as a frame; columns that came later than the run are empty."""
    converted = [
        {name: _value(row.get(name), kind) for name, kind in schema.items()} for row in rows
    ]
    return pl.DataFrame(converted, schema=schema)


def _value(value: Any, kind: pl.DataType) -> Any:
    if value is None:
        return None
    if isinstance(kind, pl.Datetime):
        return datetime.fromisoformat(value)
    if isinstance(kind, pl.Date):
        return datetime.fromisoformat(value).date()
    return value
