"""The MQTT broker of the home: settings, typed, frozen; defaults live here."""

import re
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from app.settings.home import Group
from app.settings.services import WebAddress

_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_EXAMPLE: Final = "write e.g. mqtt://user:password@192.0.2.10:1883, or mqtts:// for TLS"


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and who we are there."""

    host: str
    port: int
    tls: bool
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """Return the address without credentials."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"


def _parsed(url: str) -> Broker:
    """Return what a URL says; its text never shows in the error: it may hold a password."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise ValueError(f"is not a URL; {_EXAMPLE}") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"must begin with mqtt:// or mqtts:// and name a host; {_EXAMPLE}")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError(
            f"must end after the port: write / ? # in a password as %2F %3F %23; {_EXAMPLE}"
        )
    return Broker(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        tls=parts.scheme == "mqtts",
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def _broker_url(url: SecretStr) -> SecretStr:
    _parsed(url.get_secret_value())
    return url


def _topic(topic: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*", topic):
        raise ValueError(
            f"{topic!r} is not a topic; write letters, digits, _ . - with / between levels, "
            "e.g. home/darkstar"
        )
    return topic


Topic = Annotated[str, AfterValidator(_topic), Field(max_length=128)]


Sensor = Literal[
    "battery_soc",
    "grid_import",
    "grid_export",
    "grid_power",
    "pv",
    "consumption",
    "water_heater",
    "battery_charge",
    "battery_discharge",
    "battery_power",
    "outdoor_temperature",
]


class MqttReading(Group):
    """One sensor of the home that speaks by MQTT, named as the entities of Home Assistant are."""

    sensor: Sensor = Field(description="what it measures")
    topic: str = Field(min_length=1, max_length=256, description="where it speaks; no wildcards")
    unit: str = Field(
        min_length=1, max_length=8, description="of its numbers: W, kW, Wh, kWh, %, °C"
    )
    json_key: str | None = Field(
        default=None, min_length=1, max_length=128, description="where its payload is JSON: a.b"
    )

    @model_validator(mode="after")
    def _one_topic(self) -> Self:
        if {"#", "+"} & set(self.topic):
            raise ValueError(f"topic {self.topic!r} holds a wildcard; name one topic")
        return self

    @property
    def key(self) -> str:
        """The reading's own name: several may come from one message."""
        return f"{self.topic} {self.json_key}" if self.json_key else self.topic


CommandName = Literal["run_planner", "water_boost", "pause", "resume"]


class Mqtt(Group):
    """Broker for Home Assistant and controllers; without a ``url`` nothing is connected.

    ``username`` and ``password`` may stand here instead of in the URL. ``base_topic`` is where
    Darkstar's own topics are: one name for each service on a broker. ``ca_file`` is the PEM
    certificate of a broker that signs for itself. ``commands`` are those that MQTT may give:
    whoever may publish on the broker gives them, so only planning anew is there unasked. One that
    lasts does so for ``max_command_hours`` at most. ``page_url`` is the address of our pages that
    Home Assistant links to; without it that is where this machine is found on the broker's network.
    """

    url: Annotated[SecretStr, AfterValidator(_broker_url)] | None = None
    username: str | None = Field(default=None, min_length=1, max_length=256)
    password: SecretStr | None = None
    ca_file: str | None = Field(default=None, min_length=1)
    discovery_prefix: Topic = "homeassistant"
    base_topic: Topic = "darkstar"
    commands: tuple[CommandName, ...] = ("run_planner",)
    max_command_hours: float = Field(default=4, ge=0.25, le=12, multiple_of=0.25)
    page_url: WebAddress | None = None
    readings: tuple[MqttReading, ...] = ()

    @model_validator(mode="after")
    def _one_reading_a_sensor(self) -> Self:
        sensors = [each.sensor for each in self.readings]
        if twice := next((each for each in sensors if sensors.count(each) > 1), None):
            raise ValueError(f"readings: {twice} is given twice; keep one")
        return self

    @model_validator(mode="after")
    def _one_place_for_credentials(self) -> Self:
        if self.url is None:
            return self
        broker = self._from_url()
        if self.username and broker.username:
            raise ValueError("url names a user and username is set too; keep one")
        if self.password and not (self.username or broker.username):
            raise ValueError("password is set but no user; set username")
        if self.password and broker.password:
            raise ValueError("url holds a password and password is set too; keep one")
        if self.ca_file and not broker.tls:
            raise ValueError("ca_file is set but url is not encrypted; write mqtts://")
        return self

    @property
    def enabled(self) -> bool:
        """Whether there is a broker to talk to."""
        return self.url is not None

    @property
    def broker(self) -> Broker:
        """Where to connect; only asked where ``enabled``."""
        found = self._from_url()
        password = self.password.get_secret_value() if self.password else found.password
        return Broker(found.host, found.port, found.tls, self.username or found.username, password)

    def _from_url(self) -> Broker:
        if self.url is None:
            raise ValueError("mqtt.url is not set")
        return _parsed(self.url.get_secret_value())
