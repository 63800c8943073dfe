"""Plan recorded scenarios: a JSON home with prices in, a JSON plan out, for benchmarks."""

import json
import math
import time
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from app.core.errors import DarkstarError, InputError
from app.core.frames import FORECAST, SLOT, SLOTS
from app.forecast import lookahead
from app.planner.model.context import Context, HomeState
from app.planner.model.neutral import NEUTRAL_RULES
from app.planner.run import ENGINE_FAULTS, Plan, make_plan
from app.settings import Settings


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class ScenarioBattery(_Part):
    """Battery of a scenario; wear per kWh drawn from the cells."""

    capacity_kwh: float
    min_soc_percent: float
    max_soc_percent: float
    max_charge_kw: float
    max_discharge_kw: float
    roundtrip_efficiency_percent: float
    wear_cost_per_kwh: float


class ScenarioInverter(_Part):
    """Inverter of a scenario, AC side."""

    max_kw: float


class ScenarioSlot(_Part):
    """One slot of ``slot_minutes``: prices per kWh, energies in kWh per slot."""

    start: AwareDatetime
    import_price: float
    export_price: float
    pv_kwh: float = Field(ge=0)
    load_kwh: float = Field(ge=0)


class Scenario(_Part):
    """A home, its state and its prices."""

    name: str
    timezone: str
    slot_minutes: int
    currency: str
    initial_soc_percent: float = Field(ge=0, le=100)
    battery: ScenarioBattery
    grid: dict[str, float]
    inverter: ScenarioInverter
    water: dict[str, float] | None
    slots: list[ScenarioSlot] = Field(min_length=1)

    @property
    def zone(self) -> ZoneInfo:
        """The home's time zone."""
        return ZoneInfo(self.timezone)


def read(path: Path) -> Scenario:
    """Read a scenario file; raises ``InputError`` naming what is wrong in it."""
    try:
        return Scenario.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"scenario {path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise _refusal(path, error) from None


def _refusal(path: Path, error: ValidationError) -> InputError:
    """Name every wrong field of a scenario with its reason, a line each."""
    problems = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:10]]
    return InputError(f"scenario {path}:\n  " + "\n  ".join(problems))


def settings_of(scenario: Scenario, *, shipped: bool, engine: str) -> Settings:
    """Return settings of the scenario's home, with shipped rules or with the engine bare.

    Bare means: forecasts trusted as they are, no safety factor, no margin, gate, smoothing,
    strategy or deferral, so that what is measured is the engine and not the owner's caution.
    """
    water = scenario.water or {"power_kw": 0, "min_kwh_per_day": 0, "max_blocks_per_day": 1}
    home: dict[str, Any] = {
        "timezone": scenario.timezone,
        "battery": scenario.battery.model_dump(),
        "grid": scenario.grid,
        # The judge sells every surplus, also at a negative price: nothing is curtailed there.
        "inverter": {"max_power_kw": scenario.inverter.max_kw, "can_curtail_pv": shipped},
        "water_heating": water,
        "nordpool": {"currency": scenario.currency},
        "planner": {"engine": engine},
    }
    if shipped:
        return Settings.model_validate(home)
    home["water_heating"] = {**water, "defer_up_to_hours": 0}
    home["s_index"] = {"static_factor": 1}
    return Settings.model_validate({**home, **NEUTRAL_RULES})


def slots_of(scenario: Scenario) -> pl.DataFrame:
    """Return the slots as ``frames.SLOTS``; 30- and 60-minute slots are split into quarters."""
    parts = timedelta(minutes=scenario.slot_minutes) / SLOT
    if parts < 1 or parts != int(parts):
        raise InputError(f"slot_minutes = {scenario.slot_minutes}: use 15, 30 or 60")
    rows = [
        {
            "slot_start": slot.start.astimezone(UTC) + SLOT * part,
            "import_price_per_kwh": slot.import_price,
            "export_price_per_kwh": slot.export_price,
            "pv_kwh": slot.pv_kwh / parts,
            "load_kwh": slot.load_kwh / parts,
            "manual_action": None,
            "manual_target_soc_percent": None,
            "manual_power_kw": None,
        }
        for slot in scenario.slots
        for part in range(int(parts))
    ]
    return pl.DataFrame(rows, schema=SLOTS)


