"""The whole configuration of one home, and how it is told apart from another.

How the model is filled from files and environment is in ``settings_sources``; the keys of the
original Darkstar are in ``legacy``.
"""

import hashlib
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from app.settings_groups import (
    Automation,
    Battery,
    Database,
    Debug,
    Grid,
    HomeAssistant,
    Inverter,
    Location,
    MariaDb,
    Mqtt,
    NordPool,
    OpenMeteo,
    Pricing,
    Server,
    SolarArray,
    Ui,
    WaterHeating,
    ZoneName,
)
from app.settings_planning import (
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

__all__ = [
    "Arbitrage",
    "Automation",
    "Battery",
    "Charging",
    "Database",
    "Debug",
    "DecisionThresholds",
    "EngineName",
    "Forecasting",
    "Grid",
    "HomeAssistant",
    "Inverter",
    "Location",
    "ManualPlanning",
    "MariaDb",
    "Mqtt",
    "NordPool",
    "OpenMeteo",
    "Planner",
    "Pricing",
    "SafetyIndex",
    "Server",
    "Settings",
    "Smoothing",
    "SolarArray",
    "StrategicCharging",
    "Ui",
    "WaterHeating",
    "config_hash",
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
_NOT_PLANNING = {"database", "mariadb", "server", "mqtt", "ui", "debug", "log_level", "data_dir"}


def redacted(settings: Settings) -> dict[str, Any]:
    """Return the settings as plain data with every secret masked."""
    return settings.model_dump(mode="json")


def config_hash(settings: Settings) -> str:
    """Return a fingerprint (16 hex digits) of all settings a plan can depend on."""
    text = settings.model_dump_json(exclude=_NOT_PLANNING)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
