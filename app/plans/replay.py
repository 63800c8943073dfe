"""Plan again from what a run stored, and say field by field whether the same plan comes out.

A plan is a function of its inputs, so the same version must answer the same to the last bit. A
difference names what another version, or a corrupted row, does otherwise.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl

from app import __version__
from app.core.frames import SCHEDULE
from app.core.provenance import InputStatus, Quality
from app.db.tables.models import HistorySlot, PlanRun
from app.gather.inputs import Inputs
from app.planner.made import Made
from app.plans.record import result_of
from app.plans.stored import StoredPlan
from app.plans.stored_inputs import data_of, inputs_of

# What a run's row says of its plan; times and durations are of the run, not of the plan.
_FIGURES = (
    "status",
    "engine",
    "cost",
    "cost_do_nothing",
    "cost_self_consumption",
    "cost_best",
    "optimality_percent",
    "smoothing_cost",
    "terminal_value_per_kwh",
    "s_index",
    "warnings",
)


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A column that differs: in how many slots, first where, and by how much at most (numbers).

    ``stored`` and ``replayed`` are the values of the first slot that differs.
    """

    field: str
    slots: int
    first_at: datetime
    stored: Any
    replayed: Any
    most: float | None


@dataclass(frozen=True, slots=True)
class FigureDifference:
    """A figure of the whole plan that differs."""

    field: str
    stored: Any
    replayed: Any


@dataclass(frozen=True, slots=True)
class Replay:
    """What came out of planning again; ``missing`` slots are stored only, ``extra`` new only."""

    slots: int
    fields: tuple[FieldDifference, ...]
    figures: tuple[FigureDifference, ...]
    missing: int
    extra: int
    planner_version: str

    @property
    def identical(self) -> bool:
        """Whether every slot, every column and every figure is the same to the last bit."""
        return not (self.fields or self.figures or self.missing or self.extra)


def inputs_again(stored: StoredPlan) -> Inputs:
    """Return what a stored run planned with, whole; raises ``NotReplayableError``."""
    return with_status(inputs_of(stored.run), stored.run)


def compare(stored: StoredPlan, inputs: Inputs, plan: Made) -> Replay:
    """Compare a stored run with the plan that comes out of its inputs now."""
    run = stored.run
    result = result_of(inputs, plan, run.planned_at)
    new = {row["slot_start"]: _as_kept(row) for row in plan.schedule.to_dicts()}
    old = {slot.slot_start: slot for slot in stored.slots}
    common = [start for start in old if start in new]
    fields = (_field(name, common, old, new) for name in SCHEDULE)
    figures = [
        FigureDifference(name, getattr(run, name), getattr(result, name)) for name in _FIGURES
    ]
    # By value: what is a whole number in the home's settings comes back as 0.0, not as 0.
    if data_of(run) != json.loads(result.inputs):
        figures.append(FigureDifference("inputs_hash", run.inputs_hash, result.inputs_hash))
    return Replay(
        slots=len(common),
        fields=tuple(each for each in fields if each is not None),
        figures=tuple(each for each in figures if not _same(each.stored, each.replayed)),
        missing=len(old) - len(common),
        extra=len(new) - len(common),
        planner_version=__version__,
    )


def with_status(inputs: Inputs, run: PlanRun) -> Inputs:
    """Return the inputs with where they came from, which the run keeps beside them."""
    status = tuple(
        InputStatus(
            name=each["name"],
            source=each["source"],
            quality=Quality(each["quality"]),
            issued_at=datetime.fromisoformat(each["issued_at"]) if each["issued_at"] else None,
            detail=each["detail"],
        )
        for each in run.input_status or []
    )
    return replace(inputs, status=status)


def _as_kept(row: dict[str, Any]) -> dict[str, Any]:
    """Return a planned slot as the database keeps it."""
    return row | {"reason_params": json.loads(row["reason_params"])}


def _field(
    name: str,
    common: Sequence[datetime],
    old: dict[datetime, HistorySlot],
    new: dict[datetime, dict[str, Any]],
) -> FieldDifference | None:
    pairs = [(start, getattr(old[start], name), new[start][name]) for start in common]
    apart = [pair for pair in pairs if not _same(pair[1], pair[2])]
    if not apart:
        return None
    first_at, stored, replayed = apart[0]
    is_number = isinstance(SCHEDULE[name], pl.Float64)
    return FieldDifference(
        field=name,
        slots=len(apart),
        first_at=first_at,
        stored=stored,
        replayed=replayed,
        most=max(abs(one - two) for _, one, two in apart) if is_number else None,
    )


def _same(stored: Any, replayed: Any) -> bool:
    if isinstance(stored, float) and isinstance(replayed, float):
        # Both zeros are the same, and so is what neither knows.
        return stored == replayed or (math.isnan(stored) and math.isnan(replayed))
    return bool(stored == replayed)
