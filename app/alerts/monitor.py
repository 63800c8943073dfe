"""Looks at how planning goes, keeps the alerts, and withdraws a plan that must not be followed."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts import machine
from app.alerts.conditions import away, look
from app.alerts.facts import Facts, read_facts, read_idleness
from app.alerts.idleness import Idleness
from app.alerts.teller import Teller
from app.core import clock
from app.core.errors import DatabaseUnavailableError, RunInProgressError
from app.db import alerts, plans
from app.db.alerts import Alert
from app.db.connection.engine import session_scope
from app.db.connection.lock import exclusive
from app.db.connection.sqlite import file_replaced_at
from app.plans.job import PlanningJob
from app.settings import Settings

# What ended longer ago is no news, even where nobody could be told.
NEWS_FOR = timedelta(days=2)
BUSY = "another Darkstar process looks after the alerts of this database"
_log = structlog.get_logger("darkstar.alerts")


@dataclass(slots=True)
class Monitor:
    """The alerts of one process; the database holds them, memory a copy and what it cannot hold.

    ``announce`` is called with ``alert`` when an alert is raised or over, with ``plan`` when the
    plan in force was withdrawn. While the database is away, its own alert lives in ``rows`` only.
    """

    job: PlanningJob
    announce: Callable[[str], None]
    teller: Teller = field(init=False)
    rows: list[Alert] = field(default_factory=list)
    facts: Facts | None = None
    away_since: datetime | None = None
    _idle: tuple[tuple[date, Settings], Idleness | None] | None = None
    _not_kept: dict[int, dict[str, Any]] = field(default_factory=dict)
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        """Make what tells people."""
        self.teller = Teller(self.job.sources)

    @property
    def open(self) -> list[Alert]:
        """Return the raised alerts, the critical ones first."""
        return sorted(machine.raised(self.rows), key=lambda row: (row.severity, row.since))

    @property
    def withdrawing(self) -> list[Alert]:
        """Return the raised alerts under which the plan is not followed."""
        return machine.withdraws(self.open, self.job.settings.alerts)

    async def look(self) -> bool:
        """Read the facts and move every alert on; takes the database's patience at most.

        Returns whether the plan in force was withdrawn just now.
        """
        async with self._looking:
            if not self.job.log.migrated:
                # There are no tables yet; the job says why, once it has tried.
                error = self.job.log.database_error
                return self.database_failed(error) if error else False
            try:
                async with exclusive(self.job.engine, "darkstar-alerts", busy=BUSY, wait_seconds=1):
                    return await self._look(clock.now())
            except DatabaseUnavailableError as fault:
                return self.database_failed(str(fault))
            except RunInProgressError as other:
                _log.info("alerts left to another process", reason=str(other))
                return False

    async def _look(self, now: datetime) -> bool:
        # What a look that fails half-way had changed is not kept: neither here nor there.
        async with session_scope(self.job.sources.sessions, writes=True) as session:
            rows = await self._known(session, now)
            # Who stands by leaves judging to the service that plans.
            if self.job.log.last_outcome == "stood_down":
                self.rows = rows
                return False
            idle = await self._idleness(session, now)
            replaced_at = file_replaced_at(self.job.engine)
            facts = await read_facts(
                session, idleness=idle, database_replaced_at=replaced_at, now=now
            )
            changes = machine.step(rows, look(facts, self.job.settings), now=now)
            rows, numbers = await self._store(session, rows, changes)
            withdrawing = machine.withdraws(rows, self.job.settings.alerts)
            withdrawn = await self._withdraw(session, facts, withdrawing)
        for row, number in numbers:
            row.id = number
        self.rows, self.facts, self.away_since = rows, facts, None
        self._not_kept.clear()
        self._say(changes, withdrawn=withdrawn)
        return withdrawn

    async def _known(self, session: AsyncSession, now: datetime) -> list[Alert]:
        """Return the alerts of the database, and those it does not have yet."""
        found = await alerts.unsettled(session, recovered_after=now - NEWS_FOR)
        taken = {row.open_code for row in found}
        for row in found:
            row.deliveries = self._not_kept.get(row.id or 0, row.deliveries)
        waiting = [row for row in self.rows if row.id is None and row.code not in taken]
        return [*found, *(replace(row) for row in waiting)]

    async def _idleness(self, session: AsyncSession, now: datetime) -> Idleness | None:
        settings = self.job.settings
        key = clock.local_day(now, settings.zone), settings
        if self._idle is None or self._idle[0] != key:
            self._idle = key, await read_idleness(session, settings, now=now)
        return self._idle[1]

    async def _store(
        self, session: AsyncSession, rows: list[Alert], changes: machine.Changes
    ) -> tuple[list[Alert], list[tuple[Alert, int]]]:
        """Write what one look changed; returns the rows left, and the numbers of the new ones."""
        known = [*rows, *(row for row in changes.stored if row not in rows)]
        left = [row for row in known if row not in changes.dropped]
        await alerts.forget(session, changes.dropped)
        numbers = []
        for row in left:
            if row.id is None:
                numbers.append((row, await alerts.add(session, row)))
            elif row in changes.stored or row.id in self._not_kept:
                await alerts.keep(session, row)
        return left, numbers

    async def _withdraw(
        self, session: AsyncSession, facts: Facts, withdrawing: Sequence[Alert]
    ) -> bool:
        """Make the rows ahead say that they must not be acted on, while an alert wants it."""
        if facts.run_id is None or not facts.is_valid or not withdrawing:
            return False
        return bool(await plans.withdraw(session, facts.run_id, now=facts.now))

    def database_failed(self, error: str) -> bool:
        """Count the time the database is away; needs no database; tells what ``look`` tells."""
        now = clock.now()
        self.away_since = self.away_since or now
        seen = away(error, self.away_since, self.job.settings)
        changes = machine.step(self.rows, [seen], now=now)
        # Pending or raised, it waits in memory for its place in the database.
        self.rows += [row for row in changes.stored if row not in self.rows]
        withdrawn = bool(changes.news and self.withdrawing)
        self._say(changes, withdrawn=withdrawn)
        return withdrawn

    def _say(self, changes: machine.Changes, *, withdrawn: bool) -> None:
        for row in changes.news:
            state = "recovered" if row.recovered_at else "raised"
            _log.warning("alert", code=row.code, state=state, message=row.message)
        if changes.news:
            self.announce("alert")
        if withdrawn:
            _log.warning("plan withdrawn", alerts=[row.code for row in self.withdrawing])
            self.announce("plan")

    async def deliver(self) -> None:
        """Send what is owed; beside another process that sends, nothing."""
        if self.job.log.last_outcome == "stood_down" or not self.teller.owes(self.rows):
            return
        if self.away_since is not None:
            await self._deliver(self.rows)
            return
        try:
            async with exclusive(self.job.engine, "darkstar-alerts-told", busy=BUSY):
                async with session_scope(self.job.sources.sessions) as session:
                    rows = await alerts.unsettled(session, recovered_after=clock.now() - NEWS_FOR)
                await self._deliver(rows)
        except DatabaseUnavailableError as error:
            self.database_failed(str(error))
        except RunInProgressError as other:
            _log.info("messages left to another process", reason=str(other))

    async def _deliver(self, rows: Sequence[Alert]) -> None:
        for row in list(rows):
            if await self.teller.tell(row) and row.id is not None:
                await self._keep(row.id, row.deliveries)

    async def _keep(self, alert_id: int, deliveries: dict[str, Any]) -> None:
        """Store who was told; what the database misses is added at the next look."""
        for row in self.rows:
            if row.id == alert_id:
                row.deliveries = deliveries
        try:
            async with session_scope(self.job.sources.sessions, writes=True) as session:
                await alerts.keep_deliveries(session, alert_id, deliveries)
        except DatabaseUnavailableError as error:
            self._not_kept[alert_id] = deliveries
            _log.warning("alert delivery not stored yet", id=alert_id, error=str(error))
