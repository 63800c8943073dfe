"""The button that has the prices asked for again."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.api.web.dependencies import ServicesDep
from app.api.web.page_templates import templates
from app.core.errors import DarkstarError
from app.fetch.days import DayReport, Fetched, Outcome
from app.wording import i18n, words
from app.wording.i18n import _
from app.wording.told import told

router = APIRouter()


@router.post("/ui/prices/refresh")
async def refresh(request: Request, deps: ServicesDep) -> Response:
    """Ask again and say what came of it; a browser without scripts gets the page again."""
    try:
        found = await deps.refresh_prices()
        kind, text = ("good" if not _unhad(found) else "bad"), said(found)
    except DarkstarError as error:
        kind, text = "bad", words.sentence(str(error))
    wants_page = "text/html" in request.headers.get("Accept", "")
    if wants_page and "HX-Request" not in request.headers:
        return RedirectResponse("/#prices", status_code=303)
    return templates.TemplateResponse(
        request, "_toast.html", {"text": text, "kind": kind}, headers={"HX-Trigger": "refresh"}
    )


def said(found: Fetched) -> str:
    """Return in words what came of asking again."""
    changed = [_day(each) for each in found.days if each.outcome in _CHANGED]
    parts = [_("The prices are as they were.")]
    if changed:
        days = words.listed(changed)
        parts = [_("New prices for {days}. A new plan is being made.", days=days)]
    parts += [words.sentence(told(each)) for each in (*_unhad(found), *found.waits)]
    return " ".join(parts)


_CHANGED = {Outcome.NEW, Outcome.CORRECTED}


def _unhad(found: Fetched) -> list[str]:
    """Return why a day's prices were not had, or are doubted."""
    return [
        why
        for each in found.days
        for why in (
            each.in_vain,
            each.doubt,
            *(each.refusals if each.outcome is Outcome.MISSING and each.failed else ()),
        )
        if why
    ]


def _day(each: DayReport) -> str:
    return i18n.dated(each.day, "EEEE d MMMM")
