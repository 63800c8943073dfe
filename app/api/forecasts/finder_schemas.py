"""The best-time finder as REST clients ask it and read it."""

from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from app.api.http.instants import UtcInstant
from app.service.schemas.plan import Out

MAX_HOURS = 48
_PART: Final[dict[str, Any]] = {
    "slot_start": "2026-11-23T11:00:00Z",
    "slot_end": "2026-11-23T11:15:00Z",
    "kwh": 0.25,
    "from_surplus_kwh": 0.25,
    "import_price_per_kwh": 1.42,
    "export_price_per_kwh": 0.55,
    "marginal_value_per_kwh": 0.6,
    "cost": 0.1375,
}
_START: Final[dict[str, Any]] = {
    "start": "2026-11-23T11:00:00Z",
    "end": "2026-11-23T11:15:00Z",
    "cost": 0.1375,
    "cost_at_import_prices": 0.355,
    "saving": 0.4425,
    "text": "Start at 12:00: costs 0.14 SEK, 0.44 SEK less than now.",
    "parts": [_PART],
}
_NOW: Final[dict[str, Any]] = {
    **_START,
    "start": "2026-11-23T07:00:00Z",
    "end": "2026-11-23T07:15:00Z",
    "cost": 0.58,
    "cost_at_import_prices": 0.58,
    "saving": 0.0,
    "text": "Start at 08:00: costs 0.58 SEK.",
    "parts": [
        {
            **_PART,
            "slot_start": "2026-11-23T07:00:00Z",
            "slot_end": "2026-11-23T07:15:00Z",
            "from_surplus_kwh": 0.0,
            "import_price_per_kwh": 2.32,
            "export_price_per_kwh": 1.27,
            "cost": 0.58,
        }
    ],
}
EXAMPLE: Final[dict[str, Any]] = {
    "plan_run_id": 7,
    "planned_at": "2026-11-23T07:01:03Z",
    "currency": "SEK",
    "timezone": "Europe/Stockholm",
    "kwh": 0.25,
    "hours": 0.25,
    "power_kw": 1.0,
    "after": "2026-11-23T07:05:00Z",
    "before": "2026-11-23T23:00:00Z",
    "prices_known_until": "2026-11-23T23:00:00Z",
    "starts": [_START],
    "now": _NOW,
    "cheapest_price": _START,
    "note": "",
}


def _printable(name: str) -> str:
    if not name.isprintable():
        raise ValueError("holds a line break or another sign that cannot be printed; leave it out")
    return name.strip()


class BestTimeQuery(BaseModel):
    """What runs, for how long, and when it may."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)

    kwh: float = Field(gt=0, le=1000, description="energy of the whole run, kWh")
    hours: float | None = Field(
        default=None, ge=0.05, le=MAX_HOURS, description="how long it runs; or give power_kw"
    )
    power_kw: float | None = Field(
        default=None, gt=0, le=1000, description="what it draws, kW; or give hours"
    )
    after: UtcInstant | None = Field(
        default=None, description="earliest start, with its offset; now unless given"
    )
    before: UtcInstant | None = Field(
        default=None, description="when it must be done, with its offset; as far as prices reach"
    )
    count: int = Field(default=1, ge=1, le=10, description="how many starts, none overlapping")
    name: Annotated[str, AfterValidator(_printable)] = Field(
        default="", max_length=60, description="what it is called in a calendar, on one line"
    )

    @model_validator(mode="after")
    def _one_of_hours_and_power(self) -> Self:
        if (self.hours is None) == (self.power_kw is None):
            raise ValueError("give one of hours and power_kw, not both and not neither")
        if not 0.05 <= self.lasts_hours <= MAX_HOURS:  # noqa: PLR2004 - the bound of hours
            raise ValueError(
                f"power_kw: {self.kwh:g} kWh at {self.power_kw:g} kW take {self.lasts_hours:g} h; "
                f"it must be 0.05 to {MAX_HOURS} h"
            )
        return self

    @property
    def lasts_hours(self) -> float:
        """How long it runs, hours."""
        return self.hours if self.hours is not None else self.kwh / (self.power_kw or 1)


class BestTimePartOut(Out):
    """A slot under the appliance and its share of the cost."""

    slot_start: AwareDatetime
    slot_end: AwareDatetime
    kwh: float
    from_surplus_kwh: float = Field(description="of these, from sun that nobody else uses, kWh")
    import_price_per_kwh: float
    export_price_per_kwh: float
    marginal_value_per_kwh: float = Field(description="worth of one more kWh stored, per the plan")
    cost: float = Field(description="with the battery planned around it; the parts add up")


class BestTimeStartOut(Out):
    """A start and what it costs."""

    start: AwareDatetime
    end: AwareDatetime
    cost: float = Field(description="what the home pays more, with the battery planned around it")
    cost_at_import_prices: float = Field(description="what import prices alone would make of it")
    saving: float | None = Field(description="against starting now; null if now is not possible")
    text: str
    parts: list[BestTimePartOut]


class BestTimeOut(Out):
    """The cheapest starts, the best first, beside starting now and at the lowest prices."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    plan_run_id: int
    planned_at: AwareDatetime
    currency: str
    timezone: str
    kwh: float
    hours: float
    power_kw: float
    after: AwareDatetime
    before: AwareDatetime
    prices_known_until: AwareDatetime
    starts: list[BestTimeStartOut]
    now: BestTimeStartOut | None = Field(
        description="if it had started with the slot in progress; null if the fuse has no room"
    )
    cheapest_price: BestTimeStartOut | None = Field(
        description="where import prices alone are lowest, and what that really costs"
    )
    note: str = Field(description="why nothing fits; empty otherwise")
