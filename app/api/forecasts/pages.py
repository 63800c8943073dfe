"""The page ``/forecast`` and its parts."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from app.api.forecasts.facts import known_facts
from app.api.forecasts.finder_desk import BestTimeDesk
from app.api.forecasts.finder_form import FIELDS, FinderFormError, form_view, is_asked, query_of
from app.api.forecasts.finder_routes import DeskDep
from app.api.forecasts.finder_view import AnswerView, FinderView, answer_view
from app.api.forecasts.view import ForecastView, forecast_view, unavailable
from app.api.prices.shown import PricesDep
from app.api.web.dependencies import ServicesDep
from app.api.web.page_templates import templates
from app.core import clock
from app.core.errors import DarkstarError, DatabaseUnavailableError
from app.plans.best_time import WindowTooShortError
from app.service.services import Services
from app.wording import words
from app.wording.i18n import _

router = APIRouter()
Sent = dict[str, str]


async def cards(deps: ServicesDep) -> ForecastView:
    """Return the cards, or why there are none."""
    try:
        facts = await known_facts(deps)
    except DatabaseUnavailableError:
        return unavailable(_("Forecasts show here once the database answers."))
    # Three days of four charts take some 15 ms: not on the loop.
    return await asyncio.to_thread(forecast_view, facts)


def sent_query(request: Request) -> Sent:
    """Return what was asked of the finder, texts only; what else stands there is left out."""
    return {name: request.query_params.get(name, "")[:100] for name in FIELDS}


async def finder(
    deps: ServicesDep, desk: DeskDep, sent: Annotated[Sent, Depends(sent_query)]
) -> FinderView:
    """Return the finder's form, and the answer to what was asked."""
    errors: dict[str, str] = {}
    answer, problem = None, ""
    if is_asked(sent):
        try:
            answer = await _answer(deps, desk, sent)
        except FinderFormError as error:
            errors = dict(error.errors)
        except WindowTooShortError:
            errors = {"before": _("It does not fit before then; choose a later time.")}
        except DarkstarError as error:
            problem = words.sentence(str(error))
    settings = deps.job.settings
    own = settings.best_time.appliances
    form = form_view(sent, errors, own=own, now=clock.now(), zone=settings.zone)
    return FinderView(form, answer, problem)


async def _answer(deps: Services, desk: BestTimeDesk, sent: Sent) -> AnswerView:
    query = query_of(sent)
    if not deps.job.log.migrated:
        raise DatabaseUnavailableError(_("the finder works once the database answers"))
    found = await desk.ask(deps, query)
    return answer_view(found, query, now=clock.now(), zone=deps.job.settings.zone)


CardsDep = Annotated[ForecastView, Depends(cards)]
FinderDep = Annotated[FinderView, Depends(finder)]


# What is not async is rendered in a thread.
@router.get("/forecast")
def forecast_page(
    request: Request, view: CardsDep, found: FinderDep, prices: PricesDep
) -> HTMLResponse:
    """Return the page; with ``?kwh=…`` the finder's answer is on it."""
    context = {"view": view, "finder": found, "prices": prices}
    return _page(request, "forecast.html", context)


@router.get("/ui/forecast")
def forecast_content(request: Request, view: CardsDep) -> HTMLResponse:
    """Return the cards, and the header's clock."""
    return _page(request, "_forecast_refresh.html", {"view": view})


@router.get("/ui/forecast/finder")
def finder_content(request: Request, found: FinderDep) -> HTMLResponse:
    """Return the finder with its answer."""
    return _page(request, "_finder.html", {"finder": found})


def _page(request: Request, template: str, context: dict[str, Any]) -> HTMLResponse:
    return templates.TemplateResponse(request, template, context)
