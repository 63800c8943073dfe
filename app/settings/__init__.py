"""The whole configuration of one home, and how it is told apart from another.

How the model is filled from files and environment is in ``settings_sources``; the keys of the
original Darkstar are in ``legacy``.
"""

import hashlib
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from app.settings.access import Access
from app.settings.alerts import Alerts
from app.settings.home import (
    Battery,
    Grid,
    Inverter,
    Location,
    SolarArray,
    SolarInverter,
    WaterHeating,
    ZoneName,
)
from app.settings.mqtt import Mqtt
from app.settings.planning import (
    Arbitrage,
    Charging,
    DecisionThresholds,
    EngineName,
    Forecasting,
    ManualPlanning,
    Planner,
    SafetyIndex,
    Smoothing,
    StrategicCharging,
)
from app.settings.prices import (
    Elprisetjustnu,
    EnergiDataService,
    EnergyCharts,
    Entsoe,
    Hvakosterstrommen,
    Prices,
    Tibber,
    require_providers,
)
from app.settings.services import (
    Appliance,
    Automation,
    BestTime,
    Database,
    Debug,
    HomeAssistant,
    MariaDb,
    NordPool,
    OpenMeteo,
    Pricing,
    Server,
    Ui,
)
from app.settings.tariff import Tariff
from app.settings.tariff_packs import require_fit

__all__ = [
    "Access",
    "Alerts",
    "Appliance",
    "Arbitrage",
    "Automation",
    "Battery",
    "BestTime",
    "Charging",
    "Database",
    "Debug",
    "DecisionThresholds",
    "Elprisetjustnu",
    "EnergiDataService",
    "EnergyCharts",
    "EngineName",
    "Entsoe",
    "Forecasting",
    "Grid",
    "HomeAssistant",
    "Hvakosterstrommen",
    "Inverter",
    "Location",
    "ManualPlanning",
    "MariaDb",
    "Mqtt",
    "NordPool",
    "OpenMeteo",
    "Planner",
    "Prices",
    "Pricing",
    "SafetyIndex",
    "Server",
    "Settings",
    "Smoothing",
    "SolarArray",
    "SolarInverter",
    "StrategicCharging",
    "Tariff",
    "Tibber",
    "Ui",
    "WaterHeating",
    "config_hash",
    "planning_data",
    "redacted",
]

LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR"],
    BeforeValidator(lambda given: given.upper() if isinstance(given, str) else given),
]


class Settings(BaseSettings):
    """The whole configuration of one home."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        env_prefix="DARKSTAR_",
        env_nested_delimiter="__",
    )

    demo_home: bool = False
    timezone: ZoneName = "Europe/Stockholm"
    log_level: LogLevel = "INFO"
    data_dir: str = "data"
    location: Location = Location()
    solar_arrays: tuple[SolarArray, ...] = (SolarArray(),)
    solar_inverters: tuple[SolarInverter, ...] = ()
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
    best_time: BestTime = BestTime()
    automation: Automation = Automation()
    prices: Prices = Prices()
    nordpool: NordPool = NordPool()
    elprisetjustnu: Elprisetjustnu = Elprisetjustnu()
    hvakosterstrommen: Hvakosterstrommen = Hvakosterstrommen()
    energi_data_service: EnergiDataService = EnergiDataService()
    energy_charts: EnergyCharts = EnergyCharts()
    entsoe: Entsoe = Entsoe()
    tibber: Tibber = Tibber()
    pricing: Pricing = Pricing()
    tariff: Tariff = Tariff()
    forecasting: Forecasting = Forecasting()
    open_meteo: OpenMeteo = OpenMeteo()
    home_assistant: HomeAssistant = HomeAssistant()
    mariadb: MariaDb | None = None
    database: Database = Database()
    server: Server = Server()
    access: Access = Access()
    alerts: Alerts = Alerts()
    mqtt: Mqtt = Mqtt()
    ui: Ui = Ui()
    debug: Debug = Debug()

    @model_validator(mode="after")
    def _pack_fits_the_home(self) -> Self:
        require_fit(self.tariff, area=self.nordpool.price_area, currency=self.nordpool.currency)
        return self

    @model_validator(mode="after")
    def _arrays_name_inverters_there_are(self) -> Self:
        names = [each.name for each in self.solar_inverters]
        if len(names) != len(set(names)):
            raise ValueError(f"solar_inverters: names {names} are not all different; rename one")
        for index, array in enumerate(self.solar_arrays):
            if array.inverter is not None and array.inverter not in names:
                raise ValueError(
                    f"solar_arrays.{index}.inverter: {array.inverter!r} is none of "
                    f"solar_inverters {names}; add it there, or leave it out for the home's own"
                )
        return self

    @model_validator(mode="after")
    def _somebody_has_prices(self) -> Self:
        require_providers(
            self.prices, area=self.nordpool.price_area, entsoe=self.entsoe, tibber=self.tibber
        )
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The home's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def first_real_sensor(self) -> str | None:
        """The setting of the first sensor of a real home, None where none is configured."""
        if self.home_assistant.url and (mapped := self.home_assistant.mapped):
            return f"home_assistant.{next(iter(mapped))}"
        return "mqtt.readings" if self.mqtt.enabled and self.mqtt.readings else None

    @property
    def is_demo(self) -> bool:
        """Whether recorded sample data may stand in: never beside a sensor of a real home."""
        return self.demo_home and self.first_real_sensor is None

    @property
    def demo_ended_by(self) -> str:
        """The setting of the sensor that ended the demo which is still asked for; empty if none."""
        return (self.demo_home and self.first_real_sensor) or ""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from the caller only: ``settings_sources`` merges files and environment."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


# What a plan does not depend on: where it is stored, served and shown.
NOT_PLANNING = {
    "access",
    "alerts",
    "best_time",
    "data_dir",
    "database",
    "debug",
    "log_level",
    "mariadb",
    "mqtt",
    "server",
    "ui",
}


def redacted(settings: Settings) -> dict[str, Any]:
    """Return the settings as plain data with every secret masked."""
    return settings.model_dump(mode="json")


def planning_data(settings: Settings) -> dict[str, Any]:
    """Return the settings that a plan can depend on as plain data, every secret masked."""
    return settings.model_dump(mode="json", exclude=NOT_PLANNING)


def config_hash(settings: Settings) -> str:
    """Return a fingerprint (16 hex digits) of all settings a plan can depend on."""
    text = settings.model_dump_json(exclude=NOT_PLANNING)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
