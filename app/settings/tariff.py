"""The home's own tariff: what a kWh costs beyond spot, by date, month, day and hour.

Each component is a list of rules; the first rule that fits a slot counts. Dates, months, days and
hours are the home's local ones. Defaults live here only; how a tariff, a pack and ``pricing``
stand to each other is in ``tariff_layers``.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from app.settings.home import Group, MoneyPerKwh, Percent
from app.settings.tariff_segments import gaps

PackName = Literal[
    "SE1", "SE2", "SE3", "SE4", "NO1", "NO2", "NO3", "NO4", "NO5", "DK1", "DK2", "FI"
]
TaxZone = Literal["standard", "reduced"]
Day = Literal[
    "mon", "tue", "wed", "thu", "fri", "sat", "sun", "workday", "weekend", "holiday"
]  # fmt: skip
HOLIDAY_DAYS: Final = {"workday", "weekend", "holiday"}

AnyRule = TypeVar("AnyRule", bound="Rule")

_HOURS = re.compile(r"([01]?\d|2[0-3])-([01]?\d|2[0-4])")


def _listed(given: Any) -> Any:
    return [given] if isinstance(given, str | int) and not isinstance(given, bool) else given


def _hours(text: str) -> str:
    found = _HOURS.fullmatch(text.replace(" ", ""))
    if found is None or int(found[1]) == int(found[2]):
        raise ValueError("write local hours as from-to, e.g. 06-22, or 22-06 across midnight")
    return f"{int(found[1]):02d}-{int(found[2]):02d}"


def _rules(given: Any, amount: str) -> Any:
    """Let one number, or one rule, stand for a list of one."""
    if isinstance(given, int | float) and not isinstance(given, bool):
        return [{amount: given}]
    return [given] if isinstance(given, Mapping) else given


def _complete(rules: tuple[AnyRule, ...]) -> tuple[AnyRule, ...]:
    if problem := gaps(rules):
        raise ValueError(problem)
    return rules


class Rule(Group):
    """When a figure holds; what is not given does not matter. ``valid_to`` is the last day.

    ``workday`` is Monday to Friday without holidays, ``weekend`` Saturday, Sunday and holidays;
    ``mon`` to ``sun`` are those weekdays, holiday or not.
    """

    valid_from: date | None = None
    valid_to: date | None = None
    months: Annotated[tuple[Annotated[int, Field(ge=1, le=12)], ...], BeforeValidator(_listed)] = ()
    days: Annotated[tuple[Day, ...], BeforeValidator(_listed)] = ()
    hours: Annotated[
        tuple[Annotated[str, AfterValidator(_hours)], ...], BeforeValidator(_listed)
    ] = ()

    @model_validator(mode="after")
    def _dates_are_in_order(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValueError(
                f"valid_from ({self.valid_from}) must not be after "
                f"valid_to ({self.valid_to}); swap them"
            )
        return self

    @property
    def is_always(self) -> bool:
        """Whether the rule fits every slot of the days it is valid on."""
        return not (self.months or self.days or self.hours)

    @property
    def hour_ranges(self) -> tuple[tuple[int, int], ...]:
        """The hours as (first, end), end exclusive; end before first runs across midnight."""
        pairs = (text.split("-") for text in self.hours)
        return tuple((int(first), int(end)) for first, end in pairs)


class Charge(Rule):
    """A fee or credit: an amount per kWh, a share of the spot price, or both."""

    per_kwh: MoneyPerKwh = 0
    percent_of_spot: float = Field(default=0, ge=-100, le=100)

    @model_validator(mode="after")
    def _says_how_much(self) -> Self:
        if not self.model_fields_set & {"per_kwh", "percent_of_spot"}:
            raise ValueError("how much is missing; write per_kwh or percent_of_spot (0 for none)")
        return self


class TaxedCharge(Charge):
    """A part of the import price; ``includes_vat`` if the figure was quoted with VAT on it."""

    includes_vat: bool = False


class Rate(Rule):
    """A VAT rate."""

    percent: Percent


def _charges(given: Any) -> Any:
    return _rules(given, "per_kwh")


def _rates(given: Any) -> Any:
    return _rules(given, "percent")


TaxedCharges = Annotated[
    tuple[TaxedCharge, ...], BeforeValidator(_charges), AfterValidator(_complete)
]
Charges = Annotated[tuple[Charge, ...], BeforeValidator(_charges), AfterValidator(_complete)]
Rates = Annotated[tuple[Rate, ...], BeforeValidator(_rates), AfterValidator(_complete)]


class Tariff(Group):
    """Pack and own rules; an empty list leaves the component to the pack, then to ``pricing``.

    import = (spot + spot_markup + grid_transfer + energy_tax) x (1 + VAT);
    export = spot x (1 + export VAT) - export_fees + export_credit.
    """

    pack: PackName | None = None
    tax_zone: TaxZone | None = None
    holiday_country: str | None = None
    holiday_subdivision: str | None = None
    holiday_kinds: tuple[str, ...] = ("public",)
    spot_markup: TaxedCharges = ()
    grid_transfer: TaxedCharges = ()
    energy_tax: TaxedCharges = ()
    vat: Rates = ()
    export_vat: Rates = ()
    export_fees: Charges = ()
    export_credit: Charges = ()

    @model_validator(mode="after")
    def _a_zone_belongs_to_a_pack(self) -> Self:
        if self.tax_zone and not self.pack:
            raise ValueError("tax_zone chooses among a pack's figures; set pack, or remove it")
        return self

    @property
    def knows_holidays(self) -> bool:
        """Whether a rule asks which days are holidays."""
        rules = (rule for found in self.own_rules().values() for rule in found)
        return any(HOLIDAY_DAYS.intersection(rule.days) for rule in rules)

    def own_rules(self) -> dict[str, tuple[Rule, ...]]:
        """Return the rules by component, without the components that have none."""
        names = ("spot_markup", "grid_transfer", "energy_tax", "vat")
        exports = ("export_vat", "export_fees", "export_credit")
        rules = {name: getattr(self, name) for name in (*names, *exports)}
        return {name: found for name, found in rules.items() if found}
