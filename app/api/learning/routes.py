"""REST: what the service has learned of the home, and how well that served."""

from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, ConfigDict, Field

from app.api.learning.scores_routes import ForecastScoreOut, ScoresDep
from app.api.web.dependencies import ServicesDep
from app.core import clock
from app.db import observed, scores
from app.db.connection.engine import session_scope
from app.gather import pv_learning
from app.gather.load_sources import own_past
from app.gather.pv_plant import Plant
from app.recorder import scoring
from app.service.schemas.plan import InputOut, Out

router = APIRouter(tags=["learning"])
_LOAD: Final[dict[str, Any]] = {"days": 28, "first_day": "2026-10-26", "input": None}
_PV: Final[dict[str, Any]] = {"days": 21, "factor": 0.93, "factor_by_hour": {"10": 0.95}}


class LoadLearnedOut(Out):
    """What the own recorder knows of the load; the forecast may know more (see `input`)."""

    days: int = Field(description="whole days recorded")
    first_day: date | None
    input: InputOut | None = Field(description="what the load of the last plan was made from")


class PvLearnedOut(Out):
    """What the roof does to the model: measured over modelled energy of the same weather."""

    days: int = Field(description="days of own production; 0: nothing is corrected yet")
    factor: float = Field(description="for hours of which nothing else is known")
    factor_by_hour: dict[str, float] = Field(description="by hour of the day, UTC")


class LearningStatusOut(Out):
    """What is learned, from what, and how good the forecasts were."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "now": "2026-11-23T02:16:03Z",
                    "last_observation": "2026-11-23T02:00:00Z",
                    "load": _LOAD,
                    "pv": _PV,
                    "scores": [],
                }
            ]
        }
    )

    now: AwareDatetime
    last_observation: AwareDatetime | None = Field(description="the newest slot recorded")
    load: LoadLearnedOut
    pv: PvLearnedOut
    scores: list[ForecastScoreOut]


class DayScoreOut(Out):
    """How far one day's forecast was from what came, kWh per slot, forecast minus measured."""

    kind: str
    day: date
    slots: int
    measured_kwh: float
    mean_absolute_error_kwh: float
    bias_kwh: float
    persistence_mean_absolute_error_kwh: float | None
    inside_spread_ratio: float | None


class LearningHistoryOut(Out):
    """The scored days, oldest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "days": [
                        {
                            "kind": "load_kwh",
                            "day": "2026-11-22",
                            "slots": 96,
                            "measured_kwh": 17.2,
                            "mean_absolute_error_kwh": 0.06,
                            "bias_kwh": -0.01,
                            "persistence_mean_absolute_error_kwh": 0.09,
                            "inside_spread_ratio": 0.8,
                        }
                    ]
                }
            ]
        }
    )

    days: list[DayScoreOut]


class LoopOut(Out):
    """One thing that is learned: whether it changes anything now, and what."""

    status: Literal["has_changes", "no_changes"]
    result: LoadLearnedOut | PvLearnedOut


class LearningLoopsOut(Out):
    """What learns here. Margins, S-index and export rules are never changed by themselves."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "load_profile": {"status": "has_changes", "result": _LOAD},
                    "pv_correction": {"status": "has_changes", "result": _PV},
                }
            ]
        }
    )

    load_profile: LoopOut
    pv_correction: LoopOut


class LearningChangesOut(Out):
    """Settings changed by learning: none ever are. Your own are at /api/config/changes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"changes": []}]})

    changes: list[dict[str, str]]


class LearningRunOut(Out):
    """What scoring the last days came to."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "success", "scored_rows": 14}]}
    )

    status: Literal["success"] = "success"
    scored_rows: int


async def _load(deps: ServicesDep) -> LoadLearnedOut:
    sources = deps.job.sources
    past = await own_past(sources, until=clock.now())
    plan = await deps.plan()
    inputs = plan.meta.inputs if plan else []
    zone = sources.settings.zone
    return LoadLearnedOut(
        days=past.days,
        first_day=clock.local_day(past.frame["slot_start"][0], zone) if past.days else None,
        input=next((each for each in inputs if each.name == "load"), None),
    )


async def _pv(deps: ServicesDep) -> PvLearnedOut:
    sources = deps.job.sources
    plant = Plant.of(sources.settings)
    learnt = await pv_learning.correction(sources, plant, now=clock.now())
    by_hour = {str(row["hour"]): row["factor"] for row in learnt.by_hour.to_dicts()}
    return PvLearnedOut(days=learnt.days, factor=learnt.overall, factor_by_hour=by_hour)


@router.get("/api/learning/status", operation_id="getLearningStatus")
async def status(deps: ServicesDep, found: ScoresDep) -> LearningStatusOut:
    """Return what the service has learned of load and roof, and how good its forecasts were."""
    async with session_scope(deps.job.sources.sessions) as session:
        last = await observed.newest(session)
    return LearningStatusOut(
        now=found.now,
        last_observation=last,
        load=await _load(deps),
        pv=await _pv(deps),
        scores=found.scores,
    )


@router.get("/api/learning/history", operation_id="getLearningHistory")
async def history(
    deps: ServicesDep, days: Annotated[int, Query(ge=1, le=366)] = 30
) -> LearningHistoryOut:
    """Return how each of the last days was forecast."""
    sources = deps.job.sources
    first = clock.local_day(clock.now(), sources.settings.zone) - timedelta(days=days)
    async with session_scope(sources.sessions) as session:
        found = await scores.since(session, first)
    return LearningHistoryOut(days=[DayScoreOut.model_validate(each) for each in found])


@router.get("/api/learning/loops", operation_id="getLearningLoops")
async def loops(deps: ServicesDep) -> LearningLoopsOut:
    """Return what is learned, each with whether it counts yet."""
    load, pv = await _load(deps), await _pv(deps)
    return LearningLoopsOut(
        load_profile=LoopOut(status="has_changes" if load.days else "no_changes", result=load),
        pv_correction=LoopOut(status="has_changes" if pv.days else "no_changes", result=pv),
    )


@router.get("/api/learning/changes", operation_id="getLearningChanges")
async def changes() -> LearningChangesOut:
    """Return the settings that learning changed: none, it corrects forecasts only."""
    return LearningChangesOut(changes=[])


@router.post("/api/learning/run", operation_id="runLearning")
async def run(deps: ServicesDep) -> LearningRunOut:
    """Score the forecasts of the last days now; it is done every night anyway."""
    with deps.busy():
        rows = await scoring.score_recent_days(deps.job.sources, now=clock.now())
    return LearningRunOut(scored_rows=rows)
