"""The same home without its owner's rules: what the exact optimum is measured against."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.planner.model.context import Context, SafetyFactor
from app.settings import Settings

# Margins, gates, smoothing and strategy off; the physics, the contract and the prices stay.
NEUTRAL_RULES: Mapping[str, Mapping[str, Any]] = {
    "charging": {"block_consolidation_tolerance_per_kwh": 0.0},
    "strategic_charging": {"price_threshold_per_kwh": -100.0},
    "decision_thresholds": {
        "battery_use_margin_per_kwh": 0.0,
        "battery_water_margin_per_kwh": 0.0,
    },
    "smoothing": dict.fromkeys(
        ("min_on_slots_charge", "min_on_slots_discharge", "min_on_slots_export"), 0
    ),
    "arbitrage": {
        "export_profit_margin_per_kwh": 0.0,
        "protective_soc_strategy": "fixed",
        "fixed_protective_soc_percent": 0.0,
        "enable_peak_only_export": False,
        "export_future_price_guard": False,
    },
}


def without_rules(settings: Settings) -> Settings:
    """Return the settings with every rule of ``NEUTRAL_RULES``."""
    groups = {
        name: getattr(settings, name).model_copy(update=dict(rules))
        for name, rules in NEUTRAL_RULES.items()
    }
    planner = settings.planner.model_copy(update={"engine": "optimal"})
    return settings.model_copy(update={**groups, "planner": planner})


def neutral(ctx: Context) -> Context:
    """Return the context without rules and without the safety factor; knowledge is the same."""
    return replace(
        ctx,
        settings=without_rules(ctx.settings),
        safety=SafetyFactor(),
        strategic_period=False,
        without_rules=True,
    )
