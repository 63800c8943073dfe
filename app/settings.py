"""Every setting, typed, frozen, with its unit in the name; defaults live here and nowhere else.

Prices and money are in ``nordpool.currency`` (SEK unless configured). How the model is filled
from files and environment is in ``settings_sources``; old Darkstar keys are in ``legacy``.
"""

from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

Percent = Annotated[float, Field(ge=0, le=100)]
Kilowatt = Annotated[float, Field(ge=0, le=1000)]
MoneyPerKwh = Annotated[float, Field(ge=-100, le=100)]
Margin = Annotated[float, Field(ge=0, le=100)]
SlotCount = Annotated[int, Field(ge=0, le=96)]


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is not an IANA time zone; write e.g. Europe/Stockholm")
    return name


class Group(BaseModel):
    """A frozen group of settings that refuses unknown keys and non-finite numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Location(Group):
    """Where the home is, in degrees (WGS 84)."""

    latitude: float = Field(default=59.3293, ge=-90, le=90)
    longitude: float = Field(default=18.0686, ge=-180, le=180)


class SolarArray(Group):
    """One plane of solar panels; azimuth is the compass bearing it faces, 180 = south."""

    peak_power_kwp: float = Field(default=8.5, ge=0, le=1000)
    azimuth_degrees: float = Field(default=180, ge=0, le=360)
    tilt_degrees: float = Field(default=35, ge=0, le=90)


class Inverter(Group):
    """The battery inverter (AC side), and whether it can throttle PV."""

    max_power_kw: Kilowatt = 10
    can_curtail_pv: bool = True


class Grid(Group):
    """Main fuse and feed-in limit."""

    max_import_kw: Kilowatt = 25
    max_export_kw: Kilowatt = 25


class Battery(Group):
    """Usable battery seen from the AC side; wear is charged per kWh drawn from the cells."""

    capacity_kwh: float = Field(default=10, ge=0, le=10_000)
    min_soc_percent: Percent = 15
    max_soc_percent: Percent = 95
    max_charge_kw: Kilowatt = 5
    max_discharge_kw: Kilowatt = 5
    roundtrip_efficiency_percent: float = Field(default=95, gt=0, le=100)
    wear_cost_per_kwh: Margin = 0.20

    @model_validator(mode="after")
    def _soc_band_is_open(self) -> Self:
        if self.min_soc_percent >= self.max_soc_percent:
            raise ValueError(
                f"min_soc_percent ({self.min_soc_percent:g}) must be below "
                f"max_soc_percent ({self.max_soc_percent:g}); swap them"
            )
        return self


class WaterHeating(Group):
    """The water heater; ``power_kw`` 0 means there is none."""

    power_kw: Kilowatt = 3
    min_kwh_per_day: float = Field(default=6, ge=0, le=200)
    max_blocks_per_day: int = Field(default=2, ge=1, le=24)
    defer_up_to_hours: float = Field(default=3, ge=0, le=12)
    plan_days_ahead: int = Field(default=1, ge=0, le=2)


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
    enable_peak_only_export: bool = True
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


class Automation(Group):
    """The scheduler inside the service."""

    enable_scheduler: bool = True
    plan_every_minutes: int = Field(default=60, ge=1, le=1440)
    horizon_hours: int = Field(default=48, ge=1, le=168)
    history_retention_days: int = Field(default=90, ge=1, le=3650)
    write_schedule_json: bool = True


class NordPool(Group):
    """Day-ahead prices from the Nord Pool data portal."""

    base_url: str = "https://dataportal-api.nordpoolgroup.com"
    price_area: str = Field(default="SE4", pattern=r"^[A-Z]{2}[0-9]{0,2}$")
    currency: Literal["SEK", "EUR", "NOK", "DKK"] = "SEK"
    resolution_minutes: Literal[15, 30, 60] = 15


class Pricing(Group):
    """From spot to what the home pays and is paid, per kWh.

    import = (spot + markup + transfer + tax) x (1 + VAT); export = spot x (1 + export VAT)
    - fees + grid benefit.
    """

    vat_percent: Percent = 25
    spot_markup_per_kwh: MoneyPerKwh = 0
    grid_transfer_fee_per_kwh: MoneyPerKwh = 0.2456
    energy_tax_per_kwh: MoneyPerKwh = 0.439
    export_vat_percent: Percent = 0
    export_fees_per_kwh: MoneyPerKwh = 0
    export_grid_benefit_per_kwh: MoneyPerKwh = 0


class Forecasting(Group):
    """Trust in the forecasts (100/100 is neutral: one-sided margins lose 1.4-2.8 % of saving)."""

    pv_confidence_percent: float = Field(default=100, ge=0, le=200)
    load_safety_margin_percent: float = Field(default=100, ge=0, le=300)
    fallback_daily_load_kwh: float = Field(default=20, ge=0, le=1000)


class OpenMeteo(Group):
    """Weather and irradiance forecasts."""

    base_url: str = "https://api.open-meteo.com"


class HomeAssistant(Group):
    """The home's own sensors; without a URL nothing is asked."""

    url: str | None = None
    token: SecretStr | None = None
    battery_soc_entity_id: str | None = None
    water_heater_daily_entity_id: str | None = None
    consumption_entity_id: str | None = None


