"""The step of Home Assistant: the connection tried, its entities offered, one of them tested."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx
from pydantic import SecretStr, ValidationError

from app.api.setup.fields import Spec, text_of
from app.api.setup.form import FieldView, Sent, field_view, locked_by
from app.api.setup.ha_words import FaultView, fault
from app.api.setup.roles import ENTITY_PATHS, SIGN_PATHS, RoleView, role_view, roles_asked
from app.api.system.doctor_view import EntityView, doctor_view
from app.core import clock
from app.core.errors import UpstreamError
from app.doctor.ask import examine
from app.doctor.checks.roles import ROLES, Role
from app.ingest.home.ha_discovery import KnownHome, discover
from app.settings import HomeAssistant, Settings
from app.settings.fields import plain_value
from app.settings.store.origins import same_origin
from app.settings.store.state import Seen
from app.wording.i18n import _, marked

URL: Final = "home_assistant.url"
TOKEN: Final = "home_assistant.token"  # noqa: S105 - the name of a setting
CONNECTION: Final = (
    Spec(
        URL,
        marked("Address"),
        marked("As in your browser, without a path, e.g. http://homeassistant.local:8123."),
        "text",
        optional=True,
    ),
    Spec(
        TOKEN,
        marked("Long-lived access token"),
        marked(
            "Made on your profile in Home Assistant, Security. It is kept in secrets.yaml, "
            "readable by the service only, and never shown again."
        ),
        "secret",
    ),
)
# What tells the direction of a signed power beside its own history.
_COMPANIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "battery_power_entity_id": ("battery_soc_entity_id",),
    "grid_power_entity_id": ("consumption_entity_id", "pv_entity_id"),
}


@dataclass(frozen=True, slots=True)
class SaidView:
    """What testing one entity said: the doctor's words on it, or why it could not be asked."""

    entity: EntityView | None
    title: str
    fix: str


@dataclass(frozen=True, slots=True)
class HomeAssistantView:
    """Everything ``setup_home_assistant.html`` may use; ``said`` belongs to the role ``tested``."""

    fields: tuple[FieldView, ...]
    problems: tuple[tuple[str, str, str], ...]
    found: str
    fault: FaultView | None
    is_connected: bool
    has_token: bool
    roles: tuple[RoleView, ...]
    tested: str
    said: SaidView | None
    version: str


def tried(form: Mapping[str, str], settings: Settings) -> HomeAssistant | None:
    """Return the connection a form describes; None where address or token cannot be one.

    The token that is stored goes to the address it was stored for, and to no other.
    """
    home = settings.home_assistant
    url = form.get(URL, text_of(home.url)).strip()
    sent = form.get(TOKEN, "").strip()
    try:
        # Scheme, host and port: not over plain http either what was stored for https.
        kept = home.token if same_origin(url, home.url or "") else None
        return HomeAssistant(url=url or None, token=SecretStr(sent) if sent else kept)
    except ValidationError:
        return None


