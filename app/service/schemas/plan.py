"""What REST clients and pages see of a plan. Names are public: additive changes only."""

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, computed_field

from app.core.provenance import Quality
from app.service.schemas import examples
from app.service.schemas.alerts import AlertOut


class Out(BaseModel):
    """Base of every reply: built from objects, unknown attributes ignored."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class SlotOut(Out):
    """One slot of the plan: ``[slot_start, slot_end)``, powers in kW, money per slot."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SLOT]})

    slot_number: int = Field(description="1-based quarter counted from today's local midnight")
    slot_start: AwareDatetime
    slot_end: AwareDatetime
    classification: str = Field(description="charge, discharge, hold, export or pv_charge")
    charge_kw: float = Field(description="AC power into the battery from any source, kW")
    discharge_kw: float = Field(description="AC power out of the battery, kW")
    import_kw: float = Field(description="power taken from the grid, kW")
    export_kw: float = Field(description="all power sent to the grid, kW")
    curtailed_kw: float = Field(description="PV power thrown away, kW")
    water_kw: float = Field(description="water heater power, kW")
    planned_load_kwh: float
    planned_pv_kwh: float
    import_price_per_kwh: float
    export_price_per_kwh: float
    planned_cost: float = Field(description="import cost - export revenue + battery wear")
    soc_target: float = Field(description="state of charge to steer to, percent")
    soc_projected: float = Field(description="state of charge at slot_end, percent")
    marginal_value_per_kwh: float = Field(description="worth of one more kWh stored at slot_end")
    is_manual: bool
    reason: str = Field(description="stable reason code")
    reason_params: dict[str, Any]
    reason_text: str
    valid_until: AwareDatetime = Field(description="after this the row must not be acted on")
    planner_version: str
    plan_run_id: int


class InputOut(Out):
    """Where one input of the plan came from and how far to trust it."""

    name: str
    source: str
    quality: Quality
    issued_at: AwareDatetime | None
    detail: str = ""


class InitialStateOut(Out):
    """What a run started now would begin with, and how far to trust it."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.INITIAL_STATE]})

    soc_percent: float | None = Field(description="charge level in percent, null if not known")
    water_used_today_kwh: float = Field(description="heated since local midnight, kWh")
    inputs: list[InputOut]


class PlanFigures(Out):
    """What a plan costs, in the plan's currency over its horizon, and how good it is."""

    cost: float = Field(description="planned cost of the horizon, terminal value credited")
    cost_do_nothing: float = Field(description="the same horizon with the battery idle")
    cost_self_consumption: float = Field(description="battery only shifts the home's own PV")
    # Null in plans made before these figures were kept.
    cost_best: float | None = Field(
        description="the best plan with the same knowledge and none of the owner's rules, in money"
    )
    optimality_percent: float | None = Field(
        description="share of the achievable saving over self-consumption that the plan reaches; "
        "-100 where it loses as much or more, null where there is next to nothing to gain",
    )
    smoothing_cost: float | None = Field(
        description="what consolidation and minimum run lengths cost"
    )
    terminal_value_per_kwh: float | None = Field(
        description="mean worth of a stored kWh left at the end of the horizon, estimated"
    )

    @computed_field(description="why optimality_percent is null: little_to_gain, or not_measured")
    def optimality_missing(self) -> str | None:
        """Say why there is no share; null where there is one."""
        if self.optimality_percent is not None:
            return None
        return "not_measured" if self.cost_best is None else "little_to_gain"


class PlanMeta(PlanFigures):
    """One planning run: when, why, with what, and what it costs."""

    plan_run_id: int
    planned_at: AwareDatetime
    trigger: str = Field(
        description="schedule, start, button, prices, manual, soc_deviation, mqtt, clock"
    )
    engine: str
    planner_version: str
    status: str = Field(description="ok or degraded")
    horizon_start: AwareDatetime
    horizon_end: AwareDatetime
    timezone: str
    currency: str
    s_index: float
    duration_ms: float
    warnings: list[str]
    inputs: list[InputOut]
    demo_home: bool


class ScheduleOut(Out):
    """The plan in force: its slots, oldest first, and the run that made it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"meta": examples.META, "schedule": [examples.SLOT]}]}
    )

    meta: PlanMeta
    schedule: list[SlotOut]


class ProblemOut(Out):
    """The one error shape (RFC 9457): what failed, in words, with a stable code.

    ``message`` is ``detail`` under its earlier name; ``errors`` names every wrong field.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PROBLEM]})

    type: str = Field(default="about:blank", description="always about:blank: see `code`")
    title: str
    status: int
    detail: str
    code: str
    message: str
    errors: list[dict[str, Any]] = []


class JobState(Out):
    """The scheduler's view of the planning job."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.JOB]})

    running: bool
    phase: str = Field(
        default="", description="preparing, gathering, planning or publishing; empty between runs"
    )
    last_started_at: datetime | None = None
    last_finished_at: datetime | None = None
    last_outcome: str = Field(
        default="none", description="ok, degraded, held, failed, stood_down or none"
    )
    last_error: str = ""
    next_run_at: datetime | None = None


class PlanStamp(Out):
    """Which plan, made when, by which planner version."""

    planned_at: AwareDatetime
    planner_version: str
    plan_run_id: int | None = None


class StatusOut(Out):
    """Everything the dashboard's status line says."""

    state: str = Field(
        description="ok, degraded, stale, held, safe (a plan that must not be followed) or none"
    )
    safe_default: bool = Field(
        description="true: no plan may be followed; self-consumption, no charging from the grid, "
        "no selling from the battery"
    )
    safe_default_reason: str = Field(
        default="", description="stable: no_plan, plan_expired, plan_withdrawn or an alert's code"
    )
    safe_default_text: str = Field(default="", description="the same in words")
    version: str
    now: AwareDatetime
    timezone: str
    currency: str
    demo_home: bool = Field(description="whether recorded sample data may stand in")
    demo_ended_by: str = Field(
        default="",
        description="the setting of the sensor that ended a demo home which is still asked for",
    )
    access: str = Field(
        description="token: changes need a login or the API token; fresh: not from this machine "
        "while nobody has used the token; off: nothing is asked"
    )
    database: str = Field(description="which database, without credentials")
    database_ok: bool
    database_error: str = ""
    database_down_since: AwareDatetime | None = None
    local_plan: PlanStamp | None = Field(description="the plan this process holds in memory")
    server_plan: PlanStamp | None = Field(description="the plan in the database")
    plan_age_seconds: float | None
    job: JobState
    figures: PlanFigures | None = Field(default=None, description="cost and optimality of the plan")
    current: SlotOut | None = Field(
        default=None, description="the slot in progress, null where it must not be acted on"
    )
    warnings: list[str] = []
    inputs: list[InputOut] = []
    alerts: list[AlertOut] = Field(default=[], description="the open ones")
