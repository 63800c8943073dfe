"""The table of forecast scores, formatted for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.wording import words
from app.wording.i18n import _, marked, ngettext

_NAMES = {"pv_kwh": marked("Sun"), "load_kwh": marked("Consumption")}
_SLOTS_A_DAY = 96
_UNKNOWN = "\u2013"


class Score(Protocol):
    """What the table needs of a score (``scoring.WindowScore``)."""

    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def window_days(self) -> int: ...  # noqa: D102
    @property
    def days(self) -> int: ...  # noqa: D102
    @property
    def slots(self) -> int: ...  # noqa: D102
    @property
    def measured_kwh(self) -> float: ...  # noqa: D102
    @property
    def mean_absolute_error_kwh(self) -> float: ...  # noqa: D102
    @property
    def bias_kwh(self) -> float: ...  # noqa: D102
    @property
    def persistence_mean_absolute_error_kwh(self) -> float | None: ...  # noqa: D102
    @property
    def skill_ratio(self) -> float | None: ...  # noqa: D102
    @property
    def inside_spread_ratio(self) -> float | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One forecast over one window."""

    name: str
    window: str
    error: str
    of_use: str
    bias: str
    persistence: str
    skill: str
    inside: str


@dataclass(frozen=True, slots=True)
class ScoresView:
    """Everything ``_scores.html`` may use."""

    rows: tuple[ScoreRow, ...]
    empty: str


def unavailable() -> ScoresView:
    """Return the view while the scores cannot be read."""
    return ScoresView((), _("The figures show here once the database answers."))


def scores_view(scores: Sequence[Score]) -> ScoresView:
    """Build the table; without scores it has no rows, and the page says when there will be."""
    return ScoresView(
        tuple(_row(each) for each in scores),
        _(
            "No day has been scored yet: the first figures show once a whole day was forecast the "
            "evening before and measured."
        ),
    )


def _row(score: Score) -> ScoreRow:
    window = _("yesterday")
    if score.window_days > 1:
        window = ngettext("{number} day", "{number} days", score.window_days)
    if score.days < score.window_days:
        window = _("{window}, {days} scored", window=window, days=score.days)
    total_kwh = score.mean_absolute_error_kwh * score.slots
    return ScoreRow(
        name=_(_NAMES.get(score.kind, score.kind)),
        window=window,
        error=words.amount(score.mean_absolute_error_kwh * 1000, "Wh"),
        of_use=_percent(total_kwh / score.measured_kwh if score.measured_kwh else None),
        bias=_("{kwh} kWh a day", kwh=words.number(score.bias_kwh * _SLOTS_A_DAY, 1)),
        persistence=(
            _UNKNOWN
            if score.persistence_mean_absolute_error_kwh is None
            else words.amount(score.persistence_mean_absolute_error_kwh * 1000, "Wh")
        ),
        skill=_percent(score.skill_ratio),
        inside=_percent(score.inside_spread_ratio),
    )


def _percent(ratio: float | None) -> str:
    return _UNKNOWN if ratio is None else words.amount(ratio * 100, "%")
