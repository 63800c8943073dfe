"""Sun and consumption in figures: sums of the days, and how good the forecasts were, in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.api.forecasts.chart import Axis
from app.api.forecasts.hours import UNKNOWN, of_day
from app.api.learning.scores_view import Score
from app.core.clock import day_slots
from app.wording import words
from app.wording.i18n import _, marked

Values = Mapping[datetime, float]
_SLOTS_A_DAY = 96
_WINDOWS = {
    1: marked("Yesterday"),
    7: marked("Last 7 days"),
    30: marked("Last 30 days"),
}
# An error is told beside what came: 40 Wh are little at noon and much at night.
_EVEN = marked("{window}: off by {wh} Wh a quarter ({share} of what came), neither high nor low.")
_HIGH = marked(
    "{window}: off by {wh} Wh a quarter ({share} of what came), {size} kWh a day too high."
)
_LOW = marked(
    "{window}: off by {wh} Wh a quarter ({share} of what came), {size} kWh a day too low."
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """An energy with a card: its kind, the plan's input, its title and its colour."""

    kind: str
    input: str
    title: str
    css: str


def energy_facts(forecast: Values, actual: Values, axis: Axis) -> Sequence[tuple[str, str, str]]:
    """Return the sums of yesterday, today and tomorrow: label, value, note."""
    yesterday, today, tomorrow = axis.days
    ran = of_day(actual, yesterday, axis.zone)
    so_far = of_day(actual, today, axis.zone)
    same = {slot: forecast[slot] for slot in so_far if slot in forecast}
    facts = [
        (_("Today, forecast"), _sum(of_day(forecast, today, axis.zone)), _part(forecast, axis, 1)),
        (
            _("Today, measured so far"),
            _sum(so_far),
            _("forecast for the same hours: {sum}", sum=_sum(same)) if same else "",
        ),
        (
            _("Tomorrow, forecast"),
            _sum(of_day(forecast, tomorrow, axis.zone)),
            _part(forecast, axis, 2),
        ),
    ]
    if ran:
        was = _sum(of_day(forecast, yesterday, axis.zone))
        note = "" if was == UNKNOWN else _("forecast: {sum}", sum=was)
        facts.append((_("Yesterday, measured"), _sum(ran), note))
    return facts


def score_sentences(scores: Iterable[Score], kind: str) -> Sequence[str]:
    """Say how far off the day-ahead forecasts were, a sentence for each window that has any."""
    found = [_sentence(each) for each in scores if each.kind == kind]
    return found or [
        _(
            "No score yet: the first comes the night after a whole day was forecast and measured, "
            "see docs/forecasts.md."
        )
    ]


def _sentence(score: Score) -> str:
    bias_kwh = score.bias_kwh * _SLOTS_A_DAY
    is_even = not round(abs(bias_kwh), 1)
    text = _EVEN if is_even else _HIGH if bias_kwh > 0 else _LOW
    return _(
        text,
        window=_window(score),
        wh=words.number(score.mean_absolute_error_kwh * 1000, 0),
        share=_share(score),
        size=words.number(abs(bias_kwh), 1),
    )


def _window(score: Score) -> str:
    if score.days < score.window_days:
        return _(
            "{scored} of the last {days} days", scored=f"{score.days}", days=f"{score.window_days}"
        )
    return _(_WINDOWS[score.window_days])


def _share(score: Score) -> str:
    if not score.measured_kwh:
        return UNKNOWN
    ratio = score.mean_absolute_error_kwh * score.slots / score.measured_kwh
    return f"{words.number(ratio * 100, 0)} %"


def _sum(energies: Values) -> str:
    return f"{words.number(sum(energies.values()), 1)} kWh" if energies else UNKNOWN


def _part(forecast: Values, axis: Axis, index: int) -> str:
    """Say which part of a day a sum covers where it is not the whole day."""
    day = axis.days[index]
    known = of_day(forecast, day, axis.zone)
    if len(known) == len(day_slots(day, axis.zone)):
        return ""
    if not known:
        return _("known with the next plan")
    return _("from {time} on", time=words.hhmm(min(known), axis.zone))
