"""When to warn the owner, how, and when not: settings, typed, frozen; defaults live here."""

from datetime import time
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    field_serializer,
    model_validator,
)

from app.settings.home import Group

Condition = Literal["planner_failing", "database_away", "degraded_inputs", "idle_plan"]


def _secret_address(url: SecretStr) -> SecretStr:
    """Refuse what is no web address, without showing it: such an address often is the secret."""
    usage = "write a web address such as https://ntfy.sh/your-topic"
    try:
        parts = urlsplit(url.get_secret_value())
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        # Its words would show a part of the address.
        raise ValueError(usage) from None
    if not is_usable:
        raise ValueError(usage)
    if "@" in parts.netloc:
        raise ValueError("a web address must not hold a user or password; use the token setting")
    return url


def _written_as_text(value: Any) -> Any:
    """Refuse what YAML makes of an unquoted 22:00: the number 1320."""
    if isinstance(value, int | float):
        raise ValueError('put the time of day in quotes: "22:00"')  # noqa: TRY004 - pydantic's way
    return value


TimeOfDay = Annotated[time, BeforeValidator(_written_as_text)]
SecretAddress = Annotated[SecretStr, AfterValidator(_secret_address)]


class Webhook(Group):
    """A web address that gets every message as a JSON object by POST."""

    url: SecretAddress | None = None
    token: SecretStr | None = None


class Ntfy(Group):
    """A topic of ntfy.sh or of an ntfy server of one's own, and the token it may need."""

    topic_url: SecretAddress | None = None
    token: SecretStr | None = None

    @model_validator(mode="after")
    def _topic_is_named(self) -> Self:
        if self.topic_url and not urlsplit(self.topic_url.get_secret_value()).path.strip("/"):
            raise ValueError("topic_url names no topic; write e.g. https://ntfy.sh/your-topic")
        return self


class Alerts(Group):
    """What is worth a message, and when the plan is not followed any more.

    The planner counts as failing after ``after_failures`` runs in a row without a plan that took
    at least ``failing_for_minutes``: retries come fast, and a database restarts in a minute.
    ``idle_days`` is how many local days in a row the battery may do nothing although moving energy
    would have paid on each. ``safe_default_on`` names the conditions under which the plan in force
    is withdrawn; a plan that has expired never counts. Between ``quiet_from`` and ``quiet_until``
    (local time, both or neither) only critical messages go out; the rest follow afterwards.
    """

    after_failures: int = Field(default=3, ge=1, le=100)
    failing_for_minutes: int = Field(default=30, ge=0, le=1440)
    database_away_after_minutes: int = Field(default=30, ge=1, le=1440)
    degraded_after_hours: float = Field(default=6, ge=0, le=168)
    idle_days: int = Field(default=3, ge=1, le=30)
    safe_default_on: tuple[Condition, ...] = ("planner_failing", "database_away")
    remind_after_hours: float = Field(default=24, ge=1, le=720)
    quiet_from: TimeOfDay | None = None
    quiet_until: TimeOfDay | None = None
    max_messages_per_hour: int = Field(default=10, ge=1, le=1000)
    webhook: Webhook = Webhook()
    ntfy: Ntfy = Ntfy()

    @model_validator(mode="after")
    def _quiet_hours_are_whole(self) -> Self:
        times = (self.quiet_from, self.quiet_until)
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError("quiet_from and quiet_until: set both, or neither")
        if self.quiet_from is not None and self.quiet_from == self.quiet_until:
            raise ValueError("quiet_from and quiet_until are the same: set both to null for none")
        if any(each is not None and each.tzinfo is not None for each in times):
            raise ValueError("quiet hours are local time: write 22:00, without a zone")
        return self

    @field_serializer("quiet_from", "quiet_until")
    def _hours_and_minutes(self, value: time | None) -> str | None:
        return None if value is None else value.isoformat(timespec="minutes")

    @property
    def reaches_someone(self) -> bool:
        """Whether a web channel is configured."""
        return bool(self.webhook.url or self.ntfy.topic_url)
