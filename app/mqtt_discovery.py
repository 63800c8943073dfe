"""What Home Assistant is told so that it makes the device and its entities by itself.

One retained message describes the device and all its components (Home Assistant 2024.12 and
later). Every entity reads the one state topic, whose JSON is the answer of ``GET /api/now``.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final, get_args

from app import __version__
from app.api.schemas_now import Action
from app.settings import Settings

PRESS: Final = "PRESS"
ONLINE: Final = "online"
OFFLINE: Final = "offline"
# Home Assistant takes no state longer than 255 characters; the attributes have all of it.
_REASON_LENGTH: Final = 250


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

    def command(self, name: str) -> str:
        """Return the topic of one command."""
        return f"{self.base}/command/{name}"


def topics_of(settings: Settings) -> Topics:
    """Return the topics of this service."""
    return Topics(settings.mqtt.base_topic, settings.mqtt.discovery_prefix)


def discovery(settings: Settings) -> str:
    """Return the payload that describes the device."""
    topics = topics_of(settings)
    device = topics.device_id
    components = {**_sensors(settings), **_binary_sensors(), **_buttons(topics)}
    return json.dumps(
        {
            "device": {
                "identifiers": [device],
                "name": "Darkstar",
                "manufacturer": "Darkstar",
                "model": "Energy Manager",
                "sw_version": __version__,
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
            },
        }
    )


def _sensors(settings: Settings) -> dict[str, dict[str, Any]]:
    money = settings.nordpool.currency
    state = topics_of(settings).state
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
            json_attributes_topic=state,
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
        "plan_age": _sensor(
            "Plan age",
            "plan_age_seconds",
            device_class="duration",
            unit_of_measurement="s",
            state_class="measurement",
            suggested_display_precision=0,
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


def _buttons(topics: Topics) -> dict[str, dict[str, Any]]:
    named = {
        "run_planner": ("Run planner", "mdi:play-circle"),
        "water_boost": ("Heat water for an hour", "mdi:water-thermometer"),
        "pause": ("Pause for two hours", "mdi:pause-circle"),
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
