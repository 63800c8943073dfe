"""What Home Assistant is told so that it makes the device and its entities by itself.

One retained message describes the device and all its components (Home Assistant 2024.12 and
later). Every entity reads the one state topic, whose JSON is the answer of ``GET /api/now``. Of
its fields only those that change with an entity's state are attributes: Home Assistant stores every
change of an attribute as a row, and an age or an instant changes with every message.
"""

import json
import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final, get_args

from app import __version__
from app.ingest.home.ha_discovery import MADE_BY
from app.service.schemas.now import Action
from app.settings import Settings

PRESS: Final = "PRESS"
BOOST_HOURS: Final = 1.0
PAUSE_HOURS: Final = 2.0
"""How long a pressed button lasts, unless ``mqtt.max_command_hours`` is less."""
ONLINE: Final = "online"
OFFLINE: Final = "offline"
# Home Assistant takes no state longer than 255 characters; the attributes have all of it.
_REASON_LENGTH: Final = 250
# Each entity says who made it, however it is renamed: we never offer it as a sensor of the home.
_MADE_BY: Final = f"'attribution': '{MADE_BY}'"
_DETAILS: Final = {
    "action": ("reason", "is_manual", "next_action", "next_change_at"),
    "reason": ("reason", "reason_text"),
}
_IPV6: Final = 6
_ANYWHERE: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - what is compared with


@dataclass(frozen=True, slots=True)
class Topics:
    """Every topic of one service."""

    base: str
    discovery_prefix: str

    @property
    def device_id(self) -> str:
        """The device's name for machines, which must hold no slash or dot."""
        return re.sub(r"[^A-Za-z0-9_-]", "_", self.base)

    @property
    def state(self) -> str:
        """Retained: the answer of ``GET /api/now``."""
        return f"{self.base}/state"

    @property
    def availability(self) -> str:
        """Retained: online or offline; the broker says offline for us if we vanish."""
        return f"{self.base}/availability"

    @property
    def alert(self) -> str:
        """Not retained: what went wrong, as JSON."""
        return f"{self.base}/alert"

    @property
    def commands(self) -> str:
        """What we listen to; the last level is the command."""
        return f"{self.base}/command/+"

    @property
    def birth(self) -> str:
        """Where Home Assistant says online when it has started."""
        return f"{self.discovery_prefix}/status"

    @property
    def discovery(self) -> str:
        """Where the device is described."""
        return f"{self.discovery_prefix}/device/{self.device_id}/config"

    @property
    def retained(self) -> tuple[str, ...]:
        """What the broker keeps of us, the device first: its entities go with it."""
        return self.discovery, self.state, self.availability

    def command(self, name: str) -> str:
        """Return the topic of one command."""
        return f"{self.base}/command/{name}"


def topics_of(settings: Settings) -> Topics:
    """Return the topics of this service."""
    return Topics(settings.mqtt.base_topic, settings.mqtt.discovery_prefix)


def page_url(settings: Settings, own_address: str | None) -> str | None:
    """Return where a person's browser finds our pages, None where nobody can say.

    ``own_address`` is that of this machine on its way to the broker.
    """
    if settings.mqtt.page_url:
        return settings.mqtt.page_url
    host = settings.server.host
    if host in _ANYWHERE:
        host = own_address or ""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if address.is_loopback or address.is_unspecified:
        return None
    shown = f"[{host}]" if address.version == _IPV6 else host
    return f"http://{shown}:{settings.server.port}"


def discovery(settings: Settings, *, own_address: str | None = None) -> str:
    """Return the payload that describes the device; ``own_address`` as in ``page_url``."""
    topics = topics_of(settings)
    device, url = topics.device_id, page_url(settings, own_address)
    components = {
        name: each | _attributes(name, topics)
        for name, each in {**_sensors(settings), **_binary_sensors()}.items()
    }
    buttons = _buttons(topics, most_hours=settings.mqtt.max_command_hours)
    allowed = settings.mqtt.commands
    components |= {name: each for name, each in buttons.items() if name in allowed}
    # The platform alone takes away what an earlier message described.
    gone = {name: {"platform": "button"} for name in buttons if name not in allowed}
    return json.dumps(
        {
            "device": {
                "identifiers": [device],
                "name": "Darkstar",
                "manufacturer": "Darkstar",
                "model": "Energy Manager",
                "sw_version": __version__,
                **({"configuration_url": url} if url else {}),
            },
            "origin": {"name": "Darkstar Energy Manager", "sw_version": __version__},
            "availability_topic": topics.availability,
            "payload_available": ONLINE,
            "payload_not_available": OFFLINE,
            "state_topic": topics.state,
            "qos": 1,
            "components": {
                name: {**entity, "unique_id": f"{device}_{name}"}
                for name, entity in components.items()
            }
            | gone,
        }
    )


