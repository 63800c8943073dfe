"""A plan as it is sent: built and encoded once, however many ask for it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from fastapi import Response
from pydantic import TypeAdapter

from app import __version__
from app.db.tables.models import CurrentSlot, PlanRun
from app.service.entity_tags import has_already, not_modified, tag_of
from app.service.replies import schedule_of
from app.service.schemas.plan import ScheduleOut, SlotOut

_PLAN = TypeAdapter(ScheduleOut)
_ROWS = TypeAdapter(list[SlotOut])


@dataclass(frozen=True, slots=True)
class Encoded:
    """One representation as JSON, with the entity tag that stands for exactly these bytes."""

    body: bytes
    tag: str

    @classmethod
    def of(cls, body: bytes) -> Self:
        """Tag the bytes."""
        return cls(body, tag_of(__version__, hashlib.sha256(body).hexdigest()))

    def answer(self, if_none_match: str | None) -> Response:
        """Return the representation, or say that the client has it already."""
        if has_already(self.tag, if_none_match):
            return not_modified(self.tag)
        return Response(self.body, media_type="application/json", headers={"ETag": self.tag})


@dataclass(frozen=True, slots=True)
class PlanDocument:
    """One plan: for handlers as objects, for clients as bytes."""

    plan: ScheduleOut
    schedule: Encoded
    rows: Encoded

    @classmethod
    def of(cls, plan: ScheduleOut) -> Self:
        """Encode a plan; takes milliseconds that the event loop does not have."""
        return cls(
            plan,
            Encoded.of(_PLAN.dump_json(plan, by_alias=True)),
            Encoded.of(_ROWS.dump_json(plan.schedule, by_alias=True)),
        )


def document_of(run: PlanRun, slots: Sequence[CurrentSlot]) -> PlanDocument:
    """Build the document from the rows of the run and its slots."""
    return PlanDocument.of(schedule_of(run, slots))
