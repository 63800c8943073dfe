"""Sentences that stand for a block of the plan: every figure in them is the block's."""

import json
import re
from datetime import datetime
from zoneinfo import ZoneInfo

from app import __version__
from app.api.web.plan_blocks import blocks
from app.api.web.plan_table import plan_table
from app.core.frames import SLOT
from app.planner.run import Plan
from app.service.schemas import examples
from app.service.schemas.plan import ScheduleOut
from tests.planner.said import Told, read, wrong_figures

_PART = re.compile(r"(\d\d:\d\d(?: [A-Z]+)?) to (\d\d:\d\d(?: [A-Z]+)?): (.*)")


def schedule_of(plan: Plan) -> ScheduleOut:
    """Return a plan as the pages get it, in a home in Stockholm."""
    rows = [
        {
            **row,
            "slot_number": number,
            "reason_params": json.loads(row["reason_params"]),
            "valid_until": row["slot_start"] + SLOT,
            "planner_version": __version__,
            "plan_run_id": 1,
        }
        for number, row in enumerate(plan.schedule.to_dicts(), start=1)
    ]
    return ScheduleOut.model_validate({"meta": examples.META, "schedule": rows})


def wrong_in_blocks(plan: Plan, now: datetime, zone: ZoneInfo) -> list[str]:
    """Return every figure of a block's sentence that none or another of its slots has."""
    rows, shown = plan.frame.to_dicts(), schedule_of(plan)
    index_of = {
        f"{row['slot_start'].astimezone(zone):%Y-%m-%d %H:%M %Z}": index
        for index, row in enumerate(rows)
    }
    views = blocks(shown, now, zone)
    texts = [(view.span, view.why) for view in (*views.earlier, *views.ahead)]
    table = [
        (block.span, block.why)
        for day in plan_table(shown, now).days
        for block in (*day.earlier, *day.ahead)
    ]
    assert table == texts
    found, at = [], 0
    for span, why in texts:
        first, last = at, at + _slots_in(span, rows[at]["slot_start"], zone) - 1
        at = last + 1
        told, said = range(first, last + 1), why
        if part := _PART.fullmatch(why):
            said = part[3]
            starts = [i for i in told if _starts(rows[i]["slot_start"], part[1], zone)]
            ends = [i for i in told if _starts(rows[i]["slot_start"] + SLOT, part[2], zone)]
            told = range(starts[0], next(i for i in ends if i >= starts[0]) + 1)
        slots = [Told(rows, index, plan.ctx) for index in told]
        for sentence in read(said):
            found += [f"{span}: {why} -- {each}" for each in wrong_figures(sentence, slots)]
    assert at == len(rows) == len(index_of)
    return found


def _starts(instant: datetime, clock: str, zone: ZoneInfo) -> bool:
    local = instant.astimezone(zone)
    return f"{local:%H:%M}" == clock[:5] and clock[6:] in {"", local.tzname()}


def _slots_in(span: str, start: datetime, zone: ZoneInfo) -> int:
    """Return how many slots a span such as 18:00-19:15 has that begins at an instant."""
    end = span.split("\u2013")[1]
    return next(n for n in range(1, 101) if _starts(start + n * SLOT, end, zone))
