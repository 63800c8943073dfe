"""What people read: no internal name, no ISO date, no raw exception, a true minus."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.wording import words

ZONE = ZoneInfo("Europe/Stockholm")
NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("soc is missing: no sensor", "Battery level is missing: no sensor."),
        ("Nord Pool cannot be reached (ConnectError)", "Nord Pool cannot be reached."),
        ("Heating water for 2026-11-25.", "Heating water for Wednesday."),
        ("sold now it would cost -0.70", "Sold now it would cost \u22120.70."),
        ("water_short: 2026-11-25 gets 2 kWh less", "Hot water: Wednesday gets 2 kWh less."),
        ("manual_charge_not_possible: full", "Your manual charge: full."),
        ("", ""),
    ],
)
def test_messages_are_sentences_for_people(raw: str, said: str) -> None:
    assert words.sentence(raw) == said


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (1, "16:00"),
        (9, "midnight"),
        (20, "11:00 tomorrow"),
        (33, "midnight on Thursday"),
        (44, "11:00 on Friday 27 November"),
        (-24, "15:00 yesterday"),
    ],
)
def test_a_time_names_its_day_unless_it_is_today(hours: int, said: str) -> None:
    assert words.when(NOW + timedelta(hours=hours), NOW, ZONE) == said


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    first = datetime(2026, 10, 25, 0, 15, tzinfo=UTC)
    said = [words.hhmm(first + timedelta(hours=ahead), ZONE) for ahead in range(3)]
    assert said == ["02:15 CEST", "02:15 CET", "03:15"]


def test_numbers_have_a_true_minus_and_no_negative_zero() -> None:
    assert words.number(-0.001) == "0.00"
    assert words.between(-0.16, -0.08) == "\u22120.16 to \u22120.08"
    assert words.between(1.234, 1.236) == "1.23\u20131.24"
    assert words.between(1.231, 1.232) == "1.23"


def test_what_is_due_within_a_minute_has_no_clock_time() -> None:
    assert words.coming(NOW + timedelta(seconds=10), NOW, ZONE) == "in a few seconds"
    assert words.coming(NOW + timedelta(minutes=5), NOW, ZONE) == "at 15:05"
