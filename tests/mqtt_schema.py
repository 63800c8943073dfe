"""What Home Assistant asks of a device's discovery payload, as far as its public docs say.

Sources: the pages "MQTT" (device discovery payload), "MQTT sensor", "MQTT binary sensor" and
"MQTT button" of home-assistant.io, and its table of sensor device and state classes.
"""

from typing import Any

from jsonschema import Draft202012Validator

TOPIC = {"type": "string", "minLength": 1, "pattern": r"^[^#+\u0000]+$"}
TEXT = {"type": "string", "minLength": 1}
SHARED = {
    "availability_topic": TOPIC,
    "payload_available": TEXT,
    "payload_not_available": TEXT,
    "state_topic": TOPIC,
    "command_topic": TOPIC,
    "qos": {"enum": [0, 1, 2]},
    "encoding": TEXT,
}
ENTITY = {
    "platform": TEXT,
    "unique_id": TEXT,
    "name": TEXT,
    "icon": {"type": "string", "pattern": "^mdi:[a-z0-9-]+$"},
    "entity_category": {"enum": ["diagnostic", "config"]},
    "value_template": TEXT,
    "json_attributes_topic": TOPIC,
    "json_attributes_template": TEXT,
    "enabled_by_default": {"type": "boolean"},
}
# Units and state classes that go with a device class of a sensor.
CLASSES: dict[str, tuple[set[str | None], set[str | None]]] = {
    "enum": ({None}, {None}),
    "timestamp": ({None}, {None}),
    "power": ({"W", "kW"}, {None, "measurement"}),
    "duration": ({"s", "min", "h", "d"}, {None, "measurement", "total"}),
    "monetary": ({"SEK", "EUR", "NOK", "DKK"}, {None, "total"}),
}
STATE_CLASSES = ["measurement", "total", "total_increasing"]
SENSOR = {
    "properties": {
        **ENTITY,
        "platform": {"const": "sensor"},
        "device_class": {"enum": sorted(CLASSES)},
        "state_class": {"enum": STATE_CLASSES},
        "unit_of_measurement": TEXT,
        "options": {"type": "array", "items": TEXT, "minItems": 1, "uniqueItems": True},
        "last_reset_value_template": TEXT,
        "suggested_display_precision": {"type": "integer", "minimum": 0},
        "expire_after": {"type": "integer", "minimum": 0},
    },
    "additionalProperties": False,
    "dependentSchemas": {
        "last_reset_value_template": {
            "required": ["state_class"],
            "properties": {"state_class": {"const": "total"}},
        },
        "options": {
            "required": ["device_class"],
            "properties": {"device_class": {"const": "enum"}},
        },
    },
}
BINARY_SENSOR = {
    "properties": {
        **ENTITY,
        "platform": {"const": "binary_sensor"},
        "payload_on": TEXT,
        "payload_off": TEXT,
        "device_class": TEXT,
    },
    "additionalProperties": False,
}
BUTTON = {
    "properties": {
        **ENTITY,
        "platform": {"const": "button"},
        "command_topic": TOPIC,
        "payload_press": TEXT,
    },
    "required": ["command_topic"],
    "additionalProperties": False,
}
SCHEMA = {
    "type": "object",
    "required": ["device", "origin", "components"],
    # Home Assistant refuses the whole device for one key it does not know here.
    "additionalProperties": False,
    "properties": {
        **SHARED,
        "device": {
            "type": "object",
            "required": ["identifiers", "name"],
            "additionalProperties": False,
            "properties": {
                "identifiers": {"type": "array", "items": TEXT, "minItems": 1},
                "connections": {"type": "array"},
                **dict.fromkeys(
                    (
                        "manufacturer",
                        "model",
                        "model_id",
                        "name",
                        "hw_version",
                        "sw_version",
                        "serial_number",
                        "suggested_area",
                        "via_device",
                        "configuration_url",
                    ),
                    TEXT,
                ),
            },
        },
        "origin": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": False,
            "properties": {"name": TEXT, "sw_version": TEXT, "support_url": TEXT},
        },
        "components": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": "^[A-Za-z0-9_-]+$"},
            "additionalProperties": {
                "type": "object",
                "required": ["platform", "unique_id", "name"],
                "oneOf": [SENSOR, BINARY_SENSOR, BUTTON],
            },
        },
    },
}


def discovery_faults(payload: dict[str, Any]) -> list[str]:
    """Return everything Home Assistant would not like, in words."""
    found = [error.message for error in Draft202012Validator(SCHEMA).iter_errors(payload)]
    if found:
        return found
    components = payload["components"]
    ids = [each["unique_id"] for each in components.values()]
    if len(set(ids)) < len(ids):
        found.append("a unique_id twice")
    for name, each in components.items():
        has_state = "state_topic" in each or "state_topic" in payload
        if each["platform"] != "button" and not (has_state and "value_template" in each):
            found.append(f"{name} has no state")
        if each["platform"] == "sensor" and "device_class" in each:
            units, classes = CLASSES[each["device_class"]]
            if each.get("unit_of_measurement") not in units:
                found.append(f"{name}: wrong unit")
            if each.get("state_class") not in classes:
                found.append(f"{name}: wrong state class")
    return found
