"""The owner's price files: whole days, and for everything else what to change in the file."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from app.core.errors import UpstreamError
from app.ingest.http import client as http
from app.ingest.prices.day import PriceDay
from app.ingest.prices.providers import providers
from app.settings import Settings
from tests.fakes.price_replies import rows_of

DAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 23, 13, tzinfo=UTC)
HEAD = "start,price_per_kwh\n"


def text_of(day: date = DAY) -> str:
    """Return a day's file in the home's local time, as a spreadsheet would write it."""
    lines = (
        f"{row.start.isoformat()},{(row.per_mwh('SEK') or 0.0) / 1000}" for row in rows_of(day)
    )
    return HEAD + "\n".join(lines) + "\n"


async def outcome(
    folder: Path, content: bytes | str | None, day: date = DAY
) -> PriceDay | UpstreamError:
    settings = Settings.model_validate(
        {
            "prices": {"providers": ["file"]},
            "data_dir": str(folder),
            "nordpool": {"price_area": "SE4"},
        }
    )
    if content is not None:
        (folder / "prices").mkdir()
        body = content.encode() if isinstance(content, str) else content
        (folder / "prices" / f"SE4-{day}.csv").write_bytes(body)
    (provider,) = providers(settings)
    try:
        async with http.make_client() as client:
            return await provider.fetch_day(client, day=day, asked_at=NOW)
    except UpstreamError as error:
        return error


@pytest.mark.parametrize(
    ("day", "count"),
    [(DAY, 96), (date(2026, 3, 29), 92), (date(2026, 10, 25), 100)],
    ids=str,
)
async def test_a_file_with_the_whole_day_is_taken(tmp_path: Path, day: date, count: int) -> None:
    found = await outcome(tmp_path, b"\xef\xbb\xbf" + text_of(day).encode(), day)
    assert isinstance(found, PriceDay), found
    assert (found.area, found.currency, found.source) == ("SE4", "SEK", "your file")
    assert found.frame.height == count
    assert found.frame["slot_start"].to_list() == [row.start for row in rows_of(day)]


async def test_hours_stand_for_their_quarters(tmp_path: Path) -> None:
    hours = "".join(f"2026-11-24T{hour:02}:00+01:00,{hour / 10}\n" for hour in range(24))
    found = await outcome(tmp_path, HEAD + hours)
    assert isinstance(found, PriceDay), found
    assert found.frame["spot_price_per_kwh"].to_list() == [
        hour / 10 for hour in range(24) for _ in range(4)
    ]


FAULTS = {
    "no file": (None, "not_published_yet", "SE4-2026-11-24.csv yet"),
    "empty": ("", "price_day_unexpected_shape", "lacks start, price_per_kwh"),
    "no rows": (HEAD, "price_day_incomplete_day", "0 prices"),
    "other columns": (
        "time,price_per_kwh\n",
        "price_day_unexpected_shape",
        "lacks start; write start,price_per_kwh",
    ),
    "decimal comma": (
        HEAD + '2026-11-24T00:00+01:00,"0,8"\n',
        "price_day_unexpected_shape",
        "line 2: '2026-11-24T00:00+01:00' and '0,8' are not a time and a number",
    ),
    "no time": (HEAD + "midnight,0.8\n", "price_day_unexpected_shape", "line 2: 'midnight'"),
    "no price": (HEAD + "2026-11-24T00:00+01:00\n", "price_day_unexpected_shape", "line 2"),
    "no offset": (
        HEAD + "2026-11-24T00:00,0.8\n",
        "price_day_unexpected_shape",
        "has no offset; write +01:00",
    ),
    "not text": (b"\xff\xfe\x00s", "price_day_unexpected_shape", "not text in UTF-8"),
    "a gap": (
        HEAD + "".join([*text_of().splitlines(keepends=True)[1:10], "2026-11-24T22:45Z,0.1\n"]),
        "price_day_incomplete_day",
        "gaps between them",
    ),
    "half a day": (
        "".join(text_of().splitlines(keepends=True)[:49]),
        "price_day_incomplete_day",
        "48 of 96 quarters",
    ),
    "per MWh": (
        HEAD + "".join(f"2026-11-24T{hour:02}:00+01:00,{hour}831.5\n" for hour in range(24)),
        "price_day_implausible_price",
        "implausible",
    ),
    "another day": (text_of(date(2026, 11, 25)), "price_day_incomplete_day", "0 of 96 quarters"),
    "not a number": (HEAD + "2026-11-24T00:00+01:00,nan\n", "price_day_incomplete_day", "gaps"),
    "far too long": (HEAD + "x" * 300_000, "price_day_unexpected_shape", "longer than"),
}


@pytest.mark.parametrize(("content", "code", "says"), FAULTS.values(), ids=FAULTS.keys())
async def test_every_fault_of_a_file_is_named(
    tmp_path: Path, content: bytes | str | None, code: str, says: str
) -> None:
    found = await outcome(tmp_path, content)
    assert isinstance(found, UpstreamError), found
    assert found.code == code, found
    assert says in str(found)


async def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "prices" / f"SE4-{DAY}.csv").mkdir(parents=True)
    found = await outcome(tmp_path, None)
    assert isinstance(found, UpstreamError)
    assert found.code == "price_file_unreadable"
    assert "cannot be read: Is a directory" in str(found)