class MariaDb(Group):
    """Connection parts, used when ``database.url`` is not set."""

    host: str
    port: int = Field(default=3306, ge=1, le=65535)
    database: str = "darkstar"
    user: str = "darkstar"
    password: SecretStr = SecretStr("")


class Database(Group):
    """SQLAlchemy URL; wins over ``mariadb``. Default: SQLite in the data directory."""

    url: SecretStr | None = None


class Server(Group):
    """Where the service listens."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    token: SecretStr | None = None


class Mqtt(Group):
    """Broker for Home Assistant discovery."""

    url: SecretStr | None = None


class Ui(Group):
    """How the dashboard looks."""

    theme: str = Field(default="Darkstar", max_length=64)
    theme_accent_index: int = Field(default=0, ge=0, le=15)


class Debug(Group):
    """Extra planner output in ``/api/debug``."""

    enable_planner_debug: bool = False
    sample_size: int = Field(default=30, ge=1, le=1000)


class Planner(Group):
    """Which engine decides pass 4."""

    engine: Literal["cascade"] = "cascade"


class SettingsModel(Group):
    """The whole configuration of one home."""

    demo_home: bool = False
    timezone: Annotated[str, AfterValidator(_known_zone)] = "Europe/Stockholm"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    data_dir: str = "data"
    location: Location = Location()
    solar_arrays: tuple[SolarArray, ...] = (SolarArray(),)
    inverter: Inverter = Inverter()
    grid: Grid = Grid()
    battery: Battery = Battery()
    water_heating: WaterHeating = WaterHeating()
    planner: Planner = Planner()
    charging: Charging = Charging()
    strategic_charging: StrategicCharging = StrategicCharging()
    decision_thresholds: DecisionThresholds = DecisionThresholds()
    s_index: SafetyIndex = SafetyIndex()
    smoothing: Smoothing = Smoothing()
    arbitrage: Arbitrage = Arbitrage()
    manual_planning: ManualPlanning = ManualPlanning()
    automation: Automation = Automation()
    nordpool: NordPool = NordPool()
    pricing: Pricing = Pricing()
    forecasting: Forecasting = Forecasting()
    open_meteo: OpenMeteo = OpenMeteo()
    home_assistant: HomeAssistant = HomeAssistant()
    mariadb: MariaDb | None = None
    database: Database = Database()
    server: Server = Server()
    mqtt: Mqtt = Mqtt()
    ui: Ui = Ui()
    debug: Debug = Debug()

    @property
    def zone(self) -> ZoneInfo:
        """The home's time zone."""
        return ZoneInfo(self.timezone)
