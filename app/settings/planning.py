"""The groups of settings that say how to plan; defaults live here only.

Prices and money are in ``nordpool.currency`` (SEK unless configured).
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from app.settings.home import Group, Margin, MoneyPerKwh, Percent, SlotCount

EngineName = Literal["optimal", "cascade"]


class Charging(Group):
    """Which slots count as cheap, and how far energy may move to form longer blocks."""

    charge_threshold_percentile: Percent = 15
    cheap_price_tolerance_per_kwh: Margin = 0.10
    price_smoothing_per_kwh: Margin = 0.05
    block_consolidation_tolerance_per_kwh: Margin = 0.05
    consolidation_max_gap_slots: SlotCount = 0


class StrategicCharging(Group):
    """Fill up in windows below the threshold while PV cannot cover the load."""

    price_threshold_per_kwh: MoneyPerKwh = 0.90
    target_soc_percent: Percent = 95
    carry_forward_tolerance_ratio: float = Field(default=0.10, ge=0, le=1)


class DecisionThresholds(Group):
    """What a use of the battery must earn beyond its cost before it is worth doing."""

    battery_use_margin_per_kwh: Margin = 0.10
    battery_water_margin_per_kwh: Margin = 0.20


class SafetyIndex(Group):
    """S-index: the factor by which a window over-provides for its gap."""

    mode: Literal["static", "dynamic"] = "static"
    static_factor: float = Field(default=1.05, ge=0, le=10)
    base_factor: float = Field(default=1.05, ge=0, le=10)
    max_factor: float = Field(default=1.5, ge=0, le=10)
    pv_deficit_weight: float = Field(default=0.3, ge=0, le=10)
    temp_weight: float = Field(default=0.2, ge=0, le=10)
    temp_baseline_c: float = Field(default=20, ge=-60, le=60)
    temp_cold_c: float = Field(default=-15, ge=-60, le=60)
    days_ahead: tuple[Annotated[int, Field(ge=1, le=14)], ...] = (2, 3, 4)

    @model_validator(mode="after")
    def _cold_is_below_baseline(self) -> Self:
        if self.temp_cold_c >= self.temp_baseline_c:
            raise ValueError(
                f"temp_cold_c ({self.temp_cold_c:g}) must be below "
                f"temp_baseline_c ({self.temp_baseline_c:g}); swap them"
            )
        return self


class Smoothing(Group):
    """Shortest runs, in slots of 15 minutes."""

    min_on_slots_charge: SlotCount = 2
    min_off_slots_charge: SlotCount = 1
    min_on_slots_discharge: SlotCount = 2
    min_off_slots_discharge: SlotCount = 1
    min_on_slots_export: SlotCount = 2


class Arbitrage(Group):
    """When the battery may sell to the grid."""

    enable_export: bool = True
    export_profit_margin_per_kwh: Margin = 0.05
    protective_soc_strategy: Literal["gap_based", "fixed"] = "gap_based"
    fixed_protective_soc_percent: Percent = 15
    enable_peak_only_export: bool = False
    export_percentile_threshold: Percent = 15
    export_future_price_guard: bool = True
    future_price_guard_buffer_per_kwh: Margin = 0


class ManualPlanning(Group):
    """Targets and overrides inside manual slots."""

    charge_target_percent: Percent = 95
    export_target_percent: Percent = 35
    override_hold_in_cheap: bool = True
    force_discharge_on_deficit: bool = True
    ignore_protective_guard: bool = True


class Forecasting(Group):
    """Trust in the forecasts (100/100 is neutral: one-sided margins lose 1.4-2.8 % of saving)."""

    pv_confidence_percent: float = Field(default=100, ge=0, le=200)
    load_safety_margin_percent: float = Field(default=100, ge=0, le=300)
    fallback_daily_load_kwh: float = Field(default=20, ge=0, le=1000)


class Planner(Group):
    """Which engine decides pass 4."""

    engine: EngineName = "optimal"
