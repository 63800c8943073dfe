"""The names of the original Darkstar's configuration: what each is today, and what has no effect.

Real files carry more than the planner of then read; all of it is known here, so that a file loads
as it is and its owner is told of every name once.
"""

from collections.abc import Mapping
from typing import Any, Final

from app.wording import legacy_reasons as because

# Old dotted path -> new dotted path. Paths that kept their name are not listed.
RENAMED: Final[Mapping[str, str]] = {
    "system.location.latitude": "location.latitude",
    "system.location.longitude": "location.longitude",
    "system.inverter.max_power_kw": "inverter.max_power_kw",
    "system.grid.max_power_kw": "grid.max_import_kw",
    "battery.max_charge_power_kw": "battery.max_charge_kw",
    "battery.max_discharge_power_kw": "battery.max_discharge_kw",
    "battery.efficiency_percent": "battery.roundtrip_efficiency_percent",
    "battery_economics.battery_cycle_cost_kwh": "battery.wear_cost_per_kwh",
    "decision_thresholds.battery_use_margin_sek": "decision_thresholds.battery_use_margin_per_kwh",
    "decision_thresholds.battery_water_margin_sek": (
        "decision_thresholds.battery_water_margin_per_kwh"
    ),
    "arbitrage.export_profit_margin_sek": "arbitrage.export_profit_margin_per_kwh",
    "decision_thresholds.export_profit_margin_sek": "arbitrage.export_profit_margin_per_kwh",
    "charging_strategy.charge_threshold_percentile": "charging.charge_threshold_percentile",
    "charging_strategy.cheap_price_tolerance_sek": "charging.cheap_price_tolerance_per_kwh",
    "charging_strategy.price_smoothing_sek_kwh": "charging.price_smoothing_per_kwh",
    "smoothing.price_smoothing_sek_kwh": "charging.price_smoothing_per_kwh",
    "charging_strategy.block_consolidation_tolerance_sek": (
        "charging.block_consolidation_tolerance_per_kwh"
    ),
    "charging_strategy.consolidation_max_gap_slots": "charging.consolidation_max_gap_slots",
    "strategic_charging.price_threshold_sek": "strategic_charging.price_threshold_per_kwh",
    "s_index.days_ahead_for_sindex": "s_index.days_ahead",
    "safety.s_index_factor_base": "s_index.static_factor",
    "arbitrage.export_fees_sek_per_kwh": "pricing.export_fees_per_kwh",
    "arbitrage.future_price_guard_buffer_sek": "arbitrage.future_price_guard_buffer_per_kwh",
    "export.enable_export": "arbitrage.enable_export",
    "pricing.grid_transfer_fee_sek": "pricing.grid_transfer_fee_per_kwh",
    "pricing.energy_tax_sek": "pricing.energy_tax_per_kwh",
    "automation.schedule.every_minutes": "automation.plan_every_minutes",
    "input_sensors.battery_soc": "home_assistant.battery_soc_entity_id",
    "input_sensors.total_battery_charge": "home_assistant.battery_charge_entity_id",
    "input_sensors.total_battery_discharge": "home_assistant.battery_discharge_entity_id",
    "input_sensors.total_grid_export": "home_assistant.grid_export_entity_id",
    "input_sensors.total_grid_import": "home_assistant.grid_import_entity_id",
    "input_sensors.total_load_consumption": "home_assistant.consumption_entity_id",
    "input_sensors.total_pv_production": "home_assistant.pv_entity_id",
    "input_sensors.water_heater_consumption": "home_assistant.water_heater_daily_entity_id",
    # Powers, where a home has no counter; a counter goes before.
    "input_sensors.load_power": "home_assistant.consumption_entity_id",
    "input_sensors.pv_power": "home_assistant.pv_entity_id",
    "input_sensors.water_power": "home_assistant.water_heater_entity_id",
    "input_sensors.grid_power": "home_assistant.grid_power_entity_id",
    "input_sensors.battery_power": "home_assistant.battery_power_entity_id",
}
# Old names that are not the first place of what they say: another one of a different value wins.
GIVING_WAY: Final = (
    "battery.efficiency_percent",
    "decision_thresholds.export_profit_margin_sek",
    "smoothing.price_smoothing_sek_kwh",
    "safety.s_index_factor_base",
    "export.enable_export",
    "automation.schedule.every_minutes",
    *(old for old in RENAMED if old.startswith("input_sensors.")),
)

# Old dotted path -> why it has no effect any more; a group stands for all that is in it.
WITHOUT_EFFECT: Final[Mapping[str, str]] = {
    "automation.write_to_mariadb": because.ALWAYS,
    "automation.schedule.jitter_minutes": because.SPREAD,
    "automation.ml_training": because.LEARNS,
    "water_heating.schedule_future_only": because.NO_FLAT,
    "water_heating.block_consolidation_tolerance_sek": because.WATER,
    "water_heating.consolidation_max_gap_slots": because.WATER,
    "water_heating.block_start_penalty_sek": because.WATER,
    "water_heating.max_hours_between_heating": because.WATER,
    "water_heating.comfort_level": because.WATER,
    "water_heating.min_spacing_hours": because.WATER,
    "water_heating.spacing_penalty_sek": because.WATER,
    "water_heating.enable_top_ups": because.WATER,
    "water_heating.vacation_mode": because.AWAY,
    "smoothing.charge_power_dwell_minutes": because.STEPS,
    "smoothing.charge_power_step_kw": because.STEPS,
    "forecasting.active_forecast_version": because.FORECASTS,
    "s_index.s_index_horizon_days": because.RISK,
    "s_index.risk_appetite": because.RISK,
    "grid.import_limit_kw": because.HARD,
    "pricing.subscription_fee_sek_per_month": because.FIXED,
    "ui.theme_mode": because.THEME,
    "system.system_id": because.NO_NAME,
    "input_sensors.vacation_mode": because.NOBODY,
    "input_sensors.alarm_state": because.NOBODY,
    "input_sensors.today_grid_import": because.TOTALS,
    "input_sensors.today_grid_export": because.TOTALS,
    "input_sensors.today_battery_charge": because.TOTALS,
    "input_sensors.today_pv_production": because.TOTALS,
    "input_sensors.today_load_consumption": because.TOTALS,
    "input_sensors.today_net_cost": because.TOTALS,
}
# Groups that only the original has: whatever is left in one has no effect, for this reason.
ONLY_THERE: Final[Mapping[str, str]] = {
    "system": because.NOTHING,
    "battery_economics": because.NOTHING,
    "charging_strategy": because.NOTHING,
    "percentiles": because.NOTHING,
    "safety": because.NOTHING,
    "learning": because.LEARNS,
    "dashboard": because.PAGES,
    "advisor": because.NO_CHAT,
    "openrouter_api_key": because.NO_CHAT,
    "automation.schedule": because.NOTHING,
    "input_sensors": because.NOTHING,
    "appliances": because.NOTHING,
    "executor": because.NO_COMMANDS,
    "kepler": because.NOTHING,
    "export": because.NOTHING,
}
EMPTY: Final = because.EMPTY
# What an original file meant when it said nothing of it, where today's default is another.
DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "forecasting": {"pv_confidence_percent": 90, "load_safety_margin_percent": 110},
    "arbitrage": {"enable_peak_only_export": True},
}
SOLAR: Final = {"kwp": "peak_power_kwp", "azimuth": "azimuth_degrees", "tilt": "tilt_degrees"}
# What a run takes of the appliances that the original names, by EU labels of middling ones (kWh).
RUN_KWH: Final = {"dishwasher": 0.9, "washing_machine": 0.8, "dryer": 1.8}
