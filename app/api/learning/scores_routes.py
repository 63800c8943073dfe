"""How good the forecasts were, over REST and as a fragment of a page."""

from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from pydantic import AwareDatetime, ConfigDict, Field

from app.api.learning.scores_view import scores_view, unavailable
from app.api.web.dependencies import ServicesDep
from app.api.web.page_templates import templates
from app.core import clock
from app.core.errors import DatabaseUnavailableError
from app.db import scores
from app.db.connection.engine import session_scope
from app.recorder import scoring
from app.recorder.scoring import WINDOWS_DAYS
from app.service.schemas.plan import Out

router = APIRouter()
fragments = APIRouter()
_EXAMPLE: Final[dict[str, Any]] = {
    "kind": "load_kwh",
    "window_days": 7,
    "days": 7,
    "slots": 672,
    "measured_kwh": 110.4,
    "mean_absolute_error_kwh": 0.085,
    "bias_kwh": -0.002,
    "persistence_mean_absolute_error_kwh": 0.112,
    "persistence_bias_kwh": 0.001,
    "skill_ratio": 0.24,
    "inside_spread_ratio": 0.79,
}


class ForecastScoreOut(Out):
    """Errors of the day-ahead forecasts of some days, kWh per slot, forecast minus measured."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    kind: str = Field(description="pv_kwh or load_kwh")
    window_days: int = Field(description="how many local days back from yesterday: 1, 7 or 30")
    days: int = Field(description="how many of them have a forecast and measurements")
    slots: int = Field(description="measured slots behind the figures")
    measured_kwh: float = Field(description="what was measured in these slots")
    mean_absolute_error_kwh: float
    bias_kwh: float = Field(description="above 0: more was forecast than came")
    persistence_mean_absolute_error_kwh: float | None = Field(
        description="the same for the guess that a slot repeats the one 24 hours before"
    )
    persistence_bias_kwh: float | None
    skill_ratio: float | None = Field(
        description="1 - error / persistence's error: 1 is perfect, 0 no better than persistence"
    )
    inside_spread_ratio: float | None = Field(
        description="share of slots between p10 and p90; 0.8 when the spread is right"
    )


class ForecastScoresOut(Out):
    """The scores of each kind and window that has any."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"now": "2026-11-23T02:16:03Z", "scores": [_EXAMPLE]}]}
    )

    now: AwareDatetime
    scores: list[ForecastScoreOut]


async def known_scores(deps: ServicesDep) -> ForecastScoresOut:
    """Return the scores of the last 1, 7 and 30 days, as far as there are any."""
    sources, now = deps.job.sources, clock.now()
    today = clock.local_day(now, sources.settings.zone)
    first = today - timedelta(days=max(WINDOWS_DAYS))
    async with session_scope(sources.sessions) as session:
        found = await scores.since(session, first)
    return ForecastScoresOut(
        now=now,
        scores=[
            ForecastScoreOut.model_validate(each) for each in scoring.summarise(found, today=today)
        ],
    )


ScoresDep = Annotated[ForecastScoresOut, Depends(known_scores)]


@router.get("/api/forecast/scores", tags=["forecast"], operation_id="getForecastScores")
async def forecast_scores(found: ScoresDep) -> ForecastScoresOut:
    """Return how good the forecasts of sun and consumption were, against persistence."""
    return found


@fragments.get("/ui/scores")
async def scores_content(request: Request, deps: ServicesDep) -> HTMLResponse:
    """Return the table of scores, or that it cannot be read now."""
    try:
        view = scores_view((await known_scores(deps)).scores)
    except DatabaseUnavailableError:
        view = unavailable()
    return templates.TemplateResponse(request, "_scores.html", {"view": view})
