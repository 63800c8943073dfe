"""The recorder: every slot that is over, what really happened, and how well that is known.

Each quarter it reads the last two hours anew, since meters report late. After an outage it reads
everything since the last slot recorded: from the state history, then from long-term statistics.
Gaps are tried again every hour until they are a day old.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from app.core.clock import slot_floor
from app.core.errors import UpstreamError
from app.core.frames import SLOT
from app.core.slot_quality import GAP
from app.db import heater_slots, observed
from app.db.connection.engine import session_scope
from app.fetch.sources import Sources
from app.ingest.home import ha_backfill, ha_recorded, meters, mqtt_readings
from app.ingest.home.charge_level import Reach
from app.ingest.home.consumption import most_kwh_per_slot
from app.ingest.home.ha_rest import SOURCE
from app.ingest.home.meters import SOC, TEMPERATURE, Meter
from app.recorder.prices import known_prices
from app.recorder.slots import LOAD, HomeParts, by_slot, completed, row

# A meter's last reading of a slot arrives a little after its end.
SETTLED_AFTER: Final = timedelta(seconds=60)
READ_ANEW: Final = timedelta(hours=2)
RETRY_EVERY: Final = timedelta(hours=1)
RETRY_FOR: Final = timedelta(hours=26)
# Home Assistant keeps states for ten days by default; the tenth is being deleted.
HISTORY_FOR: Final = timedelta(days=9)
STATISTICS_FOR: Final = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many slots were written, how many quantities of them are gaps, and what went wrong."""

    slots: int = 0
    gaps: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Window:
    """Slots to record, [start, end), and where from."""

    start: datetime
    end: datetime
    wanted: tuple[Meter, ...]
    from_history: bool = True
    from_statistics: bool = False


