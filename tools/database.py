"""Write docs/database.md from the tables and what their columns mean: ``make database``."""

import inspect
from pathlib import Path
from typing import Any

from sqlalchemy.dialects import mysql

from app.db.tables.models import Base

TARGET = Path(__file__).resolve().parent.parent / "docs" / "database.md"
MEANINGS = {
    "area": "price area",
    "currency": "currency of every amount in the row",
    "engine": "planning engine",
    "id": "number of the row",
    "issued_at": "when the forecast was issued",
    "kind": "what is forecast: `pv_kwh`, `load_kwh` or `temperature_c`",
    "made_for": "fingerprint of place, roof planes and meters: another home's is not used",
    "plan_run_id": "the run that made it, `plan_run.id`",
    "planner_version": "version of Darkstar that planned",
    "quality": "how each quantity is known: measured, statistics, estimated, gap or reset",
    "slot_end": "end of the quarter",
    "slot_start": "start of the quarter",
    "source": "where it came from",
    # plans
    "charge_kw": "power into the battery, AC",
    "classification": "what the battery does: charge, pv_charge, discharge, export or hold",
    "curtailed_kw": "sun thrown away",
    "discharge_kw": "power out of the battery, AC",
    "export_kw": "power sold",
    "export_price_per_kwh": "what a kWh sold brings",
    "import_kw": "power bought",
    "import_price_per_kwh": "what a kWh bought costs, fees and taxes included",
    "is_manual": "whether the owner asked for it",
    "marginal_value_per_kwh": "what one more stored kWh is worth",
    "planned_cost": "cost of the quarter, wear included",
    "planned_load_kwh": "consumption counted on, without the water heater",
    "planned_pv_kwh": "sun counted on",
    "reason": "why, as a code ([reasons](reasons.md))",
    "reason_params": "the numbers of the reason",
    "reason_text": "why, in an English sentence",
    "slot_number": "quarters since local midnight of the day it was planned on, from 1",
    "soc_projected": "charge level at the quarter's end, %",
    "soc_target": "charge level the controller may steer to, %",
    "valid_until": "the instant from which the row must not be acted on",
    "water_kw": "power of the water heater",
    "generation": "rises with every publication",
    "planned_at": "when the run began",
    # runs
    "config_hash": "fingerprint of the settings planned with",
    "cost": "cost of the plan over its horizon",
    "cost_best": "cost of the best plan with the same knowledge and no rules",
    "cost_do_nothing": "cost with the battery idle",
    "cost_self_consumption": "cost with a battery that only shifts its own sun",
    "demo_home": "whether recorded sample data could stand in",
    "duration_ms": "time the run took",
    "error": "why the run failed",
    "finished_at": "when it ended",
    "horizon_end": "end of the last quarter",
    "horizon_start": "start of the first quarter",
    "input_status": "every input with its source, age and quality",
    "inputs": "all inputs, for an exact replay",
    "inputs_hash": "fingerprint of the inputs",
    "optimality_percent": "share of what could be gained; null where that is next to nothing",
    "s_index": "safety factor",
    "s_index_parts": "what the safety factor is made of",
    "smoothing_cost": "what minimum run lengths cost",
    "status": "how it goes or went: running, ok, degraded, failed or aborted",
    "terminal_value_per_kwh": "mean worth of a kWh left at the end",
    "timezone": "time zone of the home",
    "trigger": "why it was made",
    "warnings": "what the plan could not do or had to assume",
    # prices and forecasts
    "bias_kwh": "mean error per quarter, forecast less measured",
    "computed_at": "when the score was worked out",
    "day": "local day",
    "delivery_day": "day of delivery at the exchange",
    "exchange_rate_per_eur": "units of the currency per euro, null where the source does not say",
    "fetched_at": "when it was fetched",
    "inside_spread_ratio": "share of measured quarters between p10 and p90",
    "is_limited": "whether an inverter's limit cut it",
    "mean_absolute_error_kwh": "mean size of the error per quarter",
    "measured_kwh": "energy measured",
    "modelled_kwh": "what the model says of the weather there was",
    "p10": "one in ten outcomes lies below",
    "p90": "one in ten outcomes lies above",
    "persistence_bias_kwh": "bias of the guess that a day repeats the one before",
    "persistence_mean_absolute_error_kwh": "error of that guess",
    "provider": "price provider that was asked",
    "published_at": "when the source published it",
    "slots": "quarters measured",
    "snow_ratio": "part of the peak power under snow, 0 to 1",
    "spot_price_per_kwh": "exchange price, before fees and taxes",
    "superseded_at": "when a later answer took its place",
    "value": "the value, in the unit of its kind or of `unit`",
    # the home
    "charge_kwh": "energy into the battery, AC",
    "discharge_kwh": "energy out of the battery, AC",
    "export_kwh": "energy sold",
    "import_kwh": "energy bought",
    "load_kwh": "consumption without the water heater",
    "name": "what was measured",
    "observed_at": "when it was measured",
    "pv_kwh": "energy of the sun, AC",
    "recorded_at": "when the row was written",
    "soc_percent": "charge level at the quarter's end",
    "temperature_c": "outdoor temperature",
    "unit": "unit of the value",
    "water_kwh": "energy of the water heater",
    # by hand, settings, alerts
    "action": "charge, hold, export or water",
    "action_id": "the action changed, `manual_action.id`",
    "after": "the action afterwards",
    "at": "when",
    "before": "the action before",
    "change": "steps of one change are undone together",
    "changed_at": "when it was changed",
    "changed_from": "by whom and from where",
    "code": "code of the condition",
    "created_at": "when it was asked for",
    "created_from": "by whom and from where",
    "deliveries": "the last message that each channel was given",
    "end_at": "end of its last quarter",
    "expires_at": "when it ends by itself",
    "field": "the setting",
    "made_from": "by whom and from where",
    "message": "what is wrong, in words",
    "new_value": "its value afterwards",
    "note": "the owner's note",
    "old_value": "its value before",
    "open_code": "the code while the episode is open, null afterwards",
    "power_kw": "power asked for, null for as much as there is",
    "raised_at": "when it had lasted long enough to be told",
    "recovered_at": "when it was over",
    "removed_at": "when it was taken back",
    "severity": "critical or warning",
    "since": "since when it holds",
    "start_at": "start of its first quarter",
    "target_soc_percent": "charge level to charge to, or to sell down to",
    "undone_at": "when it was undone",
    "what": "created, edited or removed",
}
"""What the columns mean; one of the same name means the same in every table."""
_HEAD = """# The database

Every table and column, for Grafana and other programs that read them. Times are UTC, energies kWh,
powers kW, money in the home's currency. Names stay and are only added to. Types are those of
MariaDB; SQLite has the nearest. What controllers read, and the views with local times, stand in
[controller](controller.md). Written by `make database`.
"""


def document() -> str:
    """Return the document as it is committed."""
    models = {mapper.local_table.name: mapper.class_ for mapper in Base.registry.mappers}  # type: ignore[attr-defined]
    return _HEAD + "".join(
        _table(name, inspect.cleandoc(models[name].__doc__ or ""), table)
        for name, table in sorted(Base.metadata.tables.items())
    )


def _table(name: str, told: str, table: Any) -> str:
    dialect = mysql.dialect()  # type: ignore[no-untyped-call]
    rows = [
        f"| `{column.name}` | {column.type.compile(dialect).lower()}"
        f"{'' if column.nullable else ', never null'}"
        f"{', key' if column.primary_key else ''} | {MEANINGS[column.name]} |"
        for column in table.columns
    ]
    head = f"\n## `{name}`\n\n{told.replace('``', '`')}\n\n"
    return head + "| column | type | meaning |\n|---|---|---|\n" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    TARGET.write_text(document(), encoding="utf-8")
