"""The compact answer for controllers and sensors. Names are public: additive changes only."""

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field

from app.service.schemas.plan import Out

Action = Literal["charge", "discharge", "hold", "export", "pv_charge", "safe"]
SAFE: Final = "safe"
SAFE_TEXT: Final = (
    "No valid plan: the home's own sun only, no charging from the grid, no selling from the battery"
)
EXAMPLE: Final[dict[str, Any]] = {
    "now": "2026-11-23T02:16:30Z",
    "plan_valid": True,
    "valid_until": "2026-11-23T02:30:00Z",
    "action": "charge",
    "reason": "charge_for_later_use",
    "reason_text": "Charging 5.0 kW at 0.82: it replaces 2.10 at 18:15; wear 0.20.",
    "is_manual": False,
    "slot_start": "2026-11-23T02:15:00Z",
    "slot_end": "2026-11-23T02:30:00Z",
    "soc_target": 95.0,
    "charge_kw": 5.0,
    "discharge_kw": 0.0,
    "export_kw": 0.0,
    "water_kw": 0.0,
    "water_on": False,
    "next_change_at": "2026-11-23T04:30:00Z",
    "next_action": "hold",
    "next_water_on": True,
    "currency": "SEK",
    "import_price_per_kwh": 0.82,
    "export_price_per_kwh": 0.11,
    "cost_today": 21.4,
    "saving_today": 7.8,
    "day_start": "2026-11-22T23:00:00Z",
    "state": "ok",
    "planned_at": "2026-11-23T02:16:03Z",
    "plan_age_seconds": 27.0,
    "plan_run_id": 7,
    "optimality_percent": 94.6,
}


def _rounded(digits: int) -> AfterValidator:
    """Round to what matters: Home Assistant stores every digit that changes. No -0.0."""
    return AfterValidator(lambda value: round(value, digits) + 0.0)


Kilowatts = Annotated[float, _rounded(3)]
Percent = Annotated[float, _rounded(1)]
Money = Annotated[float, _rounded(2)]
MoneyPerKwh = Annotated[float, _rounded(4)]
Seconds = Annotated[float, _rounded(0)]


class NowOut(Out):
    """What to do in the slot in progress; without a valid plan the action is ``safe``.

    ``safe`` asks for self-consumption: the battery stores the home's own sun and serves its load,
    takes nothing from the grid and sells nothing; the heater is off.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    now: AwareDatetime
    plan_valid: bool = Field(description="false: nothing planned may be acted on, action is safe")
    valid_until: AwareDatetime | None = Field(
        description="act on this answer before this instant only; null while no plan is valid"
    )
    action: Action = Field(description="charge, discharge, hold, export, pv_charge or safe")
    reason: str = Field(description="stable reason code; no_valid_plan while the action is safe")
    reason_text: str
    is_manual: bool
    slot_start: AwareDatetime | None
    slot_end: AwareDatetime | None
    soc_target: Percent | None = Field(
        description="state of charge to steer to, percent; null while the action is safe"
    )
    charge_kw: Kilowatts = Field(description="AC power into the battery from any source, kW")
    discharge_kw: Kilowatts = Field(description="AC power out of the battery, kW")
    export_kw: Kilowatts = Field(description="all power sent to the grid, kW")
    water_kw: Kilowatts = Field(description="water heater power, kW")
    water_on: bool
    next_change_at: AwareDatetime | None = Field(
        description="when action or heater change next; null where the plan has no change ahead"
    )
    next_action: Action | None = Field(
        description="what comes then; safe where the plan ends before another one is made"
    )
    next_water_on: bool | None
    currency: str
    import_price_per_kwh: MoneyPerKwh | None = Field(description="price of the slot in progress")
    export_price_per_kwh: MoneyPerKwh | None
    cost_today: Money | None = Field(
        description="planned cost (import - export + battery wear) of the slots of today that "
        "have been planned, what is over as it was planned"
    )
    saving_today: Money | None = Field(
        description="what the same slots would cost with the battery idle, less cost_today; "
        "what the battery then holds more or less counts at what a stored kWh is worth"
    )
    day_start: AwareDatetime = Field(description="today's local midnight, where both begin")
    state: str = Field(description="ok, degraded, stale, held, safe or none")
    planned_at: AwareDatetime | None
    plan_age_seconds: Seconds | None
    plan_run_id: int | None
    optimality_percent: Percent | None = Field(
        description="share of the achievable saving over self-consumption that the plan reaches; "
        "null where there is next to nothing to gain"
    )
