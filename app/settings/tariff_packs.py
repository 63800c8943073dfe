"""Tariff packs: the figures of a price area that a public page states, each with its source.

One file a country in ``packs``. What a pack does not hold is the home's to enter: grid fees
and markups differ by company. ``docs/tariffs.md`` lists every figure.
"""

from collections import defaultdict
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from app.core.holiday_days import holidays_of
from app.core.yaml_file import read_mapping
from app.settings.home import Group, MoneyPerKwh, Percent
from app.settings.tariff import PackName, Rate, Rule, Tariff, TaxedCharge, TaxZone

FOLDER: Final = Path(__file__).resolve().parent / "packs"


class Figure(Group):
    """One cited figure; per kWh without VAT. ``certain`` is false where only a second hand says so.

    Figures of one component with different names add up; those of one name follow each other.
    """

    component: Literal["energy_tax", "vat"]
    name: str
    areas: tuple[PackName, ...] = ()
    zone: TaxZone | None = None
    per_kwh: MoneyPerKwh | None = None
    percent: Percent | None = None
    valid_from: date
    valid_to: date | None = None
    source: str
    url: str = Field(pattern=r"^https?://")
    published: str
    read: date
    certain: bool = True
    note: str = ""

    def rule(self) -> Rule:
        """Return the figure as a rule."""
        dates = {"valid_from": self.valid_from, "valid_to": self.valid_to}
        if self.percent is not None:
            return Rate.model_validate({"percent": self.percent, **dates})
        return TaxedCharge.model_validate({"per_kwh": self.per_kwh, **dates})


class Pack(Group):
    """The figures of one country. ``zones`` says where the reduced ones hold, by area."""

    country: str
    currency: Literal["SEK", "EUR", "NOK", "DKK"]
    zones: dict[PackName, str]
    zone_must_be_told: tuple[PackName, ...] = ()
    to_enter: dict[str, str]
    figures: tuple[Figure, ...]

    def lines(self, area: PackName, zone: TaxZone) -> dict[str, dict[str, tuple[Rule, ...]]]:
        """Return the rules that hold in ``area`` by component and name, oldest first."""
        found: dict[str, dict[str, list[Figure]]] = defaultdict(lambda: defaultdict(list))
        for figure in self.figures:
            if area in (figure.areas or (area,)) and figure.zone in {None, zone}:
                found[figure.component][figure.name].append(figure)
        return {
            component: {
                name: tuple(each.rule() for each in sorted(figures, key=lambda f: f.valid_from))
                for name, figures in names.items()
            }
            for component, names in found.items()
        }


@lru_cache(maxsize=4)
def pack_of_country(country: str) -> Pack:
    """Return the pack of a country, as shipped."""
    return Pack.model_validate(read_mapping(FOLDER / f"{country}.yaml"))


def pack_of(area: PackName) -> Pack:
    """Return the pack that holds a price area."""
    return pack_of_country(area[:2])


def tariff_holidays(tariff: Tariff, *, area: str) -> tuple[date, ...]:
    """Return the holidays a tariff asks for, those of the area's country unless it names another.

    Raises ``ValueError`` for a country, subdivision or kind that is not known.
    """
    if not (tariff.knows_holidays or tariff.holiday_country):
        return ()
    country = tariff.holiday_country or area[:2]
    return holidays_of(country, tariff.holiday_subdivision, tariff.holiday_kinds)


def require_fit(tariff: Tariff, *, area: str, currency: str) -> None:
    """Raise ``ValueError`` unless holidays and pack are of the home's area, currency, tax zone."""
    tariff_holidays(tariff, area=area)
    if tariff.pack is None:
        return
    pack = pack_of(tariff.pack)
    if tariff.pack != area:
        raise ValueError(
            f"tariff.pack ({tariff.pack}) is not the price area ({area}); write the same area"
        )
    if pack.currency != currency:
        raise ValueError(
            f"tariff.pack ({tariff.pack}) is in {pack.currency}, prices are in {currency}; "
            f"set the currency to {pack.currency}"
        )
    where = pack.zones.get(tariff.pack)
    if where is None and tariff.tax_zone == "reduced":
        raise ValueError(
            f"tariff.tax_zone = 'reduced': {tariff.pack} has no reduced figures; remove it"
        )
    if tariff.pack in pack.zone_must_be_told and tariff.tax_zone is None:
        raise ValueError(
            f"tariff.tax_zone is missing: in {tariff.pack} it depends on the municipality; "
            f"write reduced ({where}) or standard"
        )
