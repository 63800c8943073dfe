"""The state of every alert: pending, raised, recovered; and which message is owed to whom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.alerts.conditions import SAID_BY, SEVERITIES, Seen, Severity
from app.db.alerts import Alert
from app.settings.alerts import Alerts

MAX_TRIES = 8


class Event(StrEnum):
    """What a message says."""

    RAISED = "raised"
    REMINDED = "reminded"
    RECOVERED = "recovered"
    # Something that does not last, such as a refused command: said once, by MQTT only.
    HAPPENED = "happened"


@dataclass(slots=True)
class Changes:
    """What one look changed: rows to store, rows to forget, and those just raised or over."""

    stored: list[Alert] = field(default_factory=list)
    dropped: list[Alert] = field(default_factory=list)
    news: list[Alert] = field(default_factory=list)


def step(rows: Sequence[Alert], seen: Iterable[Seen], *, now: datetime) -> Changes:
    """Move every alert on by one look; rows that begin to exist are among ``stored``."""
    changes = Changes()
    open_rows = {row.code: row for row in rows if row.open_code}
    for each in seen:
        row = open_rows.get(each.code)
        if each.active:
            open_rows[each.code] = _lasting(row, each, open_rows, changes, now)
        elif row is not None and each.active is False:
            _over(row, changes, now)
    return changes


def _lasting(
    row: Alert | None,
    seen: Seen,
    open_rows: dict[str, Alert],
    changes: Changes,
    now: datetime,
) -> Alert:
    if row is None:
        row = Alert(
            code=seen.code.value,
            open_code=seen.code.value,
            severity=SEVERITIES[seen.code].value,
            message=seen.message,
            since=seen.since or now,
            deliveries={},
        )
        changes.stored.append(row)
    elif row.message != seen.message:
        row.message = seen.message
        changes.stored.append(row)
    other = open_rows.get(SAID_BY.get(seen.code, ""))
    is_said = other is not None and other.raised_at is not None
    if row.raised_at is None and now - row.since >= seen.hold and not is_said:
        row.raised_at = now
        changes.news.append(row)
        if row not in changes.stored:
            changes.stored.append(row)
    return row


def _over(row: Alert, changes: Changes, now: datetime) -> None:
    if row.raised_at is None:
        changes.dropped.append(row)
        return
    row.recovered_at, row.open_code = now, None
    changes.news.append(row)
    changes.stored.append(row)


def raised(rows: Iterable[Alert]) -> list[Alert]:
    """Return the alerts that are raised and not over."""
    return [row for row in rows if row.raised_at and not row.recovered_at]


@dataclass(frozen=True, slots=True)
class Delivery:
    """The last message a channel was given of one alert.

    ``is_heard`` tells whether any message of this alert ever went through: nobody is told the end
    of what he never heard of.
    """

    event: Event
    at: datetime
    is_sent: bool
    tries: int
    is_heard: bool
    error: str = ""

    def as_data(self) -> dict[str, object]:
        """Return the form kept in the database."""
        return {
            "event": self.event.value,
            "at": self.at.isoformat(),
            "is_sent": self.is_sent,
            "tries": self.tries,
            "is_heard": self.is_heard,
            "error": self.error,
        }


def delivery(row: Alert, channel: str) -> Delivery | None:
    """Return the last message that a channel was given of an alert."""
    kept = row.deliveries.get(channel)
    if kept is None:
        return None
    at = datetime.fromisoformat(kept["at"])
    return Delivery(**{**kept, "at": at, "event": Event(kept["event"])})


def owed(row: Alert, channel: str, settings: Alerts, *, now: datetime) -> Event | None:
    """Return the message that is due to a channel now, None if there is none."""
    if row.raised_at is None:
        return None
    last = delivery(row, channel)
    if last is None:
        return Event.RAISED if row.recovered_at is None else None
    if not last.is_sent and last.tries < MAX_TRIES:
        if row.recovered_at is not None and last.event != Event.RECOVERED:
            return Event.RECOVERED if last.is_heard else None
        # One minute, then two, four, ... up to an hour.
        wait = timedelta(minutes=min(60, 2 ** (last.tries - 1)))
        return last.event if now - last.at >= wait else None
    if row.recovered_at is not None:
        return Event.RECOVERED if last.is_heard and last.event != Event.RECOVERED else None
    due = last.at + timedelta(hours=settings.remind_after_hours)
    return Event.REMINDED if now >= due else None


def after(
    row: Alert, channel: str, event: Event, *, error: str, is_final: bool, now: datetime
) -> Delivery:
    """Return what is kept of a message that was just sent, or failed with ``error``."""
    last = delivery(row, channel)
    again = last is not None and last.event == event and not last.is_sent
    tries = 1 + (last.tries if last and again else 0)
    return Delivery(
        event=event,
        at=now,
        is_sent=not error,
        tries=MAX_TRIES if error and is_final else tries,
        is_heard=not error or bool(last and last.is_heard),
        error=error,
    )


def is_quiet(settings: Alerts, zone: ZoneInfo, *, now: datetime) -> bool:
    """Tell whether only critical messages may go out at this local time of day."""
    start, end = settings.quiet_from, settings.quiet_until
    if start is None or end is None:
        return False
    local: time = now.astimezone(zone).time()
    return start <= local < end if start < end else local >= start or local < end


def may_pass(row: Alert, settings: Alerts, zone: ZoneInfo, *, now: datetime) -> bool:
    """Tell whether a message of this alert may go out now."""
    return row.severity == Severity.CRITICAL or not is_quiet(settings, zone, now=now)


def withdraws(rows: Iterable[Alert], settings: Alerts) -> list[Alert]:
    """Return the raised alerts under which the plan in force is not followed."""
    return [row for row in raised(rows) if row.code in settings.safe_default_on]