@dataclass(slots=True)
class Recorder:
    """The recorder of one process; ``retried_at`` is when gaps were last tried again."""

    sources: Sources
    retried_at: datetime | None = None
    problems: dict[str, str] = field(default_factory=dict)

    async def record(self, *, now: datetime) -> Outcome:
        """Record what is over by now; raises ``UpstreamError`` while Home Assistant is away.

        Then nothing is written: the slots are recorded when it is back.
        """
        wanted, heard = self._meters()
        if not wanted and not heard:
            return Outcome()
        self.problems = {}
        end = slot_floor(now - SETTLED_AFTER)
        async with session_scope(self.sources.sessions) as session:
            newest = await observed.newest(session)
        done = [await self._write(each, now=now) for each in _windows(wanted, newest, end)]
        if self.retried_at is None or now - self.retried_at >= RETRY_EVERY:
            if (window := await self._gaps(wanted, end - READ_ANEW)) is not None:
                done.append(await self._write(window, now=now))
            self.retried_at = now
        return Outcome(
            slots=sum(each.slots for each in done),
            gaps=sum(each.gaps for each in done),
            problems=tuple(self.problems.values()),
        )

    def _meters(self) -> tuple[tuple[Meter, ...], tuple[Meter, ...]]:
        """Return the meters of Home Assistant, and by MQTT those of what it does not measure."""
        settings = self.sources.settings
        home = settings.home_assistant
        battery = settings.battery
        reach = Reach.of(battery) if battery.capacity_kwh else None
        wanted = meters.mapped(home, reach=reach) if home.url else ()
        known = {meter.quantity for meter in wanted}
        heard = mqtt_readings.mapped(settings.mqtt.readings, home, reach=reach)
        return wanted, tuple(meter for meter in heard if meter.quantity not in known)

    async def _gaps(self, wanted: Sequence[Meter], end: datetime) -> _Window | None:
        """Return the window that holds the gaps worth another try, None without any."""
        async with session_scope(self.sources.sessions) as session:
            rows = await observed.rows(session, start=end - HISTORY_FOR, end=end)
        gaps = {
            each["slot_start"]: names
            for each in rows
            if each["recorded_at"] < each["slot_start"] + RETRY_FOR
            and (names := {name for name, how in each["quality"].items() if how == GAP})
        }
        if not gaps:
            return None
        names = set().union(*gaps.values())
        if LOAD in names:
            names |= {meter.quantity for meter in wanted} - {SOC, TEMPERATURE}
        some = tuple(meter for meter in wanted if meter.quantity in names)
        return _Window(min(gaps), max(gaps) + SLOT, some, from_statistics=True)

    async def _write(self, window: _Window, *, now: datetime) -> Outcome:
        """Record one window in one transaction."""
        settings, start, end = self.sources.settings, window.start, window.end
        found = by_slot(await self._read(window, now=now))
        slots = [start + SLOT * i for i in range(round((end - start) / SLOT))]
        priced = await known_prices(self.sources, slots)
        wanted, heard = self._meters()
        parts = HomeParts.of(settings, (meter.quantity for meter in (*wanted, *heard)))
        async with session_scope(self.sources.sessions, writes=True) as session:
            known = await observed.rows(session, start=start, end=end)
            planned = await heater_slots.executed(session, start=start, end=end)
            before = {each["slot_start"]: each for each in known}
            heated = dict(planned.iter_rows())
            rows = [
                row(
                    slot,
                    completed(found.get(slot, {}), planned_water_kwh=heated.get(slot), parts=parts)
                    | priced[slot],
                    before=before.get(slot),
                    source=SOURCE if wanted else mqtt_readings.SOURCE,
                    now=now,
                )
                # Statistics reach back to before the sensors were there.
                for slot in slots
                if window.from_history or slot in found
            ]
            await observed.save(session, rows)
        gaps = sum(how == GAP for each in rows for how in each["quality"].values())
        return Outcome(len(rows), gaps)

    async def _read(self, window: _Window, *, now: datetime) -> pl.DataFrame:
        """Return what history knows of a window, and statistics where it does not."""
        settings = self.sources.settings
        most_kwh = most_kwh_per_slot(settings.grid, settings.inverter)
        frame = meters.nothing()
        if window.from_history:
            recorded = await ha_recorded.read_slots(
                self.sources.client,
                settings.home_assistant,
                window.wanted,
                start=window.start,
                end=window.end,
                now=now,
                most_kwh=most_kwh,
            )
            self.problems |= recorded.problems
            frame = pl.concat([recorded.frame, await self._heard(window, most_kwh=most_kwh)])
            frame = frame.filter(pl.col("quality") != GAP)
        if not window.from_statistics or not window.wanted:
            return frame
        try:
            kept = await ha_backfill.read_slots(
                settings.home_assistant,
                window.wanted,
                start=window.start,
                end=window.end,
                now=now,
                most_kwh=most_kwh,
            )
        except UpstreamError as error:
            # What the history knows is worth having without them; its gaps are tried again.
            self.problems["statistics"] = str(error)
            return frame
        return pl.concat([frame, kept]).unique(
            ["quantity", "slot_start"], keep="first", maintain_order=True
        )

    async def _heard(self, window: _Window, *, most_kwh: float) -> pl.DataFrame:
        """Return what sensors said by MQTT of a window."""
        heard = await asyncio.to_thread(
            mqtt_readings.read_slots,
            self.sources.readings,
            self.sources.settings.mqtt.readings,
            self._meters()[1],
            start=window.start,
            end=window.end,
            most_kwh=most_kwh,
        )
        self.problems |= heard.problems
        return heard.frame


def _windows(wanted: tuple[Meter, ...], newest: datetime | None, end: datetime) -> list[_Window]:
    """Return what is to be recorded up to ``end``: the outage since ``newest`` and the last slots.

    A recorder that has just been installed takes what statistics have of the days before.
    """
    live, oldest = end - READ_ANEW, end - HISTORY_FOR
    if newest is None:
        return [
            _Window(live, end, wanted),
            _Window(oldest, live, wanted, from_history=False, from_statistics=True),
        ]
    begin = min(newest + SLOT, live)
    start = max(begin, oldest)
    windows = [_Window(start, end, wanted, from_statistics=start < live)]
    if begin < oldest:
        old = max(begin, end - STATISTICS_FOR)
        windows.insert(0, _Window(old, oldest, wanted, from_history=False, from_statistics=True))
    return windows
