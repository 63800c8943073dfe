"""Which inputs of two runs differ: series slot by slot, the home's state, settings by name.

Secrets are never compared: a run does not store them. Settings that no plan depends on are left
out, and with them every address of a database or a broker.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple

import polars as pl

from app.core.clock import iso_utc
from app.core.provenance import AFTER_THE_HORIZON
from app.gather.inputs import Inputs
from app.planner.model.context import Context
from app.settings import NOT_PLANNING, Settings
from app.settings.problems import leaves

_SAME = 1e-9


class _Series(NamedTuple):
    column: str
    name: str
    unit: str
    is_energy: bool


_SERIES = (
    _Series("import_price_per_kwh", "import_price", "per kWh", is_energy=False),
    _Series("export_price_per_kwh", "export_price", "per kWh", is_energy=False),
    _Series("pv_kwh", "pv", "kWh", is_energy=True),
    _Series("load_kwh", "load", "kWh", is_energy=True),
)


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs, by name."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class SeriesChange:
    """A series that differs in some of the slots both runs know.

    ``before`` and ``after`` are sums of energy (kWh) or means of prices over all common slots;
    ``most_at`` is the slot that differs most, with both its values.
    """

    name: str
    unit: str
    changed_slots: int
    before: float
    after: float
    most_at: datetime
    most_before: float
    most_after: float


@dataclass(frozen=True, slots=True)
class InputChanges:
    """Everything that two runs planned with differently."""

    series: tuple[SeriesChange, ...]
    state: tuple[Change, ...]
    settings: tuple[Change, ...]


def compare(before: Inputs, after: Inputs) -> InputChanges:
    """Compare what two runs planned with."""
    both = before.slots.join(after.slots, on="slot_start", how="inner", suffix="_after")
    series = (_series_change(both, each) for each in _SERIES)
    return InputChanges(
        series=tuple(change for change in series if change is not None),
        state=(*_manual(both), *_state(before.ctx, after.ctx)),
        settings=tuple(_settings(before.ctx.settings, after.ctx.settings)),
    )


def _series_change(both: pl.DataFrame, series: _Series) -> SeriesChange | None:
    one, two = both[series.column], both[f"{series.column}_after"]
    far = (two - one).abs()
    changed = int((far > _SAME).sum())
    if not changed:
        return None
    most = int(far.arg_max() or 0)
    total = pl.Series.sum if series.is_energy else pl.Series.mean
    return SeriesChange(
        name=series.name,
        unit=series.unit,
        changed_slots=changed,
        before=float(total(one)),  # type: ignore[arg-type]  # a float column that is not empty
        after=float(total(two)),  # type: ignore[arg-type]
        most_at=both["slot_start"][most],
        most_before=float(one[most]),
        most_after=float(two[most]),
    )


def _manual(both: pl.DataFrame) -> list[Change]:
    """Return how many of the common slots are manual, where that differs."""
    names = ("manual_action", "manual_target_soc_percent", "manual_power_kw")
    same = both.select(
        pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name}_after")) for name in names)
    ).to_series()
    if same.all():
        return []
    counts = [both.height - both[name].null_count() for name in (names[0], f"{names[0]}_after")]
    return [Change("manual_slots", *counts)]


def _state(before: Context, after: Context) -> list[Change]:
    """Return what differs of the home and of what the run knew beyond its slots."""
    one, two = (
        {
            **{name: _plain(value) for name, value in asdict(ctx.home).items()},
            "s_index": ctx.safety.value,
            "discharge_allowed": ctx.discharge_allowed,
            AFTER_THE_HORIZON: _mean_price(ctx.lookahead),
        }
        for ctx in (before, after)
    )
    return [Change(name, one[name], two[name]) for name in one if one[name] != two[name]]


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: instants are text there."""
    return iso_utc(value) if isinstance(value, datetime) else value


def _mean_price(lookahead: pl.DataFrame | None) -> float | None:
    """Return the mean import price that stands for the day after the horizon."""
    if lookahead is None or lookahead.is_empty():
        return None
    return float(lookahead["import_price_per_kwh"].mean())  # type: ignore[arg-type]


def _settings(before: Settings, after: Settings) -> list[Change]:
    one, two = (_flat(settings) for settings in (before, after))
    return [
        Change(name, one.get(name), two.get(name))
        for name in sorted({*one, *two})
        if one.get(name) != two.get(name)
    ]


def _flat(settings: Settings) -> dict[str, Any]:
    """Return every setting a plan depends on by its dotted name, without the secret ones."""
    secret = {path for path, leaf in leaves(Settings) if leaf.secret}
    named = _named(settings.model_dump(mode="json", exclude=NOT_PLANNING), "")
    return {name: value for name, value in named if name not in secret}


def _named(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the leaves of plain data with their dotted names."""
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    else:
        yield path, value
        return
    for name, each in pairs:
        yield from _named(each, f"{path}.{name}".strip("."))
