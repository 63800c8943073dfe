"""What REST clients see of the sensor doctor. Names are public: additive changes only."""

from typing import Any, Final

from pydantic import AwareDatetime, ConfigDict, Field

from app.doctor.checks.report import Connection, State, Verdict
from app.service.schemas.plan import Out

_FINDING: Final[dict[str, Any]] = {
    "check": "sign",
    "verdict": "red",
    "proof": "the level changed by -80 % while charging and by +80 % while discharging",
    "value": -1.0,
    "unit": "",
    "fix": "write home_assistant.battery_power_positive_is: discharge",
}
_BALANCE: Final[dict[str, Any]] = {
    "check": "home_balance",
    "verdict": "green",
    "proof": "42.0 kWh came in and 41.8 kWh went out; hour by hour 2 % does not add up",
    "value": 1.8,
    "unit": "%",
    "fix": "",
}
_ENTITY: Final[dict[str, Any]] = {
    "name": "Battery power",
    "setting": "home_assistant.battery_power_entity_id",
    "entity_id": "sensor.battery_power",
    "verdict": "red",
    "state": "read",
    "reading": "-1200 W",
    "read_at": "2026-11-23T14:06:58Z",
    "findings": [_FINDING],
}


class FindingOut(Out):
    """One check: its verdict, the number that proves it, and the fix in words."""

    model_config = ConfigDict(json_schema_extra={"examples": [_FINDING]})

    check: str = Field(
        description="state, unit, scale, sign, frozen, silent, history, gaps, resets, midnight, "
        "statistics, home_balance, battery_balance or efficiency"
    )
    verdict: Verdict = Field(description="grey: could not be judged")
    proof: str
    value: float | None = Field(description="the number in `proof`, in `unit`; null without one")
    unit: str
    fix: str = Field(description="which setting to write, or what to do; empty when all is well")


class EntityOut(Out):
    """One mapped entity and its last 24 hours."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ENTITY]})

    name: str
    setting: str = Field(description="the setting that names the entity")
    entity_id: str
    verdict: Verdict
    state: State = Field(description="whether it could be read now, and if not, why")
    reading: str = Field(description="its present state and unit, word for word")
    read_at: AwareDatetime | None = Field(description="when it last confirmed that")
    findings: list[FindingOut]


class DoctorOut(Out):
    """One examination of every mapped entity over ``[start, end)``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "start": "2026-11-22T14:07:13Z",
                    "end": "2026-11-23T14:07:13Z",
                    "verdict": "red",
                    "connection": "ok",
                    "summary": "1 to mend in 7 entities",
                    "fix": "",
                    "entities": [_ENTITY],
                    "balances": [_BALANCE],
                }
            ]
        }
    )

    start: AwareDatetime
    end: AwareDatetime
    verdict: Verdict
    connection: Connection
    summary: str
    fix: str = Field(description="what to do when Home Assistant could not be asked at all")
    entities: list[EntityOut]
    balances: list[FindingOut]
