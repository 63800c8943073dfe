"""What REST clients see of alerts and of readiness. Names are public: additive changes only."""

from typing import Any, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.alerts.conditions import TITLES, Code
from app.db.alerts import Alert

DELIVERY: Final[dict[str, Any]] = {
    "channel": "ntfy",
    "event": "raised",
    "at": "2026-11-23T02:31:04Z",
    "is_sent": True,
    "tries": 1,
    "error": "",
}
ALERT: Final[dict[str, Any]] = {
    "id": 5,
    "code": "planner_failing",
    "severity": "critical",
    "state": "open",
    "title": "Planning fails",
    "message": "4 runs in a row made no plan; the last said: Nord Pool failed (HTTP 503)",
    "since": "2026-11-23T02:00:41Z",
    "raised_at": "2026-11-23T02:31:02Z",
    "recovered_at": None,
    "deliveries": [DELIVERY],
}
READY: Final[dict[str, Any]] = {
    "ready": True,
    "parts": [
        {"name": "database", "ok": True, "detail": "migrated"},
        {"name": "scheduler", "ok": True, "detail": "running"},
        {"name": "planner", "ok": True, "detail": "at hand"},
        {"name": "plan", "ok": True, "detail": "run 7 is in force"},
    ],
    "plan_age_seconds": 812.4,
}


class _Out(BaseModel):
    model_config = ConfigDict(frozen=True)


class DeliveryOut(_Out):
    """The last message that one channel was given of an alert."""

    channel: str = Field(description="webhook, ntfy or mqtt")
    event: Literal["raised", "reminded", "recovered"]
    at: AwareDatetime
    is_sent: bool = Field(description="false: it failed; it is tried again a few times")
    tries: int
    error: str = Field(description="why it failed, without address or token")


class AlertOut(_Out):
    """One condition from when it was raised to when it was over."""

    model_config = ConfigDict(json_schema_extra={"examples": [ALERT]})

    # An alert about the database has no row while the database is away.
    id: int | None = Field(description="null while the database is away and cannot number it")
    code: str = Field(description=f"stable: {', '.join(code.value for code in Code)}")
    severity: str = Field(description="critical (passes quiet hours) or warning")
    state: Literal["open", "recovered"]
    title: str
    message: str
    since: AwareDatetime = Field(description="when the condition began")
    raised_at: AwareDatetime = Field(description="when it had lasted long enough to be said")
    recovered_at: AwareDatetime | None = Field(description="when it was over")
    deliveries: list[DeliveryOut]

    @classmethod
    def of(cls, row: Alert) -> Self:
        """Return what a raised alert looks like to clients."""
        title = TITLES[Code(row.code)][1 if row.recovered_at else 0]
        return cls(
            id=row.id,
            code=row.code,
            severity=row.severity,
            state="recovered" if row.recovered_at else "open",
            title=title,
            message=row.message,
            since=row.since,
            raised_at=row.raised_at or row.since,
            recovered_at=row.recovered_at,
            deliveries=[
                DeliveryOut(channel=channel, **kept) for channel, kept in row.deliveries.items()
            ],
        )


class AlertsOut(_Out):
    """Alerts, the newest first; pass the last id as ``before_id`` for the ones before."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"alerts": [ALERT], "open": 1}]})

    alerts: list[AlertOut]
    open: int = Field(description="how many are open at the moment")


class PartOut(_Out):
    """One thing the service needs to do its work."""

    name: str = Field(description="database, scheduler, plan or plan_age")
    ok: bool
    detail: str


class ReadyOut(_Out):
    """Everything the service needs is there; the plan's age is said, and judged only if asked."""

    model_config = ConfigDict(json_schema_extra={"examples": [READY]})

    ready: bool
    parts: list[PartOut]
    plan_age_seconds: float | None
