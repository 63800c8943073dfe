"""What the owner asks for by hand: checked, kept, changed, taken back; for REST, page and MQTT.

An action covers whole slots and never drops silently: what cannot be kept is refused with the
fix, what is kept but waits is said in a notice.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import iso_utc
from app.core.errors import DarkstarError
from app.db import manual_actions as store
from app.db.tables.models import ManualAction, ManualChange
from app.manual.wish import Wish, check


class ActionConflictError(DarkstarError):
    """The slots asked for are taken by another action."""

    status = 409
    code = "manual_action_conflict"


class NoSuchActionError(DarkstarError):
    """There is no such action, or it has been taken back."""

    status = 404
    code = "no_such_action"


class ActionChangedError(DarkstarError):
    """Somebody changed the action since the caller read it."""

    status = 412
    code = "action_changed"


class NothingToUndoError(DarkstarError):
    """No change is left to take back."""

    status = 409
    code = "nothing_to_undo"


@dataclass(frozen=True, slots=True)
class Kept:
    """Actions as they stand now, and what their owner should know about them."""

    actions: tuple[ManualAction, ...]
    notices: tuple[str, ...] = ()


@dataclass(slots=True)
class Desk:
    """One change to the actions inside the caller's transaction; ``made_from`` names its source.

    ``horizon_end`` is where the known prices end: what lies beyond waits for them.
    """

    session: AsyncSession
    now: datetime
    made_from: str
    horizon_end: datetime | None = None
    change: str = field(default_factory=lambda: uuid.uuid4().hex)

    async def create(self, wishes: Sequence[Wish], *, replace: bool = False) -> Kept:
        """Keep every wish or none. With ``replace`` what stands in the way is taken back."""
        notices = []
        made = []
        for wish in wishes:
            notices += check(wish, now=self.now, horizon_end=self.horizon_end)
            notices += await self._make_room(wish, replace=replace)
            action = ManualAction(created_at=self.now, created_from=self.made_from)
            _fill(action, wish)
            await store.add(self.session, action)
            await self._note(action, "created", before=None)
            made.append(action)
        return Kept(tuple(made), tuple(notices))

    async def edit(self, action_id: int, wish: Wish, *, seen: str | None = None) -> Kept:
        """Change an action that still counts; ``seen`` is the version the caller knows."""
        action = await self._known(action_id, seen)
        begun = action.start_at <= self.now
        notices = check(wish, now=self.now, horizon_end=self.horizon_end, begun=begun)
        notices += await self._make_room(wish, replace=False, but=action_id)
        before = as_data(action)
        _fill(action, wish)
        await self.session.flush()
        await self._note(action, "edited", before=before)
        return Kept((action,), tuple(notices))

    async def remove(self, action_id: int, *, seen: str | None = None) -> Kept:
        """Take one action back."""
        action = await self._known(action_id, seen)
        await self._remove(action)
        return Kept((action,))

    async def clear(self) -> Kept:
        """Take back everything that still counts: reset to the optimal plan."""
        actions = await store.active(self.session, at=self.now)
        for action in actions:
            await self._remove(action)
        return Kept(tuple(actions))

    async def undo(self) -> Kept:
        """Take back the newest change, whatever it was; an undo is not undone."""
        steps = await store.last_change(self.session)
        if not steps:
            raise NothingToUndoError("no manual change is left to take back")
        touched, notices = [], []
        for step in steps:
            step.undone_at = self.now
            action = await store.by_id(self.session, step.action_id)
            if action is None:
                notices.append(f"action {step.action_id} is too old to be brought back")
                continue
            if step.before is None:
                action.removed_at = action.removed_at or self.now
            else:
                wish = _wish_of(step.before)
                notices += await self._make_room(wish, replace=False, but=action.id)
                _fill(action, wish)
                action.removed_at = None
            touched.append(action)
        await self.session.flush()
        return Kept(tuple(touched), tuple(notices))

    async def _known(self, action_id: int, seen: str | None) -> ManualAction:
        action = await store.by_id(self.session, action_id)
        if action is None or action.removed_at is not None:
            raise NoSuchActionError(
                f"there is no manual action {action_id}, or it was taken back before"
            )
        if seen is not None and seen != version(action):
            raise ActionChangedError(
                f"manual action {action_id} was changed meanwhile; read it again, then repeat"
            )
        return action

    async def _make_room(self, wish: Wish, *, replace: bool, but: int | None = None) -> list[str]:
        notices = []
        for other in await store.active(self.session, at=self.now):
            if other.id == but or other.end_at <= wish.start_at or other.start_at >= wish.end_at:
                continue
            named = f"{other.action} from {iso_utc(other.start_at)} to {iso_utc(other.end_at)}"
            if not replace:
                raise ActionConflictError(
                    f"the slots from {iso_utc(wish.start_at)} to {iso_utc(wish.end_at)} overlap "
                    f"action {other.id} ({named}); choose other slots, remove it first, or send "
                    "replace=true"
                )
            await self._remove(other)
            notices.append(f"action {other.id} ({named}) was taken back to make room")
        return notices

    async def _remove(self, action: ManualAction) -> None:
        before = as_data(action)
        action.removed_at = self.now
        await self.session.flush()
        await self._note(action, "removed", before=before)

    async def _note(
        self, action: ManualAction, what: str, *, before: dict[str, Any] | None
    ) -> None:
        step = ManualChange(
            change=self.change,
            action_id=action.id,
            at=self.now,
            what=what,
            made_from=self.made_from,
            before=before,
            after=None if what == "removed" else as_data(action),
        )
        await store.note(self.session, step)


def version(action: ManualAction) -> str:
    """Return what tells one state of an action from another (an entity tag without quotes)."""
    data = as_data(action)
    return uuid.uuid5(uuid.NAMESPACE_OID, repr(sorted(data.items()))).hex[:16]


def as_data(action: ManualAction) -> dict[str, Any]:
    """Return an action as plain data, times in ISO form."""
    return {
        "action": action.action,
        "start_at": iso_utc(action.start_at),
        "end_at": iso_utc(action.end_at),
        "target_soc_percent": action.target_soc_percent,
        "power_kw": action.power_kw,
        "note": action.note,
        "expires_at": iso_utc(action.expires_at) if action.expires_at else None,
    }


def _wish_of(data: dict[str, Any]) -> Wish:
    expires_at = data["expires_at"]
    return Wish(
        **{
            **data,
            "start_at": datetime.fromisoformat(data["start_at"]),
            "end_at": datetime.fromisoformat(data["end_at"]),
            "expires_at": datetime.fromisoformat(expires_at) if expires_at else None,
        }
    )


def _fill(action: ManualAction, wish: Wish) -> None:
    action.action = wish.action
    action.start_at, action.end_at = wish.start_at.astimezone(UTC), wish.end_at.astimezone(UTC)
    action.target_soc_percent, action.power_kw = wish.target_soc_percent, wish.power_kw
    action.note = wish.note
    action.expires_at = wish.expires_at
