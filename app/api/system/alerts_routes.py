"""REST: what was wrong from when to when, and who was told."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.web.dependencies import ServicesDep
from app.db import alerts
from app.db.connection.engine import session_scope
from app.service.schemas.alerts import AlertOut, AlertsOut
from app.service.services import Services

router = APIRouter(tags=["service"])


@router.get("/api/alerts", operation_id="listAlerts")
async def list_alerts(
    deps: ServicesDep,
    only_open: Annotated[bool, Query(description="leave out what is over")] = False,  # noqa: FBT002
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before_id: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> AlertsOut:
    """Return alerts that were raised, the newest first; while the database is away, the open ones.

    What has not lasted long enough to be raised is not listed.
    """
    present = deps.alerts.open
    if deps.alerts.away_since is not None or not deps.job.log.migrated:
        shown = [AlertOut.of(row) for row in present if before_id is None][:limit]
    else:
        shown = await _stored(deps, limit=limit, before_id=before_id, only_open=only_open)
    return AlertsOut(alerts=shown, open=len(present))


async def _stored(
    deps: Services, *, limit: int, before_id: int | None, only_open: bool
) -> list[AlertOut]:
    async with session_scope(deps.job.sources.sessions) as session:
        rows = await alerts.page(session, limit=limit, before_id=before_id, only_open=only_open)
        return [AlertOut.of(row) for row in rows]
