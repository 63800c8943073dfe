"""What is stored is readable by the service's user only, also where it was not before."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from app.db.connection import migrate
from app.db.connection.engine import close, make_engine, make_sessions, prepare_place, session_scope
from app.plans.schedule_file import FILE_NAME, write_schedule_json
from app.service.schemas.plan import ScheduleOut
from app.settings import Settings


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def modes(folder: Path) -> dict[str, int]:
    # Locks hold nothing, and are there before anything else.
    return {each.name: mode(each) for each in folder.iterdir() if each.suffix != ".lock"}


def opened_to_all(folder: Path, names: tuple[str, ...]) -> None:
    folder.chmod(0o755)
    for name in names:
        (folder / name).touch()
        (folder / name).chmod(0o644)


def home(folder: Path, **more: object) -> Settings:
    return Settings.model_validate({"data_dir": str(folder), **more})


async def written(settings: Settings) -> dict[str, int]:
    """The mode of every file while the database is open and written to."""
    engine = make_engine(settings)
    try:
        await migrate.upgrade(engine)
        async with session_scope(make_sessions(engine), writes=True) as session:
            await session.execute(text("CREATE TABLE IF NOT EXISTS one (number INTEGER)"))
        return modes(Path(settings.data_dir))
    finally:
        await close(engine)


async def test_a_new_database_and_what_stands_beside_it_is_private(tmp_path: Path) -> None:
    found = await written(home(tmp_path / "deep" / "data"))
    assert {"darkstar.db", "darkstar.db-wal", "darkstar.db-shm"} <= set(found)
    assert set(found.values()) == {0o600}
    assert mode(tmp_path / "deep" / "data") == 0o711


async def test_a_database_that_was_open_to_all_is_closed(tmp_path: Path) -> None:
    await written(home(tmp_path))
    names = ("darkstar.db", "access.json", "sessions.json", FILE_NAME)
    opened_to_all(tmp_path, names)
    found = await written(home(tmp_path))
    assert [found[name] for name in names] == [0o600, 0o600, 0o600, 0o644]
    assert mode(tmp_path) == 0o711, "a controller passes to schedule.json, and lists nothing"
    prepare_place(home(tmp_path, access={"reads": "login"}))
    assert mode(tmp_path / FILE_NAME) == 0o600, "where reading needs a login, the file does"
    assert mode(tmp_path) == 0o700


async def test_a_database_elsewhere_is_private_and_its_folder_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "shared"
    await asyncio.to_thread(place.mkdir, mode=0o755)
    url = f"sqlite:///{place}/home.db"
    await written(home(tmp_path / "data", database={"url": url}))
    assert mode(place / "home.db") == 0o600
    assert mode(place) == 0o755


@pytest.mark.parametrize(("for_everyone", "wanted"), [(True, 0o644), (False, 0o600)])
def test_the_exported_plan_is_as_open_as_reading_is(
    tmp_path: Path, *, for_everyone: bool, wanted: int
) -> None:
    plan = ScheduleOut.model_construct(schedule=[])
    write_schedule_json(tmp_path / FILE_NAME, plan, for_everyone=for_everyone)
    assert mode(tmp_path / FILE_NAME) == wanted
