"""The original Darkstar's answers, with more in them. Names are public: additive changes only."""

from typing import Any, Final, Literal

from pydantic import AwareDatetime, ConfigDict, Field, JsonValue

from app.service.schemas.plan import InputOut, Out

_STATUS: Final[dict[str, Any]] = {
    "name": "load",
    "source": "own recorder",
    "quality": "live",
    "issued_at": "2026-11-23T02:15:00Z",
    "detail": "from 28 days",
}


class HorizonOut(Out):
    """How far plan and forecasts reach, in local days."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "total_days_in_schedule": 2,
                    "days_list": ["2026-11-23", "2026-11-24"],
                    "pv_days_schedule": 2,
                    "load_days_schedule": 2,
                    "pv_forecast_days": 4,
                    "weather_forecast_days": 3,
                    "s_index_considered_days": 3,
                    "horizon_end": "2026-11-24T23:00:00Z",
                    "forecasts_until": {"pv": "2026-11-27T23:00:00Z", "load": None},
                    "inputs": [_STATUS],
                }
            ]
        }
    )

    total_days_in_schedule: int
    days_list: list[str]
    pv_days_schedule: int
    load_days_schedule: int
    pv_forecast_days: int | None = Field(description="days of the newest stored sun forecast")
    weather_forecast_days: int | None = Field(
        description="days whose temperature the dynamic S-index knew; null: static"
    )
    s_index_considered_days: int | None
    horizon_end: AwareDatetime = Field(description="the end of the prices planned with")
    forecasts_until: dict[str, AwareDatetime | None]
    inputs: list[InputOut]


class AverageOut(Out):
    """The average day of the load the plan counts on, without the water heater."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "daily_kwh": 18.4,
                    "average_load_kw": 0.767,
                    "hourly_kw": [0.4] * 23 + [None],
                    "quarterly_kw": [0.4] * 92 + [None] * 4,
                    "quarters_known": 92,
                    "input": _STATUS,
                }
            ]
        }
    )

    daily_kwh: float | None = Field(description="24 h at the average; null while nothing is known")
    average_load_kw: float | None
    hourly_kw: list[float | None] = Field(description="24 values from local midnight")
    quarterly_kw: list[float | None] = Field(description="96 values from local midnight")
    quarters_known: int
    input: InputOut | None = Field(description="where the load comes from")


class WaterTodayOut(Out):
    """What the water heater has taken since local midnight."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "source": "home_assistant",
                    "water_kwh_today": 3.2,
                    "input": {**_STATUS, "name": "water_today", "source": "Home Assistant"},
                }
            ]
        }
    )

    source: Literal["home_assistant", "plan", "none"] = Field(
        description="plan: the heater slots planned so far today; none: there is no heater"
    )
    water_kwh_today: float
    input: InputOut | None


class DebugOut(Out):
    """What the plan in force came from, made again from the inputs its run stored."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "plan_run_id": 7,
                    "planned_at": "2026-11-23T02:16:03Z",
                    "engine": "optimal",
                    "s_index": {"value": 1.05, "static": 1.05},
                    "windows": [
                        {
                            "window_id": 0,
                            "start": "2026-11-23T02:15:00Z",
                            "end": "2026-11-23T04:00:00Z",
                            "slots": 7,
                            "is_strategic": False,
                            "mean_import_price_per_kwh": 0.8,
                            "need_kwh": 6.2,
                            "charge_kwh": 6.2,
                            "cascaded_kwh": 0.0,
                            "grid_charge_kwh": 6.0,
                        }
                    ],
                    "passes": [
                        {
                            "name": "pass2_water",
                            "adds": ["water_kwh"],
                            "figures": {"water_kwh": 6.0},
                        }
                    ],
                    "metrics": {"total_import_kwh": 21.5, "final_soc_percent": 22.0},
                    "water_by_day": {"2026-11-23": 6.0},
                    "end_value": [{"value_per_kwh": 0.91, "up_to_kwh": 8.5}],
                    "sample_schedule": [],
                    "samples": "set debug.enable_planner_debug to see the slots' columns",
                }
            ]
        }
    )

    plan_run_id: int
    planned_at: AwareDatetime
    engine: str
    s_index: dict[str, float]
    windows: list[dict[str, JsonValue]]
    passes: list[dict[str, JsonValue]]
    metrics: dict[str, float]
    water_by_day: dict[str, float] = Field(description="planned heating by local day, kWh")
    end_value: list[dict[str, float]] = Field(description="worth of energy left, cheapest last")
    sample_schedule: list[dict[str, JsonValue]]
    samples: str = Field(description="why there are no samples, or how many there are")


class PushedOut(Out):
    """What the database holds now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "status": "success",
                    "rows": 96,
                    "plan_run_id": 7,
                    "published": False,
                    "message": "the plan of run 7 is in the database already: 96 rows",
                }
            ]
        }
    )

    status: Literal["success"] = "success"
    rows: int
    plan_run_id: int
    published: bool = Field(description="false: it was there already")
    message: str
