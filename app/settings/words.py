"""What each setting means, in a sentence for the settings page and ``GET /api/config``.

A setting whose field has a description of its own needs no line here.
"""

from collections.abc import Mapping
from typing import Final

from app.wording.i18n import marked

WORDS: Final[Mapping[str, str]] = {
    "demo_home": marked(
        "Recorded sample data may stand in where nothing live can be reached. Ends by itself with "
        "the first sensor of a real home."
    ),
    "timezone": marked("The home's time zone, which says when a day begins."),
    "log_level": marked("How much the service logs."),
    "data_dir": marked("Where the embedded database, the token and schedule.json are kept."),
    "location.latitude": marked("Where the home is, degrees north."),
    "location.longitude": marked("Where the home is, degrees east."),
    "solar_arrays": marked(
        "The roof planes: peak power, compass bearing (180 = south) and tilt of each."
    ),
    "solar_inverters": marked("Inverters that only serve panels: a name and the AC power of each."),
    "inverter.max_power_kw": marked("What the battery inverter can carry, AC side."),
    "inverter.can_curtail_pv": marked(
        "Whether the panels can be throttled when selling costs money."
    ),
    "grid.max_import_kw": marked("Main fuse: the most the home may draw."),
    "grid.max_export_kw": marked("The most the home may feed in."),
    "battery.capacity_kwh": marked("Usable capacity; 0 = there is no battery."),
    "battery.min_soc_percent": marked("The battery is never planned below this."),
    "battery.max_soc_percent": marked("The battery is never planned above this."),
    "battery.max_charge_kw": marked("The most the battery takes, AC side."),
    "battery.max_discharge_kw": marked("The most the battery gives, AC side."),
    "battery.roundtrip_efficiency_percent": marked("What comes back of a kWh that was stored."),
    "battery.wear_cost_per_kwh": marked("What a kWh drawn from the cells costs in ageing."),
    "water_heating.power_kw": marked("Power of the water heater; 0 = there is none to plan."),
    "water_heating.min_kwh_per_day": marked("What the heater must get on every day."),
    "water_heating.max_kwh_per_day": marked(
        "The most it may get where using power is paid for; not set = twice the minimum."
    ),
    "water_heating.max_blocks_per_day": marked("Into how many runs a day's heating may be split."),
    "water_heating.defer_up_to_hours": marked(
        "How far past midnight a day's heating may be put off."
    ),
    "water_heating.plan_days_ahead": marked("How many days beyond today heating is planned for."),
    "planner.engine": marked("optimal finds the best plan; cascade buys in cheap windows only."),
    "charging.charge_threshold_percentile": marked(
        "The share of slots, cheapest first, that is cheap."
    ),
    "charging.cheap_price_tolerance_per_kwh": marked(
        "How far above that threshold is still cheap."
    ),
    "charging.price_smoothing_per_kwh": marked("Prices closer than this count as the same."),
    "charging.block_consolidation_tolerance_per_kwh": marked(
        "What moving a kWh may cost to make one long charging block of several short ones."
    ),
    "charging.consolidation_max_gap_slots": marked("The gap between blocks that may be bridged."),
    "strategic_charging.price_threshold_per_kwh": marked(
        "Fill up where power costs less than this."
    ),
    "strategic_charging.target_soc_percent": marked("How far to fill up then."),
    "strategic_charging.carry_forward_tolerance_ratio": marked(
        "How much dearer than the cheapest a later slot may be that carries the charge on."
    ),
    "decision_thresholds.battery_use_margin_per_kwh": marked(
        "What using the battery for the house must save beyond its cost."
    ),
    "decision_thresholds.battery_water_margin_per_kwh": marked(
        "What heating water from the battery must save beyond its cost."
    ),
    "s_index.mode": marked("static takes one factor; dynamic follows the sun and cold to come."),
    "s_index.static_factor": marked(
        "By how much more than its need a window stores, in static mode."
    ),
    "s_index.base_factor": marked("Where the dynamic factor starts."),
    "s_index.max_factor": marked("What the dynamic factor never exceeds."),
    "s_index.pv_deficit_weight": marked("How much a day without sun adds to the factor."),
    "s_index.temp_weight": marked("How much the coldest weather adds to the factor."),
    "s_index.temp_baseline_c": marked("At this mean temperature cold adds nothing."),
    "s_index.temp_cold_c": marked("At this mean temperature cold adds its whole weight."),
    "s_index.days_ahead": marked("Which days ahead the dynamic factor looks at."),
    "smoothing.min_on_slots_charge": marked("The shortest run of charging."),
    "smoothing.min_off_slots_charge": marked("The shortest pause between two runs of charging."),
    "smoothing.min_on_slots_discharge": marked("The shortest run of discharging."),
    "smoothing.min_off_slots_discharge": marked(
        "The shortest pause between two runs of discharging."
    ),
    "smoothing.min_on_slots_export": marked("The shortest run of selling."),
    "arbitrage.enable_export": marked("Whether the battery may sell to the grid."),
    "arbitrage.export_profit_margin_per_kwh": marked("What a sold kWh must earn beyond its cost."),
    "arbitrage.protective_soc_strategy": marked(
        "What stays in the battery when selling: what is needed until the next cheap window "
        "(gap_based), or a fixed level."
    ),
    "arbitrage.fixed_protective_soc_percent": marked(
        "The level below which nothing is sold, if fixed."
    ),
    "arbitrage.enable_peak_only_export": marked("Sell in the dearest slots only."),
    "arbitrage.export_percentile_threshold": marked(
        "The share of slots, dearest first, that is a peak."
    ),
    "arbitrage.export_future_price_guard": marked("Sell only where no later slot pays better."),
    "arbitrage.future_price_guard_buffer_per_kwh": marked(
        "By how much a later slot may pay better."
    ),
    "manual_planning.charge_target_percent": marked("How far a manual charge fills the battery."),
    "manual_planning.export_target_percent": marked("How far a manual export empties the battery."),
    "manual_planning.override_hold_in_cheap": marked(
        "Manual actions count also in cheap windows, where the plan would hold."
    ),
    "manual_planning.force_discharge_on_deficit": marked(
        "In a manual export the battery covers the house too."
    ),
    "manual_planning.ignore_protective_guard": marked(
        "A manual export may go below the protected level."
    ),
    "best_time.appliances": marked(
        "What the finder of the best time offers: name, hours and kWh of a run; empty = typical "
        "appliances."
    ),
    "automation.enable_scheduler": marked("Whether the service plans by itself."),
    "automation.plan_every_minutes": marked("How often the service plans."),
    "automation.horizon_hours": marked("How far ahead a plan may reach where prices are known."),
    "automation.history_retention_days": marked("How long old plans and measurements are kept."),
    "automation.write_schedule_json": marked("Whether each plan is written to schedule.json, too."),
    "nordpool.base_url": marked("The address of the Nord Pool data portal."),
    "nordpool.price_area": marked("Your bidding zone: SE1-SE4, NO1-NO5, DK1, DK2, FI."),
    "nordpool.currency": marked("The currency of every price."),
    "nordpool.resolution_minutes": marked("The resolution of the prices asked for."),
    "prices.providers": marked("Who is asked for prices, in this order."),
    "prices.exchange_rate_max_age_days": marked("How old a rate may be where prices come in EUR."),
    "elprisetjustnu.base_url": marked("The address of elprisetjustnu.se."),
    "hvakosterstrommen.base_url": marked("The address of hvakosterstrommen.no."),
    "energi_data_service.base_url": marked("The address of Energi Data Service."),
    "energy_charts.base_url": marked("The address of Energy-Charts."),
    "entsoe.base_url": marked("The address of ENTSO-E's transparency platform."),
    "entsoe.token": marked("Your token there."),
    "tibber.base_url": marked("The address of Tibber."),
    "tibber.token": marked("Your token there."),
    "tibber.home_id": marked("Which home, where the account has several."),
    "pricing.billed_by": marked(
        "Whether the contract bills each quarter or the mean of the clock hour."
    ),
    "pricing.vat_percent": marked("VAT on all you buy."),
    "pricing.spot_markup_per_kwh": marked("What the supplier adds to spot, before VAT."),
    "pricing.grid_transfer_fee_per_kwh": marked("What the grid takes for a kWh, before VAT."),
    "pricing.energy_tax_per_kwh": marked("Tax on a kWh, before VAT."),
    "pricing.export_vat_percent": marked("VAT on what you sell; 0 for most homes."),
    "pricing.export_fees_per_kwh": marked("What is taken off each kWh sold."),
    "pricing.export_grid_benefit_per_kwh": marked("What the grid pays for each kWh fed in."),
    "tariff.pack": marked("Your price area's VAT and energy tax, from public pages."),
    "tariff.tax_zone": marked("standard or reduced, where the area has both."),
    "tariff.holiday_country": marked("Whose holidays count; not set = the price area's."),
    "tariff.holiday_subdivision": marked("The part of that country, where holidays differ."),
    "tariff.holiday_kinds": marked("Which kinds of holidays count."),
    "tariff.spot_markup": marked("Own rules for the markup, over pack and pricing."),
    "tariff.grid_transfer": marked("Own rules for the grid fee, by date, month, day and hour."),
    "tariff.energy_tax": marked("Own rules for the energy tax."),
    "tariff.vat": marked("Own rules for VAT."),
    "tariff.export_vat": marked("Own rules for VAT on what is sold."),
    "tariff.export_fees": marked("Own rules for fees on what is sold."),
    "tariff.export_credit": marked("Own rules for what is paid beyond spot for what is sold."),
    "forecasting.pv_confidence_percent": marked("What share of the forecast sun is counted on."),
    "forecasting.load_safety_margin_percent": marked(
        "What share of the forecast load is planned for."
    ),
    "forecasting.fallback_daily_load_kwh": marked("The load of a day where no history is known."),
    "open_meteo.base_url": marked("The address of the weather service."),
    "open_meteo.ensemble": marked(
        "Ask for the spread of the sun forecast: a request more per plane."
    ),
    "open_meteo.ensemble_base_url": marked("The address of the service that has the spread."),
    "open_meteo.ensemble_model": marked("The weather model the spread comes from."),
    "home_assistant.url": marked("The address of your Home Assistant; not set = it is not asked."),
    "home_assistant.token": marked("A long-lived access token from your profile page there."),
    "home_assistant.battery_soc_entity_id": marked("The battery's state of charge, in %."),
    "home_assistant.water_heater_daily_entity_id": marked(
        "The heater's energy today, reset at midnight."
    ),
    "home_assistant.consumption_entity_id": marked(
        "The house's consumption, a counter or a power."
    ),
    "home_assistant.consumption_includes_water_heater": marked(
        "Whether that holds the heater's as well."
    ),
    "home_assistant.grid_import_entity_id": marked("What the home draws from the grid."),
    "home_assistant.grid_export_entity_id": marked("What the home feeds into the grid."),
    "home_assistant.grid_power_entity_id": marked("A signed grid power that stands for both."),
    "home_assistant.grid_power_positive_is": marked("Which of the two is positive."),
    "home_assistant.pv_entity_id": marked("What the panels produce."),
    "home_assistant.battery_charge_entity_id": marked("What goes into the battery."),
    "home_assistant.battery_discharge_entity_id": marked("What comes out of the battery."),
    "home_assistant.battery_power_entity_id": marked(
        "A signed battery power that stands for both."
    ),
    "home_assistant.battery_power_positive_is": marked("Which of the two is positive."),
    "home_assistant.water_heater_entity_id": marked("What the water heater takes."),
    "home_assistant.outdoor_temperature_entity_id": marked("The temperature outside."),
    "mariadb.host": marked("Where MariaDB runs; not set = an SQLite file in data_dir."),
    "mariadb.port": marked("Its port, 3306 unless changed."),
    "mariadb.database": marked("The name of the database."),
    "mariadb.user": marked("Who logs in there."),
    "mariadb.password": marked("The password of that user."),
    "database.url": marked("A SQLAlchemy address, which wins over mariadb."),
    "server.host": marked("The address the service listens on."),
    "server.port": marked("The port the service listens on."),
    "server.token": marked("An API token of your own; not set = the service makes one."),
    "access.mode": marked(
        "token asks for a login before changes; off lets everybody do everything."
    ),
    "access.reads": marked("open lets the home's network read; login asks for one."),
    "access.session_days": marked("How long a login lasts."),
    "access.allowed_hosts": marked(
        "Names, beside addresses, under which the service may be asked."
    ),
    "access.trusted_proxies": marked("Reverse proxies whose word about the client counts."),
    "alerts.after_failures": marked("After how many runs in a row without a plan you are told."),
    "alerts.failing_for_minutes": marked("For how long they must have failed before you are told."),
    "alerts.database_away_after_minutes": marked(
        "How long the database may be away before you are told."
    ),
    "alerts.degraded_after_hours": marked("How long inputs may be estimated or missing."),
    "alerts.idle_days": marked(
        "How many days the battery may idle although prices would have paid."
    ),
    "alerts.safe_default_on": marked(
        "In which of these cases controllers are told the safe default."
    ),
    "alerts.remind_after_hours": marked("When you are told again of what still lasts."),
    "alerts.quiet_from": marked("From this local time on only critical messages pass."),
    "alerts.quiet_until": marked("Until this local time."),
    "alerts.max_messages_per_hour": marked("The most messages of each channel."),
    "alerts.webhook.url": marked("Where alerts are sent as JSON by POST."),
    "alerts.webhook.token": marked("Sent along as Authorization: Bearer."),
    "alerts.ntfy.topic_url": marked("Your topic at ntfy, e.g. https://ntfy.sh/your-topic."),
    "alerts.ntfy.token": marked("The token of that topic."),
    "mqtt.url": marked("The broker, mqtt:// or mqtts://; not set = none."),
    "mqtt.username": marked("Who logs in there, unless the address says so."),
    "mqtt.password": marked("The password of that user."),
    "mqtt.ca_file": marked("The PEM certificate of a broker that signs for itself."),
    "mqtt.discovery_prefix": marked("Where Home Assistant looks for devices."),
    "mqtt.commands": marked(
        "What may be asked for by MQTT. Anyone who may publish on the broker can give these."
    ),
    "mqtt.max_command_hours": marked("How long one pause or heating by MQTT may last at most."),
    "mqtt.page_url": marked("The address of these pages that Home Assistant links to."),
    "mqtt.readings": marked("Sensors of the home that speak by MQTT, each with topic and unit."),
    "mqtt.base_topic": marked("The first part of every topic; one for each Darkstar on a broker."),
    "ui.theme": marked("A theme's name, or auto: dark or light, as the device has it."),
    "ui.theme_accent_index": marked("Which of the theme's 16 colours is the accent; 0 = its own."),
    "ui.language": marked("The language of the pages; auto = what the browser asks for."),
    "debug.enable_planner_debug": marked("Show samples of the plan's slots in GET /api/debug."),
    "debug.sample_size": marked("How many slots are shown there."),
}