def _attributes(name: str, topics: Topics) -> dict[str, str]:
    details = (f"'{each}': value_json.{each}" for each in _DETAILS.get(name, ()))
    pairs = ", ".join((_MADE_BY, *details))
    return {
        "json_attributes_topic": topics.state,
        "json_attributes_template": f"{{{{ {{{pairs}}} | tojson }}}}",
    }


def _sensors(settings: Settings) -> dict[str, dict[str, Any]]:
    money = settings.nordpool.currency
    daily = {
        "device_class": "monetary",
        "unit_of_measurement": money,
        "state_class": "total",
        "last_reset_value_template": "{{ value_json.day_start }}",
        "suggested_display_precision": 2,
    }
    diagnostic = {"entity_category": "diagnostic"}
    return {
        "action": _sensor(
            "Action",
            "action",
            device_class="enum",
            options=list(get_args(Action)),
            icon="mdi:home-battery",
        ),
        "reason": _sensor(
            "Reason", f"reason_text[:{_REASON_LENGTH}]", icon="mdi:comment-question-outline"
        ),
        "soc_target": _sensor(
            "SoC target",
            "soc_target",
            unit_of_measurement="%",
            state_class="measurement",
            suggested_display_precision=0,
            icon="mdi:battery-charging-high",
        ),
        "charge_power": _power("Charge power", "charge_kw"),
        "discharge_power": _power("Discharge power", "discharge_kw"),
        "export_power": _power("Export power", "export_kw"),
        "next_change": _sensor("Next change", "next_change_at", device_class="timestamp"),
        "next_action": _sensor("Next action", "next_action", icon="mdi:home-battery-outline"),
        "price": _sensor(
            "Price",
            "import_price_per_kwh",
            unit_of_measurement=f"{money}/kWh",
            state_class="measurement",
            suggested_display_precision=2,
            icon="mdi:cash-clock",
        ),
        "cost_today": _sensor("Cost today", "cost_today", **daily),
        "saving_today": _sensor("Saving today", "saving_today", **daily),
        "planned_at": _sensor("Plan made", "planned_at", device_class="timestamp", **diagnostic),
        "valid_until": _sensor(
            "Valid until",
            "valid_until",
            device_class="timestamp",
            enabled_by_default=False,
            **diagnostic,
        ),
        # Every minute another value: a row of the recorder that most homes can do without.
        "plan_age": _sensor(
            "Plan age",
            "plan_age_seconds",
            device_class="duration",
            unit_of_measurement="s",
            state_class="measurement",
            suggested_display_precision=0,
            enabled_by_default=False,
            **diagnostic,
        ),
        "optimality": _sensor(
            "Optimality",
            "optimality_percent",
            unit_of_measurement="%",
            state_class="measurement",
            suggested_display_precision=1,
            icon="mdi:bullseye-arrow",
            **diagnostic,
        ),
    }


def _sensor(name: str, value: str, **more: Any) -> dict[str, Any]:
    """Return a sensor; ``value`` is a field of the state, null becomes *unknown*."""
    return {
        "platform": "sensor",
        "name": name,
        "value_template": f"{{{{ value_json.{value} }}}}",
        **more,
    }


def _power(name: str, value: str) -> dict[str, Any]:
    return _sensor(
        name,
        value,
        device_class="power",
        unit_of_measurement="kW",
        state_class="measurement",
        suggested_display_precision=1,
    )


def _binary_sensors() -> dict[str, dict[str, Any]]:
    shared = {"platform": "binary_sensor", "payload_on": "ON", "payload_off": "OFF"}
    template = "{{{{ 'ON' if value_json.{} else 'OFF' }}}}"
    return {
        "water_heating": {
            **shared,
            "name": "Water heating",
            "value_template": template.format("water_on"),
            "icon": "mdi:water-boiler",
        },
        "plan_valid": {
            **shared,
            "name": "Plan valid",
            "value_template": template.format("plan_valid"),
            "entity_category": "diagnostic",
            "icon": "mdi:check-decagram",
        },
    }


def _buttons(topics: Topics, *, most_hours: float) -> dict[str, dict[str, Any]]:
    boost = "Heat water for an hour" if most_hours >= BOOST_HOURS else "Heat water"
    pause = "Pause for two hours" if most_hours >= PAUSE_HOURS else "Pause"
    named = {
        "run_planner": ("Run planner", "mdi:play-circle"),
        "water_boost": (boost, "mdi:water-thermometer"),
        "pause": (pause, "mdi:pause-circle"),
        "resume": ("Resume", "mdi:restore"),
    }
    return {
        name: {
            "platform": "button",
            "name": label,
            "command_topic": topics.command(name),
            "payload_press": PRESS,
            "icon": icon,
        }
        for name, (label, icon) in named.items()
    }
