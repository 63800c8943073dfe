"""The page of forecasts: one card each for price, sun, consumption and weather."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.api.forecasts.chart import Axis, ChartView, Drawn, chart
from app.api.forecasts.energy import Quantity, energy_facts, score_sentences
from app.api.forecasts.facts import TEMPERATURE, Facts
from app.api.forecasts.hours import TableView, table
from app.api.forecasts.price import price_facts, price_summary
from app.core.frames import SLOT_HOURS
from app.service.schemas.plan import InputOut
from app.wording import words
from app.wording.i18n import _
from app.wording.told import told

Values = Mapping[datetime, float]
# A plan is made every hour, and each keeps a weather forecast.
_FRESH = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure of a card."""

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class CardView:
    """A card: ``quality`` is a CSS class; ``empty`` stands in place of a chart."""

    name: str
    title: str
    quality: str
    quality_text: str
    source: str
    facts: tuple[Fact, ...]
    chart: ChartView | None
    legend: tuple[tuple[str, str], ...]
    summary: str
    notes: tuple[str, ...]
    table: TableView | None
    empty: str


@dataclass(frozen=True, slots=True)
class ForecastView:
    """Everything ``_forecast.html`` may use; ``problem`` says why there are no cards."""

    problem: str
    cards: tuple[CardView, ...]


def unavailable(reason: str) -> ForecastView:
    """Return the view while nothing can be read."""
    return ForecastView(words.sentence(reason), ())


def forecast_view(facts: Facts) -> ForecastView:
    """Return the page."""
    return ForecastView(
        "",
        (
            _price_card(facts),
            _energy_card(facts, Quantity("pv_kwh", "pv", _("Sun"), "pv")),
            _energy_card(facts, Quantity("load_kwh", "load", _("Consumption"), "load")),
            _weather_card(facts),
        ),
    )


def _price_card(facts: Facts) -> CardView:
    axis, unit = facts.axis, f"{facts.currency}/kWh"
    known = {each.slot_start: each.import_price_per_kwh for each in facts.prices}
    guessed = {each.slot_start for each in facts.prices if each.estimated}
    estimated = guessed | set(facts.estimated_prices)
    shown = {**facts.estimated_prices, **known}
    lines = (
        Drawn("price", shown, filled=True),
        Drawn("sell", {each.slot_start: each.export_price_per_kwh for each in facts.prices}),
    )
    label = _("Buying and selling price from yesterday to tomorrow, in {unit}", unit=unit)
    columns = (
        (_("Buy"), shown),
        (_("Sell"), lines[1].values),
    )
    badge, text, source = _origin(facts, facts.input("prices"))
    return CardView(
        name="price",
        title=_("Price"),
        quality=badge,
        quality_text=text,
        source=source,
        facts=tuple(Fact(*each) for each in price_facts(facts, known)),
        chart=chart("price", axis, lines, unit=unit, label=label, estimated=estimated),
        legend=_legend(("price", _("buying")), ("sell", _("selling"))),
        summary=price_summary(facts, known),
        notes=(),
        table=table(axis, columns, unit=unit, estimated=estimated) if shown else None,
        empty=_("No price is known yet. Prices show here once they are published."),
    )


def _energy_card(facts: Facts, what: Quantity) -> CardView:
    forecast, actual = facts.forecast.get(what.kind, {}), facts.actual.get(what.kind, {})
    forecast_kw, actual_kw = _kw(forecast), _kw(actual)
    lines = (Drawn(what.css, forecast_kw, filled=True), Drawn("actual", actual_kw))
    label = _("{name} from yesterday to tomorrow in kW: forecast and measured", name=what.title)
    badge, text, source = _origin(facts, facts.input(what.input))
    notes = list(score_sentences(facts.scores, what.kind))
    if not actual:
        notes.insert(0, _no_actuals())
    columns = ((_("Forecast"), forecast_kw), (_("Measured"), actual_kw))
    return CardView(
        name=what.css,
        title=what.title,
        quality=badge,
        quality_text=text,
        source=source,
        facts=tuple(Fact(*each) for each in energy_facts(forecast, actual, facts.axis)),
        chart=chart(what.css, facts.axis, lines, unit="kW", label=label),
        legend=_legend((what.css, _("forecast")), *_measured(actual)),
        summary=_peak(forecast_kw, facts.axis, "kW"),
        notes=tuple(notes),
        table=table(facts.axis, columns, unit="kW") if forecast or actual else None,
        empty=_("No forecast yet: the first plan brings it."),
    )


