"""Reading a plan's sentences back: the figures they name, and what the plan says of each."""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from string import Formatter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from app.core.frames import SLOT_HOURS
from app.planner.model import terminal
from app.planner.model.context import Context
from app.wording import reason_texts

_ONE = r"[-\u2212]?\d+\.?\d*"
_NUMBER = rf"{_ONE}(?:(?:\u2013| to ){_ONE})?"
_CLOCK = r"\d\d:\d\d(?: [A-Z]+)?"
_TIME = rf"{_CLOCK}(?:\u2013{_CLOCK})?"
_DAY = r"[A-Z][a-z]+day"
_PARTS = {
    "later": [
        text
        for text in reason_texts.PARTS
        if text.startswith(("it ", "buying it", "a stored")) and "water" not in text
    ],
    "sold_now": [text for text in reason_texts.PARTS if "sold now" in text or "sell" in text],
    "because": [
        text for text in reason_texts.PARTS if text.startswith(("the ", "a limit", "energy"))
    ],
    "source": [text for text in reason_texts.PARTS if text.startswith("the ")],
}


class Read(NamedTuple):
    """A sentence taken apart: the text it was made from, and its figures by name."""

    text: str
    figures: dict[str, str]


@cache
def _pattern(text: str) -> str:
    """Return the pattern of every sentence that a text can make."""
    made = ""
    for literal, name, _spec, _ in Formatter().parse(text):
        made += re.escape(literal)
        if name is None:
            continue
        if name in _PARTS:
            made += f"(?P<{name}>{'|'.join(_unnamed(part) for part in _PARTS[name])})"
        elif name in {"power", "sold", "water"}:
            made += rf"(?P<{name}>{_NUMBER} kW|less than 0\.1 kW)"
        elif name == "at":
            made += rf"(?P<at>{_TIME}(?: on {_DAY})?)"
        elif name == "currency":
            made += "(?P<currency>[A-Z]{3})"
        elif name == "water_day":
            made += f"(?P<water_day>{_DAY})"
        else:
            made += f"(?P<{name}>{_NUMBER})"
    return made


@cache
def _unnamed(text: str) -> str:
    return re.sub(r"\(\?P<\w+>", "(?:", _pattern(text))


@cache
def _compiled(text: str) -> re.Pattern[str]:
    return re.compile(_pattern(text))


def _match(text: str, said: str) -> dict[str, str] | None:
    found = _compiled(text).fullmatch(said)
    if found is None:
        return None
    figures = {}
    for name, value in found.groupdict().items():
        if name not in _PARTS:
            figures[name] = value
            continue
        inner = [each for part in _PARTS[name] if (each := _match(part, value)) is not None]
        assert inner, value
        figures |= {name: value} | inner[0]
    return figures


def read(said: str) -> list[Read]:
    """Take a reason apart into its sentences: the slot's, and the heater's."""
    about, _, water = said.partition(" Heating water")
    sentences = [about, f"Heating water{water}"] if water else [about]
    found = []
    for sentence in sentences:
        texts = {**reason_texts.TEXTS, **reason_texts.VARIANTS}.values()
        reads = [
            Read(text, figures)
            for text in dict.fromkeys(texts)
            if (figures := _match(text, sentence)) is not None
        ]
        assert len(reads) == 1, (sentence, reads)
        found += reads
    return found


class Told(NamedTuple):
    """A slot of a plan with everything a sentence about it may be held against."""

    rows: list[dict[str, Any]]
    index: int
    ctx: Context

    @property
    def row(self) -> dict[str, Any]:
        return self.rows[self.index]

    @property
    def zone(self) -> ZoneInfo:
        return self.ctx.settings.zone

    def slot_at(self, said: str) -> dict[str, Any] | None:
        """Return the slot people look up on hearing a time: the first one ahead that bears it."""
        time, _, day = said.partition(" on ")
        for row in self.rows[self.index + 1 :]:
            local = row["slot_start"].astimezone(self.zone)
            if f"{local:%H:%M}" != time[:5] or (" " in time and local.tzname() != time[6:]):
                continue
            if not day or f"{local:%A}" == day:
                return row
        return None

    def until(self, start: datetime) -> list[dict[str, Any]]:
        """Return the slots between this one and another, without both."""
        return [row for row in self.rows[self.index + 1 :] if row["slot_start"] < start]


def wrong_figures(sentence: Read, told: Sequence[Told]) -> list[str]:
    """Return every figure of a sentence that is not that of its slots, with the right one."""
    by_slot = [_expected(each, sentence.figures) for each in told]
    wrong = []
    for name, value in sentence.figures.items():
        if name not in by_slot[0]:
            continue
        right = [expected[name] for expected in by_slot]
        if isinstance(right[0], str):
            same = {value} == set(right)
        elif value == "less than 0.1 kW":
            same = max(right) < 0.1
        else:
            same = _reads(value, min(right)) and _reads(value, max(right), last=True)
        wrong += [] if same else [f"{name}: said {value}, is {right}"]
    return wrong


def _reads(said: str, number: float, *, last: bool = False) -> bool:
    """Say whether the first or last number of a span is this one, rounded."""
    found = re.findall(_ONE, said)[-1 if last else 0].replace("\u2212", "-")
    near = 0.51 * 10 ** -len(found.partition(".")[2]) if "." in found else 0.51
    return abs(float(found) - number) <= near + 1e-4


def _expected(told: Told, figures: dict[str, str]) -> dict[str, Any]:
    row, ctx, limits = told.row, told.ctx, told.ctx.limits
    price, eff = row["import_price_per_kwh"], limits.efficiency
    expected = {
        "power": max(row["charge_kwh"], row["discharge_kwh"]) / SLOT_HOURS,
        "sold": row["battery_export_kwh"] / SLOT_HOURS,
        "water": row["water_kwh"] / SLOT_HOURS,
        "price": price,
        "export_price": row["export_price_per_kwh"],
        "sale_cost": -row["export_price_per_kwh"],
        "wear": limits.wear_per_kwh,
        "value": row["marginal_value_per_kwh"],
        "value_now": price * eff - limits.wear_per_kwh,
        "min_soc_percent": ctx.settings.battery.min_soc_percent,
        "currency": ctx.settings.nordpool.currency,
    }
    if row["water_for_day"] is not None:
        expected["water_day"] = f"{row['water_for_day']:%A}"
    if "left_value" in figures:
        expected["left_value"] = _left_value(told)
    if "at" in figures and (slot := told.slot_at(figures["at"])) is not None:
        sold = "sold at" in figures["later"]
        expected["use_price"] = slot["export_price_per_kwh" if sold else "import_price_per_kwh"]
        expected["rebuy_price"] = slot["import_price_per_kwh"]
    worth = (
        _left_value(told)
        if "left_value" in figures
        else float(expected.get("use_price", 0.0)) * eff - limits.wear_per_kwh
    )
    expected["gain"] = worth - price / eff
    action = row["manual_action"]
    if action in {"charge", "export"}:
        percent = row["manual_target_soc_percent"]
        own = ctx.settings.manual_planning
        if percent is None:
            percent = own.charge_target_percent if action == "charge" else own.export_target_percent
        battery = ctx.settings.battery
        expected["target_percent"] = min(
            max(percent, battery.min_soc_percent), battery.max_soc_percent
        )
    return expected


def _left_value(told: Told) -> float:
    """Return what the last kWh is worth at the end: the slope of what is credited."""
    end_kwh = told.rows[-1]["soc_end_kwh"]
    below = terminal.credit(end_kwh, told.ctx) - terminal.credit(end_kwh - 1e-6, told.ctx)
    return below / 1e-6
