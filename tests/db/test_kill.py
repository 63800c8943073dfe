"""A publisher killed at any moment leaves a whole plan behind, and its readers see only those."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.db.publishing import MIDNIGHT, publish, schedule_from

ROOT = Path(__file__).resolve().parent.parent.parent
SLOTS = 96
KILLS = 10
MOST_READS = 40


async def faults(engine: AsyncEngine) -> list[str]:
    """Read the plan in one snapshot, as a controller would, and name what is wrong with it."""
    async with engine.connect() as connection:
        count, owners, owner = (
            await connection.execute(
                text(
                    "SELECT count(*), count(DISTINCT plan_run_id), max(plan_run_id) "
                    "FROM current_schedule"
                )
            )
        ).one()
        partial = await connection.execute(
            text(
                "SELECT plan_run_id FROM plan_history GROUP BY plan_run_id "
                "HAVING count(*) <> :slots"
            ),
            {"slots": SLOTS},
        )
        pointed = await connection.scalar(text("SELECT plan_run_id FROM plan_pointer"))
        unfinished = partial.all()
    found = []
    if count != SLOTS:
        found.append(f"{count} slots")
    if owners != 1:
        found.append(f"{owners} plans mixed")
    if pointed != owner:
        found.append(f"the pointer names {pointed}, the plan is of {owner}")
    if unfinished:
        found.append(f"partial history of {unfinished}")
    return found


@asynccontextmanager
async def publishing(engine: AsyncEngine, file: Path, way: str) -> AsyncIterator[None]:
    """Have another process publish without end, past its first plan; kill it at the end."""
    url = engine.url.render_as_string(hide_password=False)
    publisher = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.db.publisher", url, str(file), way,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert publisher.stdout is not None
        assert await publisher.stdout.readline() == b"published\n"
        yield
    finally:
        publisher.kill()
        await publisher.communicate()


@pytest.fixture
async def schedule_file(engine: AsyncEngine, tmp_path: Path) -> Path:
    schedule = schedule_from(MIDNIGHT)
    await publish(engine, schedule)
    file = tmp_path / "schedule.ipc"
    schedule.write_ipc(file)
    return file


@pytest.mark.timeout(300)
async def test_a_killed_publisher_never_leaves_half_a_plan(
    engine: AsyncEngine, schedule_file: Path
) -> None:
    dice = random.Random(20251026)  # noqa: S311 - reproducible on purpose
    for _ in range(KILLS):
        async with publishing(engine, schedule_file, "whole"):
            for _ in range(dice.randint(1, MOST_READS)):
                assert await faults(engine) == []
        assert await faults(engine) == []


@pytest.mark.timeout(300)
async def test_the_same_check_catches_a_writer_without_a_transaction(
    engine: AsyncEngine, schedule_file: Path
) -> None:
    wanted = {"slots", "partial"}
    async with publishing(engine, schedule_file, "piecemeal"):
        while wanted:
            seen = " ".join(await faults(engine))
            wanted = {kind for kind in wanted if kind not in seen}


async def test_two_publishers_at_once_leave_one_whole_plan(
    engine: AsyncEngine, schedule_file: Path
) -> None:
    del schedule_file
    before = await generation(engine)
    outcomes = await asyncio.gather(
        *(publish(engine, schedule_from(MIDNIGHT), seen=before) for _ in range(2)),
        return_exceptions=True,
    )
    told = [type(outcome).__name__ for outcome in outcomes if isinstance(outcome, BaseException)]
    assert told == ["RunInProgressError"]
    assert await faults(engine) == []


async def generation(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int(await connection.scalar(text("SELECT generation FROM plan_pointer")) or 0)