def connection_errors(form: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Return what is missing before anybody can be asked, by field."""
    if not form.get(URL, text_of(settings.home_assistant.url)).strip():
        return {URL: _("Write the address of your Home Assistant.")}
    if tried(form, settings) is not None:
        return {}
    if tried({URL: form.get(URL, ""), TOKEN: "any"}, settings) is None:
        return {URL: _("Write a web address such as http://homeassistant.local:8123.")}
    return {TOKEN: _("Paste the token: each address needs its own.")}


def connection_sent(form: Mapping[str, str], settings: Settings) -> Sent:
    """Return address and token as far as they are new."""
    url, token = form.get(URL, "").strip().rstrip("/"), form.get(TOKEN, "").strip()
    changes = {URL: url} if url and url != settings.home_assistant.url else {}
    if token:
        # Also the one that is stored: given anew, it may go to another address.
        changes[TOKEN] = token
    return Sent(changes)


def entities_sent(form: Mapping[str, str], settings: Settings) -> Sent:
    """Return the entities that are mapped anew; an emptied one is mapped no more."""
    changes: dict[str, str | None] = {}
    for path in (*ENTITY_PATHS, *SIGN_PATHS):
        given = form.get(path)
        if given is None:
            continue
        value = given.strip() or None
        if value != plain_value(settings, path) and not (value is None and path in SIGN_PATHS):
            changes[path] = value
    return Sent(changes)


def stored_values(settings: Settings) -> dict[str, str]:
    """Return the step's fields as the settings have them, without the token."""
    paths = (URL, *ENTITY_PATHS, *SIGN_PATHS)
    return {path: text_of(plain_value(settings, path)) for path in paths}


async def look(
    client: httpx.AsyncClient, home: HomeAssistant | None
) -> tuple[KnownHome | None, FaultView | None]:
    """Return what a Home Assistant says of itself, or what keeps us out."""
    if home is None or not home.url:
        return None, None
    try:
        return await discover(client, home), None
    except UpstreamError as error:
        return None, fault(error, home.url)


async def tested(
    client: httpx.AsyncClient, settings: Settings, role: Role, form: Mapping[str, str]
) -> SaidView:
    """Have the doctor look at the last 24 hours of the entity chosen for a role."""
    chosen = {
        key: form[f"home_assistant.{key}"].strip()
        for key in (role.key, *_COMPANIONS.get(role.key, ()))
        if form.get(f"home_assistant.{key}", "").strip()
    }
    if role.key not in chosen:
        return SaidView(None, _("Choose an entity first."), "")
    signs = {path.rpartition(".")[2]: form[path] for path in SIGN_PATHS if path in form}
    home = settings.home_assistant
    try:
        asked = HomeAssistant.model_validate(
            {"url": home.url, "token": home.token, **signs, **chosen}
        )
    except ValidationError:
        return SaidView(None, _("An entity id looks like sensor.house_energy."), "")
    now = clock.now()
    report = await examine(client, settings.model_copy(update={"home_assistant": asked}), now=now)
    view = doctor_view(report, now, settings.zone)
    name = next((each.name for each in ROLES if each.key == role.key), "")
    entity = next((each for each in view.entities if each.name == name), None)
    if entity is None:
        return SaidView(None, view.title, "".join(part for part, _name in view.fix))
    return SaidView(entity, "", "")


def view_of(
    seen: Seen,
    values: Mapping[str, str],
    errors: Mapping[str, str],
    found: tuple[KnownHome | None, FaultView | None],
    test: tuple[str, SaidView | None] = ("", None),
) -> HomeAssistantView:
    """Return the page."""
    settings, (home, wrong) = seen.loaded.settings, found
    fields = tuple(field_view(spec, values, errors, seen) for spec in CONNECTION)
    roles = tuple(
        role_view(role, values, errors, home.entities if home else ())
        for role in roles_asked(settings)
        if not locked_by(seen, role.setting)
    )
    labels = {each.name: (each.id, each.label) for each in fields}
    labels |= {each.name: (each.id, each.label) for each in roles}
    return HomeAssistantView(
        fields=fields,
        problems=tuple(
            (f"#{labels[path][0]}" if path in labels else "", labels.get(path, ("", ""))[1], text)
            for path, text in errors.items()
        ),
        found=_found(home),
        fault=wrong,
        is_connected=bool(settings.home_assistant.url),
        has_token=settings.home_assistant.token is not None,
        roles=roles,
        tested=test[0],
        said=test[1],
        version=seen.version,
    )


def _found(home: KnownHome | None) -> str:
    if home is None:
        return ""
    measuring = sum(bool(each.unit) for each in home.entities)
    return _(
        "Connected to “{name}”: Home Assistant {version}, {measuring} of {all} entities measure.",
        name=home.name or "Home Assistant",
        version=home.version,
        measuring=measuring,
        all=len(home.entities),
    )
