"""What the best-time finder answers, in words."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from app.api.forecasts.finder_form import FormView, calendar_address
from app.api.forecasts.finder_schemas import BestTimeOut, BestTimeQuery, BestTimeStartOut
from app.wording import words
from app.wording.i18n import _

_SAME_MONEY = 0.005


@dataclass(frozen=True, slots=True)
class StartView:
    """One start: when it runs, what it costs, and that against starting now."""

    when: str
    until: str
    cost: str
    against_now: str
    css: str


@dataclass(frozen=True, slots=True)
class AnswerView:
    """The answer: a headline, the starts, what it was measured by, and the calendar's address."""

    title: str
    starts: tuple[StartView, ...]
    notes: tuple[str, ...]
    calendar: str


@dataclass(frozen=True, slots=True)
class FinderView:
    """Everything ``_finder.html`` may use; ``problem`` says why there is no answer."""

    form: FormView
    answer: AnswerView | None
    problem: str


def answer_view(
    found: BestTimeOut, query: BestTimeQuery, *, now: datetime, zone: ZoneInfo
) -> AnswerView:
    """Return the answer for people."""
    if not found.starts:
        why = words.timed_sentence(found.note, now, zone)
        return AnswerView(_("No start fits."), (), (why,), "")
    best = found.starts[0]
    at = words.when(best.start, now, zone)
    title = (
        _("{name}: start at {time}.", name=query.name, time=at)
        if query.name
        else _("Start at {time}.", time=at)
    )
    return AnswerView(
        title,
        tuple(_start(each, found, now, zone) for each in found.starts),
        tuple(_notes(found, now, zone)),
        calendar_address(query),
    )


def _start(each: BestTimeStartOut, found: BestTimeOut, now: datetime, zone: ZoneInfo) -> StartView:
    against, css = _("starting now is not possible"), ""
    if each.saving is not None:
        amount = f"{words.number(abs(each.saving))} {found.currency}"
        against, css = _("as much as starting now"), ""
        if each.saving >= _SAME_MONEY:
            against, css = _("{amount} less than now", amount=amount), "less"
        elif each.saving <= -_SAME_MONEY:
            against, css = _("{amount} more than now", amount=amount), "more"
    return StartView(
        when=words.when(each.start, now, zone),
        until=_("done at {time}", time=words.when(each.end, now, zone)),
        cost=f"{words.number(each.cost)} {found.currency}",
        against_now=against,
        css=css,
    )


def _notes(found: BestTimeOut, now: datetime, zone: ZoneInfo) -> list[str]:
    notes = []
    if found.now is not None:
        cost = f"{words.number(found.now.cost)} {found.currency}"
        notes.append(_("Starting now costs {cost}.", cost=cost))
    until = words.when(found.prices_known_until, now, zone)
    notes.append(
        _(
            "Counted with the battery, the sun and the fuse; prices are known until {time}.",
            time=until,
        )
    )
    return notes
