"""A publisher killed at any moment leaves a whole plan behind, and its readers see only those."""

import asyncio
import random
import sys
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


async def kill_publishers(engine: AsyncEngine, file: Path, way: str, *, kills: int) -> list[str]:
    """Kill one publisher after another at random moments; return every fault that was seen."""
    dice = random.Random(20251026)  # noqa: S311 - reproducible on purpose
    url = engine.url.render_as_string(hide_password=False)
    seen: list[str] = []
    for _ in range(kills):
        publisher = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.db.publisher", url, str(file), way,
            cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert publisher.stdout is not None
        assert await publisher.stdout.readline() == b"published\n"
        for _ in range(dice.randint(1, MOST_READS)):
            seen += await faults(engine)
        publisher.kill()
        await publisher.communicate()
        seen += await faults(engine)
    return seen


@pytest.fixture
async def schedule_file(engine: AsyncEngine, tmp_path: Path) -> Path:
    schedule = schedule_from(MIDNIGHT)
    await publish(engine, schedule)
    file = tmp_path / "schedule.ipc"
    schedule.write_ipc(file)
    return file


@pytest.mark.timeout(180)
async def test_a_killed_publisher_never_leaves_half_a_plan(
    engine: AsyncEngine, schedule_file: Path
) -> None:
    assert await kill_publishers(engine, schedule_file, "whole", kills=KILLS) == []


@pytest.mark.timeout(180)
async def test_the_same_check_catches_a_writer_without_a_transaction(
    engine: AsyncEngine, schedule_file: Path
) -> None:
    seen = await kill_publishers(engine, schedule_file, "piecemeal", kills=2)
    assert any("slots" in fault for fault in seen)
    assert any("partial history" in fault for fault in seen)


@pytest.mark.timeout(180)
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
