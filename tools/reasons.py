"""Write docs/reasons.md from the reason codes and their sentences: ``make reasons``."""

from pathlib import Path

from app.planner.explain.reason_rules import RULES
from app.wording.reason_texts import TEXTS, VARIANTS

TARGET = Path(__file__).resolve().parent.parent / "docs" / "reasons.md"
PARAMS = {
    "because": "what stops a manual action: `target`, `power`, `fuse`, `feed_in`, `cheap`,"
    " `soc_unknown`, `rule`",
    "currency": "currency of every price here",
    "export_price": "what a kWh sold in this slot brings, per kWh",
    "gain": "what a kWh charged gains, after losses and wear, per stored kWh",
    "is_below_minimum": "whether the slot begins below the lowest charge level",
    "is_feed_in_full": "whether the feed-in limit leaves no room",
    "left_value": "what the energy is worth that is kept for after the horizon, per stored kWh",
    "min_soc_percent": "the lowest charge level",
    "power_kw": "power into or out of the battery",
    "price": "what a kWh bought in this slot costs",
    "rebuy_at": "local time at which the energy would be bought otherwise",
    "rebuy_day": "its local day, where the time alone would mean another",
    "rebuy_price": "what a kWh costs there",
    "rebuy_start": "the same time in UTC",
    "sold_kw": "power sold from the battery",
    "target_percent": "charge level that a manual charge or sale steers to",
    "use_at": "local time at which the energy is used or sold",
    "use_day": "its local day, where the time alone would mean another",
    "use_is_sale": "whether it is sold then; otherwise it replaces a purchase",
    "use_price": "the price there, per kWh",
    "use_start": "the same time in UTC",
    "value": "what one more stored kWh is worth later",
    "value_now": "what a stored kWh is worth now, by the import price less losses and wear",
    "water_for_day": "local day whose hot water is heated",
    "water_from": "what heats it: `pv`, `battery`, `grid`, joined by `_`",
    "water_kw": "power of the heater",
    "wear": "wear of the battery per kWh discharged",
}
"""What every name in ``reason_params`` means."""
_HEAD = """# Reasons

Every slot says why it does what it does: `reason` is a code that stays the same across versions,
`reason_params` its numbers, `reason_text` one English sentence made of both (pages say it in their
reader's language). Written by `make reasons`.

| `reason` | rule behind it | sentence |
|---|---|---|
"""
_WATER = """
A slot in which the heater runs adds: {water}

Said instead where a slot shows a rule in another way:

| variant | sentence |
|---|---|
"""
_PARAMS = """
## `reason_params`

Times are the home's local ones (`HH:MM`) unless they end in `_start`. A name is there where its
sentence needs it.

| name | meaning |
|---|---|
"""


def document() -> str:
    """Return the document as it is committed."""
    codes = [f"| `{code}` | {RULES[code]} | {_plain(TEXTS[code])} |" for code in RULES]
    variants = [f"| `{name}` | {_plain(text)} |" for name, text in VARIANTS.items()]
    params = [f"| `{name}` | {meaning} |" for name, meaning in PARAMS.items()]
    water = _WATER.format(water=_plain(TEXTS["water"]))
    return (
        _HEAD + "\n".join(codes) + "\n" + water + "\n".join(variants) + "\n"
        + _PARAMS + "\n".join(params) + "\n"
    )  # fmt: skip


def _plain(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    TARGET.write_text(document(), encoding="utf-8")
