"""Manual actions as REST clients write and read them."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from app.core.clock import slot_floor
from app.core.errors import Problem
from app.db.tables.models import ManualAction, ManualChange
from app.manual.actions import as_data, version
from app.manual.wish import ManualActionError, Wish
from app.service.schemas import examples
from app.service.schemas.plan import Out, SlotOut

ActionName = Literal["charge", "water", "hold", "export"]
# What the original dashboard wrote on its blocks.
_CONTENTS = {
    "charge": "charge",
    "water heating": "water",
    "water": "water",
    "hold": "hold",
    "export": "export",
}


def _storable(text: str) -> str:
    """Refuse half a character: no database stores it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half a character (a lone surrogate); retype it") from None
    return text


class In(BaseModel):
    """Base of every request: unknown fields and numbers that are none are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


class ActionIn(In):
    """One manual action on whole slots; times need an offset, such as Z or +01:00."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ACTION_IN]})

    action: ActionName
    start_at: AwareDatetime = Field(description="on a quarter of an hour")
    end_at: AwareDatetime = Field(description="on a quarter of an hour, after start_at")
    target_soc_percent: float | None = Field(
        default=None,
        ge=0,
        le=100,
        description="charge up to, or export down to; null: as manual_planning has it",
    )
    power_kw: float | None = Field(
        default=None, gt=0, le=1000, description="most a charge buys or an export sells; null: all"
    )
    note: Annotated[str, AfterValidator(_storable)] = Field(default="", max_length=200)
    expires_at: AwareDatetime | None = Field(
        default=None, description="the action counts only until then"
    )

    def wish(self) -> Wish:
        """Return the action as asked for."""
        values = self.model_dump()
        for name in ("start_at", "end_at", "expires_at"):
            if values[name] is not None:
                values[name] = _utc(name, values[name])
        return Wish(**values)


def _utc(name: str, instant: datetime) -> datetime:
    """Return an instant in UTC; the calendar has an end on both sides."""
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ManualActionError(
            Problem(name, instant.isoformat(), "out of the calendar; write a day near today")
        ) from None


class ActionsIn(In):
    """Actions to keep together, all or none."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"actions": [examples.ACTION_IN]}]})

    actions: list[ActionIn] = Field(min_length=1, max_length=50)
    replace: bool = Field(default=False, description="take back what stands in the way")


class SimulateIn(In):
    """The actions to preview, instead of those in force or beside them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"actions": [examples.ACTION_IN]}]})

    actions: list[ActionIn] = Field(max_length=50)
    beside_present: bool = Field(
        default=True, description="false: preview these alone, as if the others were taken back"
    )


class BlockIn(BaseModel):
    """A block of the original dashboard; a time without offset is the home's."""

    model_config = ConfigDict(
        extra="ignore", frozen=True, json_schema_extra={"examples": [examples.BLOCK_IN]}
    )

    start: datetime
    end: datetime
    content: Annotated[str, Field(max_length=200)]

    def wish(self, zone: ZoneInfo) -> Wish:
        """Return the block as an action; raises ``ManualActionError`` for an unknown content."""
        name = _CONTENTS.get(self.content.strip().lower())
        if name is None:
            shown = self.content.encode("utf-8", "replace").decode()
            reason = "write Charge, Water Heating, Hold or Export"
            raise ManualActionError(Problem("content", shown, reason))
        start, end = (_utc(field, _aware(at, zone)) for field, at in self._times())
        return Wish(name, start, end)

    def _times(self) -> tuple[tuple[str, datetime], ...]:
        return (("start", self.start), ("end", self.end))


def _aware(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant if instant.tzinfo else instant.replace(tzinfo=zone)


class ActionOut(Out):
    """A manual action as it stands; ``version`` is what ``If-Match`` takes."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ACTION]})

    id: int
    action: str
    start_at: AwareDatetime
    end_at: AwareDatetime
    target_soc_percent: float | None
    power_kw: float | None
    note: str
    expires_at: AwareDatetime | None
    created_at: AwareDatetime
    created_from: str = Field(description="api, page or mqtt, and the address it came from")
    state: str = Field(description="ahead, running, over, expired or removed")
    version: str

    @classmethod
    def of(cls, action: ManualAction, now: datetime) -> Self:
        """Return an action with its state at ``now``."""
        return cls(
            id=action.id,
            **as_data(action),
            created_at=action.created_at,
            created_from=action.created_from,
            state=state_of(action, now),
            version=version(action),
        )


def state_of(action: ManualAction, now: datetime) -> str:
    """Return where an action is in its life."""
    if action.removed_at is not None:
        return "removed"
    if action.end_at <= slot_floor(now):
        return "over"
    if action.expires_at is not None and action.expires_at <= now:
        return "expired"
    return "running" if action.start_at <= now else "ahead"


class ActionsOut(Out):
    """Actions, what their owner should know, and where the next page begins."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"actions": [examples.ACTION], "notices": [], "next_before_id": None}]
        }
    )

    actions: list[ActionOut]
    notices: list[str] = Field(default=[])
    next_before_id: int | None = Field(
        default=None, description="send as before_id for the next page; null: no more"
    )


class ChangeOut(Out):
    """One step of the trail: what was done to an action, when, and from where."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CHANGE]})

    id: int
    change: str = Field(description="steps of one change are undone together")
    action_id: int
    at: AwareDatetime
    what: str = Field(description="created, edited or removed")
    made_from: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    undone_at: AwareDatetime | None


class TrailOut(Out):
    """The newest steps first."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"steps": [examples.CHANGE], "next_before_id": None}]}
    )

    steps: list[ChangeOut]
    next_before_id: int | None = None

    @classmethod
    def of(cls, steps: list[ManualChange], limit: int) -> Self:
        """Return a page of steps."""
        return cls(
            steps=[ChangeOut.model_validate(step) for step in steps],
            next_before_id=steps[-1].id if len(steps) == limit else None,
        )


class PreviewOut(Out):
    """A plan with the actions, beside the one without them; nothing was written."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PREVIEW]})

    currency: str
    cost: float = Field(description="of the horizon with the actions, energy left credited")
    cost_without: float = Field(description="of the same horizon with the actions in force now")
    cost_difference: float = Field(description="above zero: the actions cost money")
    soc_difference_percent: float = Field(description="at the end of the horizon")
    changed_slots: int
    warnings: list[str] = Field(description="what the new plan warns of and the present does not")
    notices: list[str] = Field(description="what is to be known about the actions themselves")
    conflicts: list[str] = Field(description="actions in force that these would overlap")
    schedule: list[SlotOut]