def _weather_card(facts: Facts) -> CardView:
    forecast, actual = facts.forecast.get(TEMPERATURE, {}), facts.actual.get(TEMPERATURE, {})
    lines = (Drawn("temperature", forecast), Drawn("actual", actual))
    label = _("Outdoor temperature from yesterday to tomorrow in °C: forecast and measured")
    columns = ((_("Forecast"), forecast), (_("Measured"), actual))
    quality, text, source = _temperature_origin(facts)
    return CardView(
        name="temperature",
        title=_("Weather"),
        quality=quality,
        quality_text=text,
        source=source,
        facts=(),
        chart=chart("temperature", facts.axis, lines, unit="°C", label=label),
        legend=_legend(("temperature", _("forecast")), *_measured(actual)),
        summary=_peak(forecast, facts.axis, "°C", digits=0),
        notes=() if actual else (_no_thermometer(),),
        table=table(facts.axis, columns, unit="°C", digits=1) if forecast or actual else None,
        empty=_(
            "No temperatures yet: they come with the weather of the sun forecast, which needs "
            "solar arrays and an answer from Open-Meteo."
        ),
    )


def _temperature_origin(facts: Facts) -> tuple[str, str, str]:
    """Return quality, its word, and source with age of the weather forecast."""
    issue = facts.temperature_issue
    if issue is None:
        return "missing", _(words.QUALITIES["missing"]), _("no weather forecast kept")
    if issue.issued_at is None:
        return "sample", _(words.QUALITIES["sample"]), issue.source
    age = facts.axis.now - issue.issued_at
    quality = "live" if age < _FRESH else "cached"
    source = _("{source}, {age}", source=issue.source, age=words.ago(age))
    return quality, _(words.QUALITIES[quality]), source


def _origin(facts: Facts, status: InputOut | None) -> tuple[str, str, str]:
    """Return the quality of an input, what people call it, and its source with its age."""
    if status is None:
        return "missing", _(words.QUALITIES["missing"]), _("no plan in force names a source")
    quality = status.quality.value
    text = _(words.QUALITIES[quality])
    if status.issued_at is None:
        return quality, text, told(status.source)
    age = words.ago(facts.axis.now - status.issued_at)
    return quality, text, _("{source}, {age}", source=told(status.source), age=age)


def _kw(energies: Values) -> dict[datetime, float]:
    return {slot: kwh / SLOT_HOURS for slot, kwh in energies.items()}


def _legend(*lines: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return lines


def _measured(actual: Values) -> tuple[tuple[str, str], ...]:
    return (("actual", _("measured")),) if actual else ()


def _no_actuals() -> str:
    return _(
        "No actuals yet: the recorder needs this sensor mapped under home_assistant, see "
        "docs/recorder.md."
    )


def _no_thermometer() -> str:
    return _(
        "No actuals yet: the recorder needs an outdoor thermometer "
        "(home_assistant.outdoor_temperature_entity_id), see docs/recorder.md."
    )


def _peak(values: Values, axis: Axis, unit: str, *, digits: int = 1) -> str:
    """Say where the forecast ahead is highest, and lowest where that is not merely night."""
    ahead = {slot: value for slot, value in values.items() if slot >= axis.now}
    if not ahead:
        return _("Nothing is forecast for the time ahead.")
    high, low = max(ahead, key=lambda slot: ahead[slot]), min(ahead, key=lambda slot: ahead[slot])
    high_at = words.when(high, axis.now, axis.zone)
    most = f"{words.number(ahead[high], digits)} {unit}"
    if unit == "kW" and not ahead[low]:
        return _("Ahead: highest at {high_at} ({high}).", high_at=high_at, high=most)
    return _(
        "Ahead: highest at {high_at} ({high}), lowest at {low_at} ({low}).",
        high_at=high_at,
        high=most,
        low_at=words.when(low, axis.now, axis.zone),
        low=f"{words.number(ahead[low], digits)} {unit}",
    )
