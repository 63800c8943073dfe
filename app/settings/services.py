"""What the service talks to and how it runs: settings, typed, frozen; defaults live here."""

import re
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from app.settings.home import Group, MoneyPerKwh, Percent


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("write a web address such as http://homeassistant.local:8123")
    if "@" in parts.netloc:
        raise ValueError("a web address must not hold a user or password; use the token setting")
    return url.rstrip("/")


def _entity(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9_]+\.[a-z0-9_]+", name):
        raise ValueError(f"{name!r} is not an entity id; write e.g. sensor.house_energy")
    return name


# Five wrong ones a minute: 16 random letters are beyond guessing, five are not.
MIN_TOKEN_LETTERS: Final = 16
MAX_TOKEN_LETTERS: Final = 256
WebAddress = Annotated[str, AfterValidator(_web_address)]
EntityId = Annotated[str, AfterValidator(_entity)]


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
    - fees + grid benefit. ``tariff`` overrides these, component by component. A contract billed
    by the hour takes the mean spot price of the clock hour.
    """

    billed_by: Literal["quarter", "hour"] = "quarter"
    vat_percent: Percent = 25
    spot_markup_per_kwh: MoneyPerKwh = 0
    grid_transfer_fee_per_kwh: MoneyPerKwh = 0.2456
    energy_tax_per_kwh: MoneyPerKwh = 0.439
    export_vat_percent: Percent = 0
    export_fees_per_kwh: MoneyPerKwh = 0
    export_grid_benefit_per_kwh: MoneyPerKwh = 0


class Appliance(Group):
    """A typical run of an appliance: how long it takes and, where that is known, how much."""

    name: str = Field(min_length=1, max_length=60)
    hours: float = Field(ge=0.05, le=48)
    kwh: float | None = Field(default=None, gt=0, le=1000)


class BestTime(Group):
    """The finder of the cheapest start: which appliances it offers; none = typical ones."""

    appliances: tuple[Appliance, ...] = Field(default=(), max_length=50)


class OpenMeteo(Group):
    """Weather and irradiance forecasts; ``ensemble`` asks for their spread, too."""

    base_url: WebAddress = "https://api.open-meteo.com"
    ensemble: bool = False
    ensemble_base_url: WebAddress = "https://ensemble-api.open-meteo.com"
    ensemble_model: str = Field(default="icon_seamless", pattern=r"^[a-z0-9_]{1,64}$")


class HomeAssistant(Group):
    """The home's own sensors; without a URL nothing is asked.

    An energy entity is a counter (Wh, kWh, MWh) or a power (W, kW); the unit tells which. A signed
    power stands for two quantities, and says which of them is positive.
    """

    url: WebAddress | None = None
    token: SecretStr | None = None
    battery_soc_entity_id: EntityId | None = None
    water_heater_daily_entity_id: EntityId | None = None
    consumption_entity_id: EntityId | None = None
    consumption_includes_water_heater: bool = True
    grid_import_entity_id: EntityId | None = None
    grid_export_entity_id: EntityId | None = None
    grid_power_entity_id: EntityId | None = None
    grid_power_positive_is: Literal["import", "export"] = "import"
    pv_entity_id: EntityId | None = None
    battery_charge_entity_id: EntityId | None = None
    battery_discharge_entity_id: EntityId | None = None
    battery_power_entity_id: EntityId | None = None
    battery_power_positive_is: Literal["charge", "discharge"] = "charge"
    water_heater_entity_id: EntityId | None = None
    outdoor_temperature_entity_id: EntityId | None = None

    @property
    def mapped(self) -> dict[str, str]:
        """The entities that are mapped, by the name of their setting."""
        names = [name for name in type(self).model_fields if name.endswith("_entity_id")]
        return {name: entity for name in names if (entity := getattr(self, name))}

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


def _own_token(token: SecretStr) -> SecretStr:
    """Refuse a token that can be guessed, or that no header can carry; its text never shows."""
    text = token.get_secret_value()
    if not MIN_TOKEN_LETTERS <= len(text) <= MAX_TOKEN_LETTERS or not re.fullmatch(r"[!-~]+", text):
        raise ValueError(
            f"must have {MIN_TOKEN_LETTERS} to {MAX_TOKEN_LETTERS} letters, digits or signs, no "
            "spaces; make one with `openssl rand -hex 20`, or leave it out"
        )
    return token


class Server(Group):
    """Where the service listens."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    token: Annotated[SecretStr, AfterValidator(_own_token)] | None = None


class Ui(Group):
    """How the dashboard looks."""

    theme: str = Field(default="Darkstar", max_length=64)
    theme_accent_index: int = Field(default=0, ge=0, le=15)
    language: Literal["auto", "en", "sv"] = "auto"


class Debug(Group):
    """Extra planner output in ``/api/debug``."""

    enable_planner_debug: bool = False
    sample_size: int = Field(default=30, ge=1, le=1000)