def context_of(scenario: Scenario, *, shipped: bool, engine: str) -> Context:
    """Return the planning context; bare runs use the judge's terminal value and water rules."""
    settings = settings_of(scenario, shipped=shipped, engine=engine)
    home = HomeState(soc_percent=scenario.initial_soc_percent)
    if shipped:
        slots = slots_of(scenario)
        after = lookahead.lookahead(
            slots.select("slot_start", "import_price_per_kwh", "export_price_per_kwh"),
            slots.select(FORECAST.names()),
            end=slots["slot_start"][-1] + SLOT,
            zone=settings.zone,
        )
        return Context(settings=settings, home=home, lookahead=after)
    prices = [slot.import_price for slot in scenario.slots]
    efficiency = math.sqrt(scenario.battery.roundtrip_efficiency_percent / 100)
    return Context(
        settings=settings,
        home=home,
        terminal_value_per_kwh=efficiency * sum(prices) / len(prices),
        judged_water_rules=True,
        without_rules=True,
    )


def plan_file(path: Path, *, shipped: bool, engine: str) -> dict[str, Any]:
    """Plan one scenario file and return the plan as plain data, timed after a warm-up.

    Raises a ``DarkstarError`` that names the file and what is wrong in it or with the planner.
    """
    scenario = read(path)
    try:
        slots, ctx = slots_of(scenario), context_of(scenario, shipped=shipped, engine=engine)
        make_plan(slots, ctx)
        begun = time.perf_counter()
        plan = make_plan(slots, ctx)
        plan_ms = 1000 * (time.perf_counter() - begun)
        return _as_data(scenario, plan, ctx, plan_ms)
    except ValidationError as error:
        raise _refusal(path, error) from None
    except InputError as error:
        raise InputError(f"scenario {path}: {error}") from error
    except ENGINE_FAULTS as error:
        said = f"the planner failed, a bug in Darkstar: {type(error).__name__}: {error}"
        raise DarkstarError(f"scenario {path}: {said}") from error


def _as_data(scenario: Scenario, plan: Plan, ctx: Context, plan_ms: float) -> dict[str, Any]:
    columns = (
        "charge_kw",
        "discharge_kw",
        "water_kw",
        "export_kw",
        "soc_projected",
        "classification",
        "planned_cost",
        "marginal_value_per_kwh",
        "reason",
        "reason_text",
    )
    zone = ctx.settings.zone
    measured = plan.optimality()
    return {
        "name": scenario.name,
        "slots": [
            {"start": row.pop("slot_start").astimezone(zone).isoformat(), **row}
            for row in plan.schedule.select("slot_start", *columns).to_dicts()
        ],
        "meta": {
            "engine": plan.engine,
            "plan_ms": round(plan_ms, 3),
            "cost": plan.totals.cost,
            "cost_do_nothing": plan.totals.cost_do_nothing,
            "cost_self_consumption": plan.totals.cost_self_consumption,
            "cost_best": measured.cost_best,
            "optimality_percent": measured.percent,
            "smoothing_cost": plan.totals.smoothing_cost,
            "terminal_value_per_kwh": plan.totals.terminal_value_per_kwh,
            "warnings": list(plan.warnings),
        },
    }


def plan_to_file(source: Path, target: Path, *, shipped: bool, engine: str) -> dict[str, Any]:
    """Plan a scenario file, write the plan beside other results, and return it."""
    plan = plan_file(source, shipped=shipped, engine=engine)
    write(target, json.dumps(plan))
    return plan


def make_folder(folder: Path) -> None:
    """Make the folder that plans go to; raises ``InputError`` where it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


def write(target: Path, text: str) -> None:
    """Write a plan; raises ``InputError`` naming the file that cannot be written."""
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _unwritable(target, error) from error


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(f"--out {path} cannot be written: {error.strerror}")
