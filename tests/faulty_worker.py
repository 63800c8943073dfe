"""A planner's process with a fault: ``python -m tests.faulty_worker FD``.

Which one stands in the file that ``FAULT_FILE`` names, read anew for every plan: ``spin``, or
``exact spin`` where the exact engine alone is to fail. An empty file is no fault.
"""

import os
import re
import signal
import struct
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl

from app.planner import made
from app.planner.model.context import Context
from app.planner.run import Plan, make_plan
from app.plans import worker

FAULT_FILE = "FAULT_FILE"
_LATE_SECONDS = 60


def spin() -> None:
    while True:
        pass


def spin_without_python() -> None:
    """Hold the interpreter's lock for years: no thread and no handler of Python runs."""
    re.match(r"(a+)+$", "a" * 64 + "b")


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def eat() -> None:
    """Take two gigabytes, as much as a plan that grows with every round would."""
    eaten = [b"x" * 2**25 for _ in range(64)]
    raise AssertionError(f"{len(eaten)} blocks were to be had")


def eat_in_polars() -> None:
    pl.select(pl.int_range(0, 2**28, eager=True))


def meet_bug() -> None:
    raise KeyError("the bug's own words")


def answer_garbage() -> None:
    os.write(int(sys.argv[-1]), struct.pack("!i", 8) + b"\x80\x05rubbis")


def answer_half() -> None:
    os.write(int(sys.argv[-1]), struct.pack("!i", 1000) + b"\x80")
    time.sleep(_LATE_SECONDS)


def answer_far_too_long() -> None:
    os.write(int(sys.argv[-1]), struct.pack("!i", 2**31 - 1))
    time.sleep(_LATE_SECONDS)


FAULTS = {
    each.__name__: each
    for each in (
        spin,
        spin_without_python,
        crash,
        eat,
        eat_in_polars,
        meet_bug,
        answer_garbage,
        answer_half,
        answer_far_too_long,
    )
}


def negative(schedule: pl.DataFrame) -> pl.DataFrame:
    return schedule.with_columns(charge_kw=-1 - pl.col("charge_kw"))


def nan(schedule: pl.DataFrame) -> pl.DataFrame:
    return schedule.with_columns(soc_target=float("nan"))


def shorter(schedule: pl.DataFrame) -> pl.DataFrame:
    return schedule.head(schedule.height // 2)


def no_frame(_schedule: pl.DataFrame) -> Any:
    return "a plan"


RUBBISH = {each.__name__: each for each in (negative, nan, shorter, no_frame)}


def faulty(slots: pl.DataFrame, ctx: Context) -> Plan:
    wanted = Path(os.environ[FAULT_FILE]).read_text(encoding="ascii").strip()
    engine, _, name = wanted.rpartition(" ")
    if engine and ctx.engine != "optimal":
        return make_plan(slots, ctx)
    if name in FAULTS:
        FAULTS[name]()
    return make_plan(slots, ctx)


def make(slots: pl.DataFrame, ctx: Context) -> made.Made:
    wanted = Path(os.environ[FAULT_FILE]).read_text(encoding="ascii").strip()
    engine, _, name = wanted.rpartition(" ")
    found = REAL_MAKE(slots, ctx)
    if name in RUBBISH and not (engine and ctx.engine != "optimal"):
        object.__setattr__(found, "schedule", RUBBISH[name](found.schedule))
    return found


REAL_MAKE = made.make

if __name__ == "__main__":
    made.make_plan = faulty  # type: ignore[attr-defined]
    made.make = make
    worker.main(int(sys.argv[1]))
