"""A secret belongs to the place it was given for: it is never sent to another one by itself.

Whoever may change an address must not thereby have a stored token sent where he likes. A changed
scheme, host or port needs the secret anew; another path of the same server does not.
"""

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr

from app.core.errors import Problem
from app.settings import Settings
from app.settings.fields import plain_value, setting_fields, value_of

# Secret -> the settings that say where it is sent. ``database.url`` and ``mqtt.url`` are whole:
# another address comes with its own password, or with none.
SENT_TO: Final[Mapping[str, tuple[str, ...]]] = {
    "home_assistant.token": ("home_assistant.url",),
    "tibber.token": ("tibber.base_url",),
    "entsoe.token": ("entsoe.base_url",),
    "alerts.webhook.token": ("alerts.webhook.url",),
    "alerts.ntfy.token": ("alerts.ntfy.topic_url",),
    "mqtt.password": ("mqtt.url",),
    "mariadb.password": ("mariadb.host", "mariadb.port"),
}
# They are sent nowhere, or are the address themselves.
SENT_NOWHERE: Final = frozenset(
    {"server.token", "database.url", "mqtt.url", "alerts.webhook.url", "alerts.ntfy.topic_url"}
)
_PORTS: Final = {"http": 80, "https": 443, "mqtt": 1883, "mqtts": 8883}


def origin_of(address: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of a web or broker address, as they count."""
    try:
        parts = urlsplit(address.strip())
        return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        # No address at all is the same as itself only.
        return "", address, None


def same_origin(one: str, other: str) -> bool:
    """Tell whether two addresses are one place; a missing one is none."""
    return bool(one and other) and origin_of(one) == origin_of(other)


def misdirected(
    before: BaseModel, after: BaseModel, given: frozenset[str] = frozenset()
) -> Iterator[Problem]:
    """Yield each address of ``after`` that would get a secret given for another one.

    ``given`` are the paths of the secrets that came together with the change, in clear.
    """
    for secret, places in SENT_TO.items():
        kept = plain_value(after, secret)
        if not kept or secret in given or kept != plain_value(before, secret):
            continue
        moved = [path for path in places if _leads_elsewhere(before, after, path)]
        for path in moved[:1]:
            value = plain_value(after, path)
            shown = None if setting_fields()[path].secret else str(value)[:200]
            yield Problem(
                path,
                shown,
                f"is not the place {secret} was given for; give {secret} again together with it",
            )


def kept_for_its_secret(settings: Settings, path: str) -> bool:
    """Tell whether an address has a secret that going back to the default would send there."""
    return any(
        path in places and plain_value(settings, secret) and setting_fields()[path].default
        for secret, places in SENT_TO.items()
    )


def _leads_elsewhere(before: BaseModel, after: BaseModel, path: str) -> bool:
    old, new = (_plain(value_of(each, path)) for each in (before, after))
    if not new or old == new:
        return False
    if "://" not in new:
        return True
    return not same_origin(old, new)


def _plain(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return "" if value is None else str(value)
