"""Prices that the owner puts into a file: for a contract or an area that no provider serves.

One CSV file a delivery day, ``prices/<area>-<day>.csv`` in the data directory, with the columns
``start`` (ISO 8601 with its offset from UTC) and ``price_per_kwh`` (spot, without VAT, in the
home's currency); one row a quarter, half hour or hour.
"""

import asyncio
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import httpx

from app.core.errors import NotPublishedYetError, UpstreamError
from app.ingest.prices.day import PriceDay, Refusal, Wanted, whole_day
from app.ingest.prices.reply import evenly
from app.settings import NordPool

FOLDER: Final = "prices"
SOURCE: Final = "your file"
_COLUMNS: Final = ("start", "price_per_kwh")
_EXAMPLE: Final = "2026-11-28T00:15+01:00,0.8315"
# A day of quarters takes 4 kB; what is far longer is another file.
_MOST_BYTES: Final = 256 * 1024


Stamp = tuple[int, int, int] | None


class UnreadableFileError(UpstreamError):
    """The file is there, but cannot be read."""

    code = "price_file_unreadable"


@dataclass(frozen=True, slots=True)
class OwnPrices:
    """The files in the folder ``prices`` of the data directory."""

    home: NordPool
    data_dir: str
    name: str = "file"
    source: str = SOURCE

    async def fetch_day(
        self, client: httpx.AsyncClient, *, day: date, asked_at: datetime
    ) -> PriceDay:
        """Read one delivery day; ``NotPublishedYetError`` while there is no file for it."""
        del client
        wanted = Wanted(day, self.home.price_area, self.home.currency, self.source, asked_at)
        return await asyncio.to_thread(_read, self._path(day), wanted)

    async def stamp(self, day: date) -> Stamp:
        """Return what changes when the day's file is written or replaced; None without one."""
        return await asyncio.to_thread(_stamp, self._path(day))

    def _path(self, day: date) -> Path:
        return Path(self.data_dir) / FOLDER / f"{self.home.price_area}-{day.isoformat()}.csv"


def _stamp(path: Path) -> Stamp:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _read(path: Path, wanted: Wanted) -> PriceDay:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise NotPublishedYetError(f"there is no file {path} yet") from error
    except OSError as error:
        raise UnreadableFileError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > _MOST_BYTES:
        raise wanted.refused(Refusal.SHAPE, f"{path.name} is longer than {_MOST_BYTES} bytes")
    return parse_day(content, path.name, wanted)


def parse_day(content: bytes, name: str, wanted: Wanted) -> PriceDay:
    """Accept a file only if it holds the whole day; ``name`` says in errors which one."""
    try:
        # With the mark that spreadsheets put in front.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise wanted.refused(Refusal.SHAPE, f"{name} is not text in UTF-8") from error
    return whole_day(evenly(tuple(_rows(text, name, wanted)), wanted), wanted)


def _rows(text: str, name: str, wanted: Wanted) -> Iterator[tuple[datetime, float]]:
    """Yield start and price of every line; the first that is no such pair is named."""
    reader = csv.DictReader(io.StringIO(text))
    missing = [column for column in _COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        why = f"the first line lacks {', '.join(missing)}; write {','.join(_COLUMNS)}"
        raise wanted.refused(Refusal.SHAPE, f"{name}: {why}")
    for row in reader:
        start, price = ((row[column] or "").strip()[:40] for column in _COLUMNS)
        at = f"{name}, line {reader.line_num}: {start!r}"
        try:
            instant, found = datetime.fromisoformat(start), float(price)
        except ValueError as error:
            why = f"and {price!r} are not a time and a number such as {_EXAMPLE}"
            raise wanted.refused(Refusal.SHAPE, f"{at} {why}") from error
        if instant.tzinfo is None:
            raise wanted.refused(Refusal.SHAPE, f"{at} has no offset; write +01:00 after it")
        yield instant, found
