"""The plan in force as a table that spreadsheets read: a row a slot, numbers unrounded."""

import csv
import io
from typing import Final
from zoneinfo import ZoneInfo

from app.core.clock import iso_utc
from app.service.schemas.plan import ScheduleOut

_COLUMNS: Final = (
    "classification",
    "is_manual",
    "charge_kw",
    "discharge_kw",
    "import_kw",
    "export_kw",
    "curtailed_kw",
    "water_kw",
    "planned_load_kwh",
    "planned_pv_kwh",
    "import_price_per_kwh",
    "export_price_per_kwh",
    "planned_cost",
    "soc_projected",
    "soc_target",
    "marginal_value_per_kwh",
    "reason",
    "reason_text",
    "plan_run_id",
)


def plan_csv(plan: ScheduleOut) -> str:
    """Return the plan as CSV (RFC 4180): times in UTC and, with its offset, in the home's zone."""
    zone = ZoneInfo(plan.meta.timezone)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(("slot_start_utc", "slot_start_local", "slot_end_utc", *_COLUMNS, "currency"))
    for slot in plan.schedule:
        local = slot.slot_start.astimezone(zone).isoformat()
        values = [getattr(slot, name) for name in _COLUMNS]
        writer.writerow(
            (iso_utc(slot.slot_start), local, iso_utc(slot.slot_end), *values, plan.meta.currency)
        )
    return file.getvalue()
