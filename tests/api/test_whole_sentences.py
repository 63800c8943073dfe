"""On a Swedish page a fault is told whole in Swedish, or whole in English: never half and half."""

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings

from app.core.errors import SettingsError
from app.planner.run import make_plan
from app.settings.store.sources import load_settings
from app.wording import i18n, told, words
from tests.api.test_swedish import ENGLISH, NAMES
from tests.planner.homes import homes

NOW, ZONE = datetime(2026, 11, 23, 14, 7, tzinfo=UTC), ZoneInfo("Europe/Stockholm")
# What no message of ours fits: the words of somebody else.
FOREIGN = "the disk of this server is full"


def mixed(text: str) -> bool:
    """Say whether a message is told in two languages at once."""
    with i18n.speaking("sv"):
        said = words.timed_sentence(text, NOW, ZONE)
    english = words.timed_sentence(text, NOW, ZONE)
    return said != english and ENGLISH.search(NAMES.sub("", said)) is not None


def test_a_message_with_foreign_words_in_any_of_its_places_is_whole() -> None:
    wrong = []
    for message, _pattern in told._patterns():  # noqa: SLF001
        names = told._NAMED.findall(message)  # noqa: SLF001
        for foreign in names:
            text = message.format(**dict.fromkeys(names, "3") | {foreign: FOREIGN})
            wrong += [text] if mixed(text) else []
            wrong += [f"{text}; {FOREIGN}"] if mixed(f"no sensor is mapped; {text}") else []
    assert wrong == []


@pytest.mark.parametrize(
    "text",
    [
        "pv is estimated: mean of 12 days at this time of the year; Open-Meteo answered: go away",
        f"prices is missing: 2026-11-24: Nord Pool cannot be reached; {FOREIGN}",
        f"soc is missing: {FOREIGN}",
        f"water_short: 2026-11-25 gets 1.50 kWh less than 6.00 kWh; {FOREIGN}",
        "action 7 begins at 2026-11-24T06:00:00Z, which nobody has ever said before",
        (
            "charge from 2026-11-24T06:00:00Z is beyond the known prices, which end at "
            "2026-11-23T23:00:00Z; it is kept and planned once they are out"
        ),
        "engine_failed: the optimal engine failed (no such row); the cascade planned",
        f"the planner failed 3 times: {FOREIGN}; the last plan of 2026-11-23 stays in force",
        f"the database failed: {FOREIGN}",
    ],
)
def test_faults_of_sources_alerts_and_planner_are_whole(text: str) -> None:
    assert not mixed(text)


def test_a_day_in_an_english_sentence_is_english() -> None:
    with i18n.speaking("sv"):
        said = words.sentence(f"2026-11-25: {FOREIGN}")
        begins = words.timed_sentence("nobody has ever begun at 2026-11-24T06:00:00Z", NOW, ZONE)
    assert said == "Wednesday: the disk of this server is full."
    assert begins == "Nobody has ever begun at 07:00 tomorrow."


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(drawn=homes())
def test_every_warning_of_the_planner_is_told_in_swedish(drawn) -> None:  # noqa: ANN001
    with i18n.speaking("sv"):
        said = [words.sentence(each) for each in make_plan(*drawn).warnings]
    assert [each for each in said if ENGLISH.search(NAMES.sub("", each))] == []


BROKEN = {
    "battery": "battery: {capacity_kwh: minus}\n",
    "band": "battery: {min_soc_percent: 90, max_soc_percent: 20}\n",
    "area": "nordpool: {price_area: Sweden}\n",
    "zone": "timezone: Mars/X\n",
    "address": "home_assistant: {url: homeassistant.local}\n",
    "entity": "home_assistant: {battery_soc_entity_id: Mitt batteri}\n",
    "typo": "nordpol: {price_area: SE4}\n",
    "heater": "water_heating: {power_kw: 3, max_blocks_per_day: 99}\n",
    "providers": "prices: {providers: [nobody]}\n",
    "rule": "tariff: {grid_transfer: [{hours: 25-30, value: 1}]}\n",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_wrong_setting_is_told_whole(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.yaml").write_text(text)
    monkeypatch.setenv("DARKSTAR_CONFIG", str(tmp_path / "config.yaml"))
    with pytest.raises(SettingsError) as refused:
        load_settings()
    reasons = [problem.reason for problem in refused.value.problems]
    assert [
        each for each in [*reasons, re.sub(r"/\S+/", "", str(refused.value))] if mixed(each)
    ] == []
