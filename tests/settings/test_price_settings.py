"""The order of price providers: refused with the reason where nobody could be asked."""

from pathlib import Path
from typing import Any

import pytest

from app.core.errors import SettingsError
from app.ingest.prices.entsoe import ZONES
from app.ingest.prices.providers import providers
from app.settings import Settings
from app.settings.prices import COVERS, ProviderName
from app.settings.store.sources import load_settings


def loaded(tmp_path: Path, text: str, **environ: str) -> Settings:
    (tmp_path / "config.yaml").write_text(text)
    return load_settings(tmp_path / "config.yaml", environ=environ).settings


@pytest.mark.parametrize(
    ("area", "names"),
    [
        ("SE1", ["nordpool", "elprisetjustnu"]),
        ("SE4", ["nordpool", "elprisetjustnu", "energi_data_service"]),
        ("NO5", ["nordpool", "hvakosterstrommen"]),
        ("DK2", ["nordpool", "energi_data_service"]),
        ("FI", ["nordpool"]),
    ],
)
def test_by_default_those_without_a_key_that_cover_the_area_are_asked(
    area: str, names: list[str]
) -> None:
    home = Settings.model_validate({"nordpool": {"price_area": area}})
    assert [each.name for each in providers(home)] == names


def test_the_order_is_the_settings_order(tmp_path: Path) -> None:
    home = loaded(
        tmp_path,
        "prices: {providers: [nordpool]}",
        DARKSTAR_PRICES__PROVIDERS='["entsoe", "nordpool", "energy_charts"]',
        DARKSTAR_ENTSOE__TOKEN="hush",  # noqa: S106 - opens nothing
        DARKSTAR_ENTSOE__BASE_URL="http://127.0.0.1:9/e",
    )
    assert [each.name for each in providers(home)] == ["entsoe", "nordpool", "energy_charts"]
    assert "hush" not in repr(home) + repr(providers(home)) + home.model_dump_json()


# A file has no address.
@pytest.mark.parametrize("name", [name for name in COVERS if name != "file"])
def test_every_provider_has_an_address_of_its_own_and_a_name_for_people(
    name: ProviderName, tmp_path: Path
) -> None:
    area = min(COVERS[name] or {"SE4"})
    home = loaded(
        tmp_path,
        f"nordpool: {{price_area: {area}}}",
        **{
            "DARKSTAR_PRICES__PROVIDERS": f'["{name}"]',
            f"DARKSTAR_{name.upper()}__BASE_URL": "http://127.0.0.1:9/x",
            "DARKSTAR_ENTSOE__TOKEN": "a",
            "DARKSTAR_TIBBER__TOKEN": "b",
        },
    )
    (provider,) = providers(home)
    assert provider.name == name
    assert provider.source
    assert "http://127.0.0.1:9/x" in repr(provider)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no token": ({"prices": {"providers": ["nordpool", "entsoe"]}}, "entsoe.token is not set"),
    "no tibber token": ({"prices": {"providers": ["tibber"]}}, "tibber.token is not set"),
    "unknown": ({"prices": {"providers": ["nordpol"]}}, "should be 'nordpool'"),
    "none": ({"prices": {"providers": []}}, "at least 1 item"),
    "twice": ({"prices": {"providers": ["nordpool", "nordpool"]}}, "listed twice"),
    "nobody covers the area": (
        {"prices": {"providers": ["hvakosterstrommen"]}, "nordpool": {"price_area": "SE2"}},
        "none of hvakosterstrommen covers SE2; add one of elprisetjustnu, entsoe, file, nordpool",
    ),
    "restricted zone": (
        {"prices": {"providers": ["energy_charts"]}, "nordpool": {"price_area": "SE3"}},
        "none of energy_charts covers SE3",
    ),
    "address": ({"entsoe": {"base_url": "http://me:pw@x"}}, "must not hold a user or password"),
}


@pytest.mark.parametrize(("tree", "words"), REFUSED.values(), ids=REFUSED)
def test_an_order_that_cannot_work_is_refused_with_the_fix(
    tree: dict[str, Any], words: str, tmp_path: Path
) -> None:
    lines = "\n".join(f"{group}: {values}" for group, values in tree.items())
    with pytest.raises(SettingsError, match=words):
        loaded(tmp_path, lines)


def test_every_zone_of_entsoe_has_its_right_check_character() -> None:
    """The 16th character of an energy identification code follows from the other fifteen."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"
    for zone in ZONES.values():
        weighted = sum(digits.index(char) * (16 - at) for at, char in enumerate(zone[:15]))
        assert zone[15] == digits[36 - (weighted - 1) % 37]
    assert set(ZONES) == COVERS["entsoe"]
