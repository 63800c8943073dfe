"""The packs hold cited figures only, and the document lists each of them."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from app.core.frames import SLOT
from app.settings import Settings
from app.settings.store.sources import load_settings
from app.settings.tariff import PackName
from app.settings.tariff_layers import expired, missing, source
from app.settings.tariff_packs import FOLDER, Pack, pack_of, pack_of_country
from app.settings.tariff_segments import gaps
from app.tariff.prices import with_parts
from app.tariff.status import tariff_status
from tests.ingest.test_tariff_parts import spot_frame

AREAS: tuple[PackName, ...] = get_args(PackName)
COUNTRIES = ("SE", "NO", "DK", "FI")
DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "tariffs.md"
CURRENCY = {"SE": "SEK", "NO": "NOK", "DK": "DKK", "FI": "EUR"}
ROW = re.compile(
    r"^\| (?P<where>[A-Z0-9, ]+?)(?:, (?P<zone>standard|reduced))? \| (?P<name>[^|]+) "
    r"\| (?P<value>[\d.]+) (?P<unit>%|[A-Z]{3})(?P<doubt> \?)? "
    r"\| (?P<first>[\d-]+) \| (?P<last>[\d-]*) \| \[(?P<source>[^]]+)\]\((?P<url>\S+)\), "
    r"(?P<published>[\d-]+)",
    re.MULTILINE,
)


def home(area: str, **tariff: Any) -> Settings:
    prices = {"price_area": area, "currency": CURRENCY[area[:2]]}
    return Settings.model_validate({"nordpool": prices, "tariff": {"pack": area, **tariff}})


def parts_on(settings: Settings, day: date) -> dict[str, Any]:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return with_parts(spot_frame(noon, [0.0]), settings).row(0, named=True)


def test_the_document_lists_every_figure_of_every_pack_and_no_other() -> None:
    in_packs = [
        (
            ", ".join(figure.areas) or country,
            figure.zone or "",
            figure.name,
            figure.per_kwh if figure.percent is None else figure.percent,
            "%" if figure.percent is not None else pack_of_country(country).currency,
            figure.certain,
            str(figure.valid_from),
            str(figure.valid_to or ""),
            figure.source,
            figure.url,
            figure.published,
        )
        for country in COUNTRIES
        for figure in pack_of_country(country).figures
    ]
    listed = [
        (
            row["where"],
            row["zone"] or "",
            row["name"],
            float(row["value"]),
            row["unit"],
            not row["doubt"],
            row["first"],
            row["last"],
            row["source"],
            row["url"],
            row["published"],
        )
        for row in ROW.finditer(DOCUMENT.read_text(encoding="utf-8"))
    ]
    assert listed == in_packs
    assert len(listed) == 22


def test_every_file_is_a_pack_and_every_area_has_one() -> None:
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(COUNTRIES)
    for area in AREAS:
        pack = pack_of(area)
        assert pack.currency == CURRENCY[pack.country]
        assert {"spot_markup", "grid_transfer"} == set(pack.to_enter)
        for zone in ("standard", "reduced") if area in pack.zones else ("standard",):
            lines = pack.lines(area, zone)  # type: ignore[arg-type]
            assert set(lines) == {"vat", "energy_tax"}
            for names in lines.values():
                assert [gaps(rules) for rules in names.values()] == [""] * len(names)


@pytest.mark.parametrize(
    ("area", "zone", "vat_percent", "energy_tax"),
    [
        ("SE4", None, 25, 0.36),
        ("SE3", "reduced", 25, 0.264),
        ("SE1", "reduced", 25, 0.264),
        ("SE2", "standard", 25, 0.36),
        ("NO1", None, 25, 0.0813),  # 7.13 + 1 øre
        ("NO4", "standard", 0, 0.0813),
        ("NO4", "reduced", 0, 0.01),
        ("DK1", None, 25, 0.008),
        ("FI", None, 25.5, 0.02325),
    ],
)
def test_what_a_home_pays_in_november_2026(
    area: str, zone: str | None, vat_percent: float, energy_tax: float
) -> None:
    parts = parts_on(home(area, tax_zone=zone, grid_transfer=0, spot_markup=0), date(2026, 11, 26))
    assert parts["energy_tax_per_kwh"] == pytest.approx(energy_tax, abs=1e-15)
    assert parts["import_price_per_kwh"] == pytest.approx(energy_tax * (1 + vat_percent / 100))
    assert not parts["estimated"]


def test_norwegian_taxes_follow_the_season() -> None:
    taxes = [
        parts_on(home("NO2", grid_transfer=0, spot_markup=0), date(2025, month, 15))
        for month in (2, 6, 11)
    ]
    assert [round(each["energy_tax_per_kwh"], 6) for each in taxes] == [0.1079, 0.1793, 0.1353]


def test_what_the_pack_lacks_is_named_and_never_guessed() -> None:
    bare = home("FI")
    assert [text.split(" ")[0] for text in missing(bare)] == ["spot_markup", "grid_transfer"]
    parts = parts_on(bare, date(2026, 11, 26))
    # The shipped default, 0.2456, is a Swedish grid fee in SEK.
    assert parts["grid_transfer_per_kwh"] == 0
    assert parts["estimated"]
    (status,) = tariff_status(bare, [datetime(2026, 11, 26, tzinfo=UTC)])
    assert (status.source, status.quality) == ("pack FI", "estimated")


def test_the_notice_comes_at_start_and_goes_when_the_figures_are_there(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("nordpool: {price_area: SE3}\ntariff: {pack: SE3, spot_markup: 0.04}\n")
    (notice,) = load_settings(path, environ={}).notices
    assert "enter tariff.grid_transfer: the transfer fee per kWh" in notice
    path.write_text(path.read_text() + "pricing: {grid_transfer_fee_per_kwh: 0.3}\n")
    loaded = load_settings(path, environ={})
    assert loaded.notices == ()
    parts = parts_on(loaded.settings, date(2026, 11, 26))
    assert (parts["grid_transfer_per_kwh"], parts["energy_tax_per_kwh"]) == (0.3, 0.36)


def test_own_rules_win_over_the_pack_and_the_pack_over_pricing() -> None:
    pricing = {"energy_tax_per_kwh": 9, "grid_transfer_fee_per_kwh": 0.3}
    base = {"nordpool": {"price_area": "SE3"}, "pricing": pricing}
    packed = Settings.model_validate({**base, "tariff": {"pack": "SE3", "spot_markup": 0}})
    day = date(2026, 11, 26)
    assert parts_on(packed, day)["energy_tax_per_kwh"] == 0.36
    own = Settings.model_validate({**base, "tariff": {"pack": "SE3", "energy_tax": 0.5}})
    assert parts_on(own, day)["energy_tax_per_kwh"] == 0.5
    from_2027 = {"pack": "SE3", "energy_tax": {"per_kwh": 0.5, "valid_from": "2027-01-01"}}
    later = Settings.model_validate({**base, "tariff": from_2027})
    found = [parts_on(later, date(year, 12, 31))["energy_tax_per_kwh"] for year in (2026, 2027)]
    assert found == [0.36, 0.5]
    plain = Settings.model_validate(base)
    assert parts_on(plain, day)["energy_tax_per_kwh"] == 9
    assert [source(each) for each in (plain, packed)] == ["pricing", "own tariff, pack SE3"]


def test_a_figure_that_has_run_out_goes_on_marked_estimated_from_that_midnight() -> None:
    settings = home("SE3", grid_transfer=0.2, spot_markup=0)
    before = datetime(2026, 12, 31, 22, 45, tzinfo=UTC)  # 23:45 at home
    frame = with_parts(spot_frame(before, [0.0, 0.0]), settings)
    assert frame["energy_tax_per_kwh"].to_list() == [0.36, 0.36]
    assert frame["estimated"].to_list() == [False, True]
    assert expired(settings, [date(2026, 12, 31)]) == ()
    (text,) = expired(settings, [date(2026, 12, 31), date(2027, 1, 1)])
    assert text == (
        "energiskatt of pack SE3 is known until 31 December 2026 only and goes on from then; "
        "enter tariff.energy_tax"
    )
    assert tariff_status(settings, [before])[0].quality == "live"
    assert tariff_status(settings, [before + SLOT])[0].quality == "estimated"


def test_days_before_the_packs_first_figure_are_estimated() -> None:
    parts = parts_on(home("SE3", grid_transfer=0.2, spot_markup=0), date(2023, 6, 1))
    assert parts["estimated"]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("nordpool: {price_area: SE4}\ntariff: {pack: SE3}", "write the same area"),
        ("nordpool: {price_area: FI}\ntariff: {pack: FI}", "set the currency to EUR"),
        ("nordpool: {price_area: SE2}\ntariff: {pack: SE2}", "write reduced (every municipality"),
        ("tariff: {pack: SE4, tax_zone: reduced}", "SE4 has no reduced figures"),
        ("tariff: {tax_zone: reduced}", "set pack, or remove it"),
        ("tariff: {pack: SE5}", "tariff.pack = 'SE5'"),
        ("tariff: {grid_transfer: cheap}", "tariff.grid_transfer"),
        ("tariff: {grid_transfer: {}}", "write per_kwh or percent_of_spot"),
        ("tariff: {grid_transfer: {per_kw: 1}}", "did you mean tariff.grid_transfer.per_kwh"),
        ("tariff: {grid_transfer: 500}", "tariff.grid_transfer.0.per_kwh = 500"),
        ("tariff: {grid_transfer: [{per_kwh: .nan}]}", "finite"),
        ("tariff: {grid_transfer: [{per_kwh: 1, hours: 6-25}]}", "e.g. 06-22"),
        ("tariff: {grid_transfer: [{per_kwh: 1, hours: 6-6}]}", "e.g. 06-22"),
        ("tariff: {grid_transfer: [{per_kwh: 1, hours: 06-22}]}", "end the list with one"),
        ("tariff: {grid_transfer: [{per_kwh: 1, months: [13]}]}", "grid_transfer.0.months.0 = 13"),
        ("tariff: {grid_transfer: [{per_kwh: 1, days: monday}]}", "'mon'"),
        ("tariff: {grid_transfer: [{per_kwh: 1, valid_from: soon}]}", "valid_from = 'soon'"),
        (
            "tariff: {grid_transfer: [{per_kwh: 1, valid_from: 2026-02-01, valid_to: 2026-01-01}]}",
            "swap them",
        ),
        (
            "tariff:\n  energy_tax:\n  - {per_kwh: 1, valid_to: 2025-12-31}\n  - {per_kwh: 2, valid_from: 2026-01-02}",  # noqa: E501
            "from 2026-01-01 on no rule is valid until 2026-01-02; close the gap",
        ),
        (
            "tariff: {energy_tax: [{per_kwh: 1, days: sun}, {per_kwh: 2, valid_from: 2026-01-01}]}",
            "from the beginning no rule fits outside",
        ),
        ("tariff: {export_fees: [{per_kwh: 1, includes_vat: true}]}", "no such setting"),
        ("tariff: {vat: 250}", "tariff.vat.0.percent = 250"),
        ("tariff: {vat: {per_kwh: 1}}", "tariff.vat.0.percent: is missing"),
        ("tariff: {holiday_country: NO}", "put it in quotes"),
        ("tariff: {holiday_country: Sweden}", "holiday_country 'Sweden' is not known"),
        ("tariff: {holiday_country: 'NO', holiday_subdivision: x}", "holiday_subdivision 'x'"),
        ("tariff: {holiday_country: SE, holiday_kinds: [eves]}", "holiday_kinds 'eves'"),
        (
            "tariff: {holiday_kinds: [eves], vat: [{percent: 1, days: holiday}, {percent: 2}]}",
            "eves",
        ),
        ("pricing: {billed_by: day}", "pricing.billed_by = 'day'"),
    ],
)
def test_a_wrong_tariff_is_refused_with_field_value_and_fix(
    tmp_path: Path, config: str, said: str
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(config)
    with pytest.raises(Exception, match=re.escape(said)) as caught:
        load_settings(path, environ={})
    assert type(caught.value).__name__ == "SettingsError"


@pytest.mark.parametrize(
    "wrong", [{"source": None}, {"url": "a page"}, {"read": None}, {"component": "grid_transfer"}]
)
def test_a_pack_takes_no_figure_without_its_source(wrong: dict[str, Any]) -> None:
    pack = pack_of("SE3").model_dump(mode="json")
    Pack.model_validate(pack)
    pack["figures"][0] = {**pack["figures"][0], **wrong}
    with pytest.raises(ValidationError):
        Pack.model_validate(pack)
