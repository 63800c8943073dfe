"""What the tests of the whole watch share: a home on fakes, its clock held, its jobs called."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import time_machine
from sqlalchemy import delete, select

from app.api.system.alerts_routes import list_alerts
from app.db.connection.engine import session_scope
from app.db.tables.models import AlertRow, CurrentSlot, Price
from app.jobs.schedule import Schedule
from app.service.schemas.alerts import AlertOut
from app.service.schemas.plan import StatusOut
from app.settings import Settings
from app.settings.store.sources import load_settings
from tests.fakes import FakeUpstreams, Fault
from tests.fakes.alert_receiver import AlertReceiver
from tests.jobs.test_schedule import at, stop


def settings(
    data_dir: Path, fakes: FakeUpstreams, receiver: AlertReceiver, **alerts: str
) -> Settings:
    """A home on the fakes that tells the webhook; ``alerts`` are settings of that group."""
    environ = fakes.environment() | {
        "DARKSTAR_DATA_DIR": str(data_dir),
        "DARKSTAR_DEMO_HOME": "false",
        "DARKSTAR_ALERTS__WEBHOOK__URL": receiver.url("/hook"),
    }
    environ |= {f"DARKSTAR_ALERTS__{name.upper()}": value for name, value in alerts.items()}
    return load_settings(environ=environ).settings


@dataclass
class Home:
    """A service whose scheduler stands still."""

    schedule: Schedule
    travel: time_machine.Traveller

    async def after(self, span: timedelta) -> None:
        """Let time pass, then have the watch look."""
        self.travel.shift(span)
        await self.schedule.alerts()

    async def fails(self, fakes: FakeUpstreams) -> None:
        """Take the prices away, at the source and in the database, and try to plan."""
        fakes.fail("nordpool", Fault.NOT_FOUND)
        async with session_scope(self.schedule.services.job.sources.sessions) as session:
            await session.execute(delete(Price))
        await self.schedule.plan()
        assert self.schedule.services.job.log.last_outcome == "held"

    async def status(self) -> StatusOut:
        """The answer of ``/api/status``."""
        return (await self.schedule.services.overview())[1]

    async def alerts(self) -> list[AlertOut]:
        """The answer of ``/api/alerts``."""
        return (await list_alerts(self.schedule.services, limit=50)).alerts

    async def rows(self) -> list[CurrentSlot]:
        """What a reader of the table sees."""
        async with session_scope(self.schedule.services.job.sources.sessions) as session:
            found = await session.scalars(select(CurrentSlot).order_by(CurrentSlot.slot_start))
            return list(found)

    async def kept(self) -> list[AlertRow]:
        """Every row of the table ``alert``."""
        async with session_scope(self.schedule.services.job.sources.sessions) as session:
            return list(await session.scalars(select(AlertRow).order_by(AlertRow.id)))


@asynccontextmanager
async def home(made: Settings, travel: time_machine.Traveller) -> AsyncIterator[Home]:
    """Start a service, and stop it at the end."""
    schedule = await at(made)
    try:
        yield Home(schedule, travel)
    finally:
        await stop(schedule)
