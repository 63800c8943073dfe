"""The language of the pages: which one is chosen, and how it writes numbers, days and reasons."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.wording import i18n, reason_texts, told_doctor, told_inputs, told_settings, words
from app.wording.i18n import _
from app.wording.told import told

ZONE = ZoneInfo("Europe/Stockholm")
NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _source_afterwards() -> Iterator[None]:
    with i18n.speaking(i18n.SOURCE):
        yield


@pytest.fixture
def _swedish() -> Iterator[None]:
    with i18n.speaking("sv"):
        yield


swedish = pytest.mark.usefixtures("_swedish")


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        ("sv", "sv"),
        ("sv-SE,sv;q=0.9,en;q=0.8", "sv"),
        ("en;q=0.8,sv;q=0.9", "sv"),
        ("en-GB,en;q=0.9,sv;q=0.8", "en"),
        ("de,nb;q=0.9,sv;q=0.1", "sv"),
        ("SV-FI", "sv"),
        ("sv;q=0", "en"),
        ("fi", "en"),
        ("*", "en"),
        ("", "en"),
        (";;;,,q=1,\x00,sv;q=much", "en"),
        ("x" * 5000, "en"),
        (",".join(["fi"] * 5000) + ",sv", "en"),
    ],
)
def test_the_browsers_first_language_of_ours_counts(asked: str, got: str) -> None:
    i18n.choose("auto", asked)
    assert i18n.language() == got


def test_the_owners_choice_wins() -> None:
    i18n.choose("sv", "en")
    assert i18n.language() == "sv"
    i18n.choose("en", "sv")
    assert i18n.language() == "en"


def test_a_language_inside_a_block_ends_with_it() -> None:
    with i18n.speaking("sv"):
        assert _("tomorrow") == "i morgon"
    assert _("tomorrow") == "tomorrow"


@swedish
def test_numbers_have_a_comma_a_true_minus_and_thin_thousands() -> None:
    assert words.number(1234.5) == "1\u202f234,50"
    assert words.number(-0.7, 1) == "\u22120,7"
    assert words.between(1.234, 1.311) == "1,23\u20131,31"
    assert words.between(-0.16, 0.5) == "\u22120,16 till 0,50"
    assert words.amount(2.25, "kWh", 1) == "2,2 kWh"


@swedish
@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (1, "16:00"),
        (9, "24:00"),
        (20, "11:00 i morgon"),
        (33, "24:00 på torsdag"),
        (44, "11:00 fredag 27 november"),
        (-24, "15:00 i går"),
    ],
)
def test_a_time_names_its_day_unless_it_is_today(hours: int, said: str) -> None:
    assert words.when(NOW + timedelta(hours=hours), NOW, ZONE) == said


@swedish
def test_the_hour_that_comes_twice_names_its_zone() -> None:
    first = datetime(2026, 10, 25, 0, 15, tzinfo=UTC)
    said = [words.hhmm(first + timedelta(hours=ahead), ZONE) for ahead in range(3)]
    assert said == ["02:15 CEST", "02:15 CET", "03:15"]


@swedish
def test_days_are_written_small_and_in_swedish() -> None:
    day = date(2026, 11, 27)
    assert i18n.dated(day, "EEEE d MMMM") == "fredag 27 november"
    assert words.ago(timedelta(minutes=5)) == "för 5 min sedan"
    assert words.coming(NOW + timedelta(minutes=5), NOW, ZONE) == "kl. 15:05"
    assert words.listed(["sol", "priser", "vatten"]) == "sol, priser och vatten"


@swedish
def test_plurals_have_their_form() -> None:
    said = [
        i18n.ngettext("{number} check passed", "{number} checks passed", number)
        for number in (1, 2, 0)
    ]
    assert said == ["1 kontroll godkänd", "2 kontroller godkända", "0 kontroller godkända"]


PARAMS: dict[str, Any] = {
    "power_kw": 3.0,
    "price": 0.52,
    "export_price": -0.1,
    "use_price": 2.31,
    "use_at": "18:00",
    "value": 1.2,
    "value_now": 1.5,
    "wear": 0.2,
    "gain": 1.29,
    "currency": "SEK",
    "sold_kw": 2.0,
    "min_soc_percent": 15.0,
    "target_percent": 95.0,
    "water_kw": 3.0,
    "water_from": "grid",
    "water_for_day": "2026-11-27",
}


@swedish
def test_a_reason_is_told_in_swedish_with_its_water_day() -> None:
    said = words.reason("charge_for_later_use", PARAMS, "", heats_water=True)
    assert said == (
        "Laddar 3,0 kW för 0,52: energin ersätter el för 2,31 kl. 18:00; slitage 0,20; vinst 1,29 "
        "SEK/kWh. Värmer vatten med 3,0 kW från nätet för fredag."
    )


@swedish
def test_storing_sun_says_that_selling_would_cost_money() -> None:
    said = words.reason("pv_store_for_later", PARAMS, "", heats_water=False)
    assert "att sälja den nu skulle kosta pengar (\u22120,10)" in said


@swedish
@pytest.mark.parametrize("code", reason_texts.TEXTS)
def test_every_reason_can_be_told(code: str) -> None:
    said = words.reason(code, PARAMS, "as it was stored", heats_water=False)
    assert said != "as it was stored"
    assert "{" not in said
    assert "0.5" not in said


@swedish
def test_a_reason_of_another_version_is_told_as_it_was_stored() -> None:
    assert words.reason("new_code", {}, "Something new.", heats_water=False) == "Something new."


@swedish
@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("soc is missing: no sensor is mapped", "Laddnivå saknas: ingen sensor är kopplad."),
        (
            "pv is estimated: mean of 12 days at this time of the year; Open-Meteo timed out",
            (
                "Solprognos är en uppskattning: medel av 12 dygn vid den här tiden på året; "
                "Open-Meteo svarade inte i tid."
            ),
        ),
        (
            (
                "water_short: 2026-11-25 gets 1.50 kWh less than 6.00 kWh; too few usable slots "
                "are left"
            ),
            (
                "Varmvatten: onsdag får 1,50 kWh mindre än 6,00 kWh; för få användbara kvartar "
                "återstår."
            ),
        ),
        (
            (
                "water_short: 2026-11-25 gets 5.00 kWh less than 6.00 kWh; usable slots are left, "
                "but not in 2 blocks (max_blocks_per_day)"
            ),
            (
                "Varmvatten: onsdag får 5,00 kWh mindre än 6,00 kWh; användbara kvartar återstår, "
                "men inte i 2 block (max_blocks_per_day)."
            ),
        ),
        (
            "2026-11-25: Nord Pool cannot be reached (ConnectError), Tibber timed out",
            "Onsdag: Nord Pool kan inte nås, Tibber svarade inte i tid.",
        ),
        (
            "estimated or missing: sun forecast and hot water",
            "Uppskattat eller saknas: solprognos och varmvatten.",
        ),
        (
            "from 90 days, 2 outliers cut up to 3 March 2026",
            "Från 90 dygn, 2 avvikare borttagna till och med 3 mars 2026.",
        ),
        (
            "min_soc_percent (95) must not be above max_soc_percent (15); swap them",
            "Min_soc_percent (95) får inte vara högre än max_soc_percent (15); byt plats på dem.",
        ),
        ("Input should be less than or equal to 100", "Ska vara högst 100."),
        ("map grid.max_import_kw or grid.max_export_kw", None),
        ("Some foreign server said: no", "Some foreign server said: no."),
        ("Permission denied: 'darkstar.db'", "Permission denied: 'darkstar.db'."),
        ("", ""),
    ],
)
def test_what_was_said_in_english_is_told_in_swedish(raw: str, said: str | None) -> None:
    wanted = "Koppla grid.max_import_kw eller grid.max_export_kw." if said is None else said
    assert words.sentence(raw) == wanted


def test_in_english_it_stays_as_it_was() -> None:
    assert told("no sensor is mapped") == "no sensor is mapped"


@swedish
@pytest.mark.parametrize("text", [*told_inputs.TEXTS, *told_doctor.TEXTS, *told_settings.TEXTS])
def test_every_message_of_the_tables_is_found_again(text: str) -> None:
    """A message filled in is recognised, by itself or by one that says it more exactly."""
    names = {"day": "2026-11-25"}
    fields = {name for _text, name, _spec, _conv in i18n.Formatter().parse(text) if name}
    given = {name: names.get(name, f"x{index}") for index, name in enumerate(sorted(fields))}
    filled = text.format(**given)
    assert told(filled) == _(text, **given)
