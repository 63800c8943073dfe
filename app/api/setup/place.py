"""The step of place and price: coordinates, price area, who is asked, fees and taxes."""

from collections.abc import Mapping
from typing import Any, Final, get_args

from app.api.setup.fields import Spec, stored
from app.api.setup.form import FieldView, GroupView, Sent, read_fields
from app.api.setup.places import AREAS, ZONES, cities_in
from app.settings import Settings
from app.settings.prices import ProviderName, serving
from app.settings.store.state import Seen
from app.settings.tariff import PackName
from app.settings.tariff_packs import pack_of
from app.wording.i18n import _, marked

# Not a setting by itself: what stands first in ``prices.providers``.
FIRST: Final = "prices.providers"
PACK: Final = "tariff.pack"
_PROVIDERS: Final = {
    "nordpool": "Nord Pool",
    "elprisetjustnu": "elprisetjustnu.se",
    "hvakosterstrommen": "Hva koster strømmen",
    "energi_data_service": "Energi Data Service",
    "energy_charts": "Energy-Charts",
    "entsoe": "ENTSO-E",
    "tibber": "Tibber",
    "file": marked("A file of your own"),
}
_TAX_ZONES: Final = (
    ("", marked("the usual one")),
    ("standard", marked("standard")),
    ("reduced", marked("reduced, as in the far north")),
)
_WHERE: Final = (
    Spec(
        "location.latitude",
        marked("Latitude"),
        marked("Degrees north, e.g. 55.7. A kilometre more or less does not matter."),
    ),
    Spec("location.longitude", marked("Longitude"), marked("Degrees east, e.g. 13.19.")),
    Spec(
        "timezone",
        marked("Time zone"),
        marked("Says when your day begins, e.g. Europe/Stockholm."),
        "text",
        suggestions=ZONES,
    ),
)
_PRICE: Final = (
    Spec(
        "nordpool.price_area",
        marked("Price area"),
        marked("The bidding zone on your electricity bill."),
        "choice",
        tuple((area, f"{area}: {cities_in(area)}") for area in AREAS),
    ),
    Spec(
        "nordpool.currency",
        marked("Currency"),
        marked("All prices are shown in it."),
        "choice",
        (("SEK", "SEK"), ("NOK", "NOK"), ("DKK", "DKK"), ("EUR", "EUR")),
    ),
    Spec(
        FIRST,
        marked("Ask first for prices"),
        marked("The others are asked when this one has none. Nord Pool serves every area."),
        "choice",
        tuple(_PROVIDERS.items()),
    ),
)
_FEES: Final = (
    Spec(
        "pricing.grid_transfer_fee_per_kwh",
        marked("Grid fee"),
        marked("What your grid company takes per kWh, without VAT, e.g. 0.25 kronor."),
    ),
    Spec(
        "pricing.spot_markup_per_kwh",
        marked("Supplier's markup"),
        marked("What your supplier adds to the spot price, without VAT, e.g. 0.05 kronor."),
    ),
)
_OWN_TAXES: Final = (
    Spec(
        "pricing.energy_tax_per_kwh",
        marked("Energy tax"),
        marked("Per kWh, without VAT. Only where you enter the taxes yourself."),
    ),
    Spec(
        "pricing.vat_percent",
        marked("VAT"),
        marked("25 in Sweden, Norway and Denmark. Only where you enter the taxes yourself."),
    ),
)
_TAXES: Final = (
    Spec(
        PACK,
        marked("Taxes"),
        marked("Published figures of your country, with their source in docs/tariffs.md."),
        "choice",
        (("", marked("I enter them myself")), ("area", marked("Use the published ones"))),
        optional=True,
    ),
    Spec(
        "tariff.tax_zone",
        marked("Tax rate"),
        marked("With published taxes in SE1, SE2 and NO4: the rate of your municipality."),
        "choice",
        _TAX_ZONES,
        optional=True,
    ),
    *_OWN_TAXES,
)
PLACE: Final = (*_WHERE, *_PRICE, *_FEES, *_TAXES)
_PLAIN: Final = (*_WHERE, *_PRICE[:2], *_FEES)


def place_values(settings: Settings) -> dict[str, str]:
    """Return the fields as the settings have them."""
    plain = stored(settings, tuple(spec for spec in PLACE if spec.path not in {FIRST, PACK}))
    pack = "area" if settings.tariff.pack else ""
    return plain | {FIRST: settings.prices.providers[0], PACK: pack}


def place_sent(form: Mapping[str, str], settings: Settings) -> Sent:
    """Return what the form asks to change; sample prices exist in kronor only."""
    plain = read_fields(_PLAIN, form, settings)
    taxes = _taxes(form, settings)
    changes = {**plain.changes, **taxes.changes}
    first = form.get(FIRST, "")
    if first in get_args(ProviderName) and first != settings.prices.providers[0]:
        rest = [each for each in settings.prices.providers if each != first]
        changes[FIRST] = [first, *rest]
    if changes.get("nordpool.currency", "SEK") != "SEK" and settings.is_demo:
        changes["demo_home"] = False
    return Sent(changes, {**plain.errors, **taxes.errors})


def _taxes(form: Mapping[str, str], settings: Settings) -> Sent:
    """Return the pack of the area, which gives both taxes, or the home's own figures."""
    if PACK not in form:
        return read_fields(_OWN_TAXES, form, settings)
    area = form.get("nordpool.price_area", settings.nordpool.price_area)
    now, zone = settings.tariff, form.get("tariff.tax_zone", "") or None
    if form[PACK] != "area":
        wanted = {PACK: None, "tariff.tax_zone": None}
        own = read_fields(_OWN_TAXES, form, settings)
        return Sent({**own.changes, **_differing(wanted, now)}, own.errors)
    pack = next((each for each in get_args(PackName) if each == area), None)
    if pack is None:
        text = _("There are no published figures for {area}; enter the taxes yourself.", area=area)
        return Sent({}, {PACK: text})
    if pack_of(pack).zones.get(pack) is None:
        zone = None
    changes = _differing({PACK: area, "tariff.tax_zone": zone}, now)
    # A figure of the home's own would stand over the pack's.
    said = settings.pricing.model_fields_set
    return Sent(changes | {spec.path: None for spec in _OWN_TAXES if spec.name in said})


def _differing(wanted: Mapping[str, Any], tariff: Any) -> dict[str, Any]:
    return {
        path: value
        for path, value in wanted.items()
        if value != getattr(tariff, path.rpartition(".")[2])
    }


def place_groups(fields: Mapping[str, FieldView], seen: Seen) -> tuple[GroupView, ...]:
    """Return the fields in groups, with what the settings already say beside them."""
    settings = seen.loaded.settings
    names = [_(_PROVIDERS[each]) for each in serving(settings.prices, area=_area(settings))]
    own = settings.tariff.own_rules()
    rules = _(
        "Your own rules of {names} stand over these figures; they are on the settings page.",
        names=", ".join(name.replace("_", " ") for name in own),
    )
    return (
        GroupView(_("Place"), "", "row", tuple(fields[spec.path] for spec in _WHERE)),
        GroupView(
            _("Price"),
            _("Asked now for {area}: {names}.", area=_area(settings), names=", ".join(names)),
            "row",
            tuple(fields[spec.path] for spec in _PRICE),
        ),
        GroupView(
            _("Fees and taxes"),
            rules if own else _("Per kWh, as your bills say. Without VAT: it is added at the end."),
            "row taxes",
            tuple(fields[spec.path] for spec in (*_FEES, *_TAXES)),
        ),
    )


def _area(settings: Settings) -> str:
    return settings.nordpool.price_area
