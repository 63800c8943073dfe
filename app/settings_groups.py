"""The groups of settings, typed, frozen, with units in the names; defaults live here only.

Prices and money are in ``nordpool.currency`` (SEK unless configured).
"""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import available_timezones

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


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("write a web address such as http://homeassistant.local:8123")
    if "@" in parts.netloc:
        raise ValueError("a web address must not hold a user or password; use the token setting")
    return url.rstrip("/")


ZoneName = Annotated[str, AfterValidator(_known_zone)]
WebAddress = Annotated[str, AfterValidator(_web_address)]


class Group(BaseModel):
    """A frozen group of settings that refuses unknown keys and non-finite numbers."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )


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

    @model_validator(mode="after")
    def _a_battery_has_power(self) -> Self:
        if self.capacity_kwh and not (self.max_charge_kw and self.max_discharge_kw):
            raise ValueError(
                "max_charge_kw and max_discharge_kw must be above 0 where capacity_kwh is; "
                "write capacity_kwh: 0 if there is no battery"
            )
        return self


class WaterHeating(Group):
    """The water heater; ``power_kw`` 0 means there is none.

    Where using power is paid for it may take more than it needs, up to ``max_kwh_per_day``: twice
    the minimum unless given, which a tank of 200 litres can hold.
    """

    power_kw: Kilowatt = 3
    min_kwh_per_day: float = Field(default=6, ge=0, le=200)
    max_kwh_per_day: float | None = Field(default=None, ge=0, le=400)
    max_blocks_per_day: int = Field(default=2, ge=1, le=24)
    defer_up_to_hours: float = Field(default=3, ge=0, le=12)
    plan_days_ahead: int = Field(default=1, ge=0, le=2)


class Automation(Group):
    """The scheduler inside the service."""

    enable_scheduler: bool = True
    plan_every_minutes: int = Field(default=60, ge=1, le=1440)
    horizon_hours: int = Field(default=48, ge=1, le=168)
    history_retention_days: int = Field(default=90, ge=1, le=3650)
    write_schedule_json: bool = True


class NordPool(Group):
    """Day-ahead prices from the Nord Pool data portal."""

    base_url: WebAddress = "https://dataportal-api.nordpoolgroup.com"
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


class OpenMeteo(Group):
    """Weather and irradiance forecasts."""

    base_url: WebAddress = "https://api.open-meteo.com"


class HomeAssistant(Group):
    """The home's own sensors; without a URL nothing is asked."""

    url: WebAddress | None = None
    token: SecretStr | None = None
    battery_soc_entity_id: str | None = None
    water_heater_daily_entity_id: str | None = None
    consumption_entity_id: str | None = None

    @model_validator(mode="after")
    def _token_comes_with_the_url(self) -> Self:
        if self.url and not self.token:
            raise ValueError(
                "url is set but token is not; put a long-lived access token into secrets.yaml"
            )
        return self


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
