"""How often a provider is asked: often enough for today, ever more rarely for tomorrow."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from app.core.errors import NotPublishedYetError, UpstreamError
from app.fetch.pace import Pace
from app.ingest.http.client import RateLimitedError
from app.ingest.prices.day import DayRefusedError, Refusal

NOW = datetime(2026, 11, 23, 11, 45, tzinfo=UTC)
TODAY, TOMORROW = date(2026, 11, 23), date(2026, 11, 24)
MINUTE = timedelta(minutes=1)
NOT_OUT = NotPublishedYetError("not out")
DOWN = UpstreamError("down")
REFUSED = DayRefusedError(Refusal.INCOMPLETE, "half a day")


def asked_within(pace: Pace, error: UpstreamError, minutes: int, *, urgent: bool) -> list[int]:
    """The minutes at which a provider that always answers ``error`` is asked."""
    found = []
    day = TODAY if urgent else TOMORROW
    for minute in range(minutes):
        now = NOW + MINUTE * minute
        if pace.may_ask("a", day, now=now, urgent=urgent):
            found.append(minute)
            pace.note_error("a", day, error, now=now)
    return found


@pytest.mark.parametrize("error", [NOT_OUT, REFUSED], ids=["not out", "refused"])
def test_the_waits_for_tomorrow_double_up_to_ten_minutes(error: UpstreamError) -> None:
    asked = asked_within(Pace(), error, 180, urgent=False)
    gaps = [later - earlier for earlier, later in pairwise(asked)]
    assert gaps[0] in {1, 2}
    assert all(gap <= 13 for gap in gaps), "ten minutes and a quarter, to the minute of the watch"
    assert gaps[-1] >= 10
    assert 15 <= len(asked) <= 22


def test_what_is_down_is_left_alone_for_a_quarter_of_an_hour_after_five_failures() -> None:
    assert asked_within(Pace(), DOWN, 40, urgent=True) == [0, 1, 2, 3, 4, 19, 34]


def test_a_provider_that_answers_is_not_down_however_little_its_answer_is_worth() -> None:
    assert asked_within(Pace(), REFUSED, 20, urgent=True) == list(range(20))


@pytest.mark.parametrize(
    ("seconds", "minutes"), [(0, 10), (1800, 30), (10**9, 360)], ids=["unsaid", "said", "absurd"]
)
def test_retry_after_counts_for_every_day_of_the_provider(seconds: int, minutes: int) -> None:
    pace = Pace()
    pace.note_error("a", TODAY, RateLimitedError("slow down", float(seconds)), now=NOW)
    for day in (TODAY, TOMORROW):
        before = NOW + MINUTE * minutes - timedelta(seconds=1)
        assert not pace.may_ask("a", day, now=before, urgent=True)
        assert pace.may_ask("a", day, now=NOW + MINUTE * minutes, urgent=True)
    assert pace.may_ask("b", TODAY, now=NOW, urgent=False), "another provider is another matter"


def test_a_clock_set_back_ends_every_wait() -> None:
    pace = Pace()
    pace.note_error("a", TOMORROW, RateLimitedError("slow down", 3600.0), now=NOW)
    assert not pace.may_ask("a", TOMORROW, now=NOW + MINUTE, urgent=False)
    assert pace.may_ask("a", TOMORROW, now=NOW - timedelta(hours=1), urgent=False)


def test_success_forgets_the_failures_and_what_those_behind_said() -> None:
    pace = Pace()
    for name in ("a", "b", "c"):
        pace.note_error(name, TOMORROW, DOWN, now=NOW)
    pace.note_success("b", TOMORROW, behind=["c"])
    assert [pace.said(name, TOMORROW) for name in "abc"] == [DOWN, None, None]
    pace.forget_before(date(2026, 11, 25))
    assert pace.said("a", TOMORROW) is None
