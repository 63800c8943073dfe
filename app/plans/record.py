"""What a planning run leaves behind: its inputs, whole, and its figures."""

import hashlib
import json
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import polars as pl

from app.core.clock import iso_utc, now
from app.core.provenance import AFTER_THE_HORIZON, Quality
from app.db import plans
from app.gather.inputs import Inputs
from app.planner.made import Made
from app.settings import planning_data


def result_of(inputs: Inputs, plan: Made, planned_at: datetime) -> plans.RunResult:
    """Return what the run adds to its row, inputs for an exact replay included."""
    warnings = list(plan.warnings)
    warnings += [
        f"{status.name} is {status.quality}: {status.detail or status.source}"
        for status in inputs.status
        if status.quality in {Quality.ESTIMATED, Quality.MISSING}
        and status.name != AFTER_THE_HORIZON
    ]
    if not inputs.ctx.discharge_allowed:
        warnings.append("the charge level is unknown: nothing is discharged or exported")
    measured = plan.optimality
    stored = json.dumps(
        {
            "slots": _rows(inputs.slots),
            "lookahead": _rows(inputs.ctx.lookahead),
            "published": _rows(inputs.ctx.published),
            "home": asdict(inputs.ctx.home),
            "safety": asdict(inputs.ctx.safety),
            "discharge_allowed": inputs.ctx.discharge_allowed,
            "settings": planning_data(inputs.ctx.settings),
        },
        default=str,
        sort_keys=True,
    )
    finished_at = now()
    return plans.RunResult(
        status="degraded" if warnings else "ok",
        finished_at=finished_at,
        cost=plan.totals.cost,
        cost_do_nothing=plan.totals.cost_do_nothing,
        cost_self_consumption=plan.totals.cost_self_consumption,
        cost_best=measured.cost_best,
        optimality_percent=measured.percent,
        smoothing_cost=plan.totals.smoothing_cost,
        terminal_value_per_kwh=plan.totals.terminal_value_per_kwh,
        engine=plan.engine,
        s_index=inputs.ctx.safety.value,
        s_index_parts=inputs.ctx.safety.parts,
        duration_ms=1000 * (finished_at - planned_at).total_seconds(),
        inputs=stored,
        inputs_hash=hashlib.sha256(stored.encode()).hexdigest()[:16],
        warnings=warnings,
        input_status=[
            {
                **asdict(replace(status, issued_at=None)),
                "issued_at": iso_utc(status.issued_at) if status.issued_at else None,
            }
            for status in inputs.status
        ],
    )


def _rows(frame: pl.DataFrame | None) -> list[dict[str, Any]] | None:
    """Return a frame as plain data, one object a row."""
    return None if frame is None else json.loads(frame.write_json())
