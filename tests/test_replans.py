"""A change that comes while a plan is made gets a plan of its own; a burst of them gets one."""

import asyncio

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from app.errors import RunInProgressError
from app.replans import Replans


async def test_a_change_during_a_run_is_planned_after_it() -> None:
    scheduler, replans, runs = AsyncIOScheduler(), Replans(), list[str]()
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def run(trigger: str) -> None:
        runs.append(trigger)
        begun.set()
        await go_on.wait()

    scheduler.start()
    try:
        replans.ask("manual", run, scheduler)
        await begun.wait()
        for _ in range(5):
            replans.ask("manual", run, scheduler)
        go_on.set()
        async with asyncio.timeout(5):
            while replans.is_on:  # noqa: ASYNC110 - the flag is what is tested
                await asyncio.sleep(0)
        assert runs == ["manual", "manual"]
        replans.ask("settings", run, scheduler)
        async with asyncio.timeout(5):
            while replans.is_on:  # noqa: ASYNC110 - the flag is what is tested
                await asyncio.sleep(0)
        assert runs[2:] == ["settings"]
    finally:
        scheduler.shutdown(wait=False)


async def test_it_waits_for_the_run_of_somebody_else() -> None:
    scheduler, replans, tries = AsyncIOScheduler(), Replans(), list[str]()

    async def run(trigger: str) -> None:
        tries.append(trigger)
        if len(tries) == 1:
            raise RunInProgressError("a run is on")

    scheduler.start()
    try:
        replans.ask("manual", run, scheduler)
        async with asyncio.timeout(5):
            while replans.is_on:  # noqa: ASYNC110 - the flag is what is tested
                await asyncio.sleep(0.01)
        assert tries == ["manual", "manual"]
    finally:
        scheduler.shutdown(wait=False)
