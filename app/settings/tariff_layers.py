"""Which figure wins: the home's own rules, then the pack, then ``pricing``; and what is missing.

For each component and day the first that has a figure counts. Own rules and packs reach from their
first day on: past their last day the last figure goes on, marked estimated, and a notice names it.
With a pack, a ``pricing`` value counts only where the owner wrote it: the shipped default of a
Swedish grid fee must not slip into a Finnish bill.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from app.settings import Settings
from app.settings.tariff import Rule
from app.settings.tariff_packs import pack_of, tariff_holidays
from app.settings.tariff_segments import Segment, segments

# Component: the field of ``pricing`` below it.
BASE_FIELDS: Final = {
    "spot_markup": "spot_markup_per_kwh",
    "grid_transfer": "grid_transfer_fee_per_kwh",
    "energy_tax": "energy_tax_per_kwh",
    "vat": "vat_percent",
    "export_vat": "export_vat_percent",
    "export_fees": "export_fees_per_kwh",
    "export_credit": "export_grid_benefit_per_kwh",
}


@dataclass(frozen=True, slots=True)
class Line:
    """Rules of one origin, cut into spans of days."""

    origin: str
    spans: tuple[Segment[Rule], ...]

    @property
    def first_day(self) -> date | None:
        """The first day with a figure, None if there is no day before it."""
        return self.spans[0].start

    @property
    def expires(self) -> date | None:
        """The first day without a figure, None if the last one is open-ended."""
        return self.spans[-1].start if self.spans[-1].expired else None


@dataclass(frozen=True, slots=True)
class Component:
    """One part of the price: own rules, the pack's lines (oldest first, they add up), the base.

    ``base`` is per kWh or in percent; ``base_is_known`` is false where it is a 0 that stands in for
    a figure that neither the pack nor the owner gave.
    """

    name: str
    own: Line | None
    pack: tuple[Line, ...]
    base: float
    base_is_known: bool


def components(settings: Settings) -> dict[str, Component]:
    """Return every component of the home's tariff with its layers."""
    own = settings.tariff.own_rules()
    area = settings.tariff.pack
    pack = pack_of(area) if area else None
    lines = pack.lines(area, settings.tariff.tax_zone or "standard") if pack and area else {}
    found = {}
    for name, field in BASE_FIELDS.items():
        counts = pack is None or field in settings.pricing.model_fields_set
        packed = [
            Line(f"{label} of pack {area}", segments(rules))
            for label, rules in lines.get(name, {}).items()
        ]
        left_open = pack is not None and (name in pack.to_enter or bool(packed))
        found[name] = Component(
            name,
            own=Line(f"tariff.{name}", segments(own[name])) if name in own else None,
            pack=tuple(sorted(packed, key=lambda line: line.first_day or date.min)),
            base=getattr(settings.pricing, field) if counts else 0.0,
            base_is_known=counts or not left_open,
        )
    return found


def holidays(settings: Settings) -> tuple[date, ...]:
    """Return the holidays of the tariff's country; none where no rule asks for them."""
    return tariff_holidays(settings.tariff, area=settings.nordpool.price_area)


def source(settings: Settings) -> str:
    """Name where the tariff comes from, e.g. ``own tariff, pack SE3``."""
    own = ["own tariff"] if settings.tariff.own_rules() else []
    pack = [f"pack {settings.tariff.pack}"] if settings.tariff.pack else []
    return ", ".join([*own, *pack]) or "pricing"


def missing(settings: Settings) -> tuple[str, ...]:
    """Say which figures only the owner can give and has not; each counts as 0 until then."""
    area = settings.tariff.pack
    if area is None:
        return ()
    to_enter = pack_of(area).to_enter
    return tuple(
        f"{each.name} is not in pack {area} and counts as 0; "
        f"enter tariff.{each.name}: {to_enter[each.name]}"
        for each in components(settings).values()
        if not (each.base_is_known or each.own or each.pack)
    )


def expired(settings: Settings, days: Sequence[date]) -> tuple[str, ...]:
    """Say which figures have run out by the last of ``days``; the last known ones go on."""
    last = max(days, default=date.min)
    found = []
    for each in components(settings).values():
        lines = each.pack
        if each.own:
            covered = each.own.first_day is None or each.own.first_day <= min(days, default=last)
            lines = (each.own,) if covered else (each.own, *each.pack)
        for line in lines:
            if line.expires and line.expires <= last:
                until = line.expires - timedelta(days=1)
                found.append(
                    f"{line.origin} is known until {until:%-d %B %Y} only and goes on from then; "
                    f"enter tariff.{each.name}"
                )
    return tuple(found)
