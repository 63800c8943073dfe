"""Planning runs as REST clients read them. Names are public: additive changes only."""

from datetime import UTC
from typing import Any, Self

from pydantic import AwareDatetime, ConfigDict, Field, JsonValue

from app.db.tables.models import PlanRun
from app.plans.replay import Replay
from app.service.schemas import run_examples as examples
from app.service.schemas.plan import InputOut, Out, PlanFigures


class RunInputOut(InputOut):
    """Where an input of a run came from, and how old it was when it was planned with."""

    age_seconds: float | None = Field(description="at planned_at; null if issued_at is not known")


class RunOut(Out):
    """One planning run: when, why, with what, what came of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.RUN]})

    id: int
    planned_at: AwareDatetime
    finished_at: AwareDatetime | None
    trigger: str = Field(
        description="schedule, start, button, prices, manual, soc_deviation, mqtt, clock"
    )
    engine: str
    planner_version: str
    status: str = Field(description="running, ok, degraded, held, failed or aborted")
    error: str = Field(description="why there is no plan; empty otherwise")
    horizon_start: AwareDatetime | None
    horizon_end: AwareDatetime | None
    timezone: str
    currency: str
    demo_home: bool
    s_index: float | None
    s_index_parts: dict[str, float]
    duration_ms: float | None
    config_hash: str = Field(description="of every setting a plan depends on")
    inputs_hash: str | None = Field(description="of everything the run planned with")
    replayable: bool = Field(description="whether the run stored what it planned with")
    figures: PlanFigures | None = Field(description="null without a plan")
    warnings: list[str]
    inputs: list[RunInputOut]

    @classmethod
    def of(cls, run: PlanRun) -> Self:
        """Return a run as its row has it."""
        # The row's inputs are the whole data, read only where a run is replayed.
        names = [name for name in cls.model_fields if hasattr(PlanRun, name) and name != "inputs"]
        own = {name: getattr(run, name) for name in names}
        return cls.model_validate(
            own
            | {
                "error": run.error or "",
                "s_index_parts": run.s_index_parts or {},
                "warnings": run.warnings or [],
                "replayable": run.inputs_hash is not None,
                "figures": None if run.cost is None else PlanFigures.model_validate(run),
                "inputs": [_input(status, run) for status in run.input_status or []],
            }
        )


def _input(status: dict[str, Any], run: PlanRun) -> RunInputOut:
    known = InputOut.model_validate(status)
    issued = known.issued_at
    age = None if issued is None else (run.planned_at - issued.astimezone(UTC)).total_seconds()
    return RunInputOut(**known.model_dump(), age_seconds=age)


class RunsOut(Out):
    """A page of runs, the newest first."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"runs": [examples.RUN], "next_before_id": 7}]}
    )

    runs: list[RunOut]
    next_before_id: int | None = Field(description="before_id of the next page; null on the last")


class RunStamp(Out):
    """Which run, made when, why and by what."""

    id: int
    planned_at: AwareDatetime
    trigger: str
    engine: str
    planner_version: str


class SpanOut(Out):
    """A range ``[start, end)`` of slots."""

    start: AwareDatetime
    end: AwareDatetime
    slots: int


class DoingOut(Out):
    """What a plan does in a range: mean powers in kW, cost of the range."""

    classification: str
    is_manual: bool
    charge_kw: float
    discharge_kw: float
    export_kw: float
    water_kw: float
    cost: float


class SlotChangeOut(SpanOut):
    """Neighbouring slots that the later plan changes in the same way."""

    before: DoingOut
    after: DoingOut
    cost_difference: float = Field(description="after less before")
    text: str


class SeriesChangeOut(Out):
    """A series that differs in slots both runs know: sums of kWh, means of prices."""

    name: str = Field(description="import_price, export_price, pv or load")
    unit: str
    changed_slots: int
    before: float
    after: float
    most_at: AwareDatetime = Field(description="start of the slot that differs most")
    most_before: float
    most_after: float


class ValueChangeOut(Out):
    """A value that differs; secrets are never among them."""

    name: str
    before: JsonValue
    after: JsonValue


class InputChangesOut(Out):
    """What two runs planned with differently."""

    series: list[SeriesChangeOut]
    state: list[ValueChangeOut] = Field(
        description="charge level, hot water, S-index, manual slots, …"
    )
    settings: list[ValueChangeOut] = Field(description="settings a plan depends on, by dotted name")


class DiffOut(Out):
    """What the plan of one run does differently from that of another, and what it knew."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.DIFF]})

    before: RunStamp
    after: RunStamp
    currency: str
    text: str
    common: SpanOut | None = Field(description="from the first to the last slot both have")
    cost_difference: float = Field(description="over the common slots; energy left not credited")
    soc_difference_percent: float = Field(description="at the end of the common slots, in points")
    changes: list[SlotChangeOut]
    only_before: list[SpanOut]
    only_after: list[SpanOut]
    inputs: InputChangesOut | None = Field(description="null where a run's inputs are not kept")
    inputs_unknown: str = Field(description="why inputs are null; empty otherwise")


class FieldDifferenceOut(Out):
    """A column that differs; both values are those of the first slot that does."""

    field: str
    slots: int
    first_at: AwareDatetime
    stored: JsonValue
    replayed: JsonValue
    most: float | None = Field(description="largest difference of a number")


class FigureDifferenceOut(Out):
    """A figure of the whole plan that differs."""

    field: str
    stored: JsonValue
    replayed: JsonValue


class ReplayOut(Out):
    """Whether planning again from stored inputs gives the same plan, to the last bit."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REPLAY]})

    run: RunStamp
    identical: bool
    text: str
    planner_version: str = Field(description="the version that planned again")
    slots: int = Field(description="slots compared")
    fields: list[FieldDifferenceOut]
    figures: list[FigureDifferenceOut]
    missing_slots: int = Field(description="stored, but not planned again")
    extra_slots: int = Field(description="planned again, but not stored")

    @classmethod
    def of(cls, run: PlanRun, done: Replay, text: str) -> Self:
        """Return what a replay found."""
        return cls.model_validate(
            {
                "run": RunStamp.model_validate(run),
                "identical": done.identical,
                "text": text,
                "planner_version": done.planner_version,
                "slots": done.slots,
                "fields": [FieldDifferenceOut.model_validate(each) for each in done.fields],
                "figures": [FigureDifferenceOut.model_validate(each) for each in done.figures],
                "missing_slots": done.missing,
                "extra_slots": done.extra,
            }
        )
