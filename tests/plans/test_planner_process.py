"""The planner runs where it can be ended: whatever it does, the next question is answered."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from app.core.errors import (
    InputError,
    PlannerBusyError,
    PlannerFailedError,
    PlannerUnavailableError,
)
from app.planner.made import make
from app.planner.model.context import Context, HomeState
from app.plans import worker
from app.plans.process import LIMIT_SECONDS, Planner, PlannerProcess
from app.settings import Settings
from tests import faulty_worker
from tests.faulty_service import FAULTY
from tests.made_plans import slots

START = datetime(2026, 1, 15, 23, tzinfo=UTC)
FRAME = slots(START, [1.0, 3.0, 2.0, 0.5] * 12)
CTX = Context(settings=Settings(), home=HomeState(soc_percent=50))
# Of machines with much else to do: a plan takes 0.1 s of computing.
SHORT_SECONDS = 5
ENDS_WITHIN_SECONDS = 30

Fault = Callable[[str], None]


@pytest.fixture
def fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fault:
    """Chooses what the planner does wrong from the next plan on."""
    file = tmp_path / "fault"
    file.write_text("")
    monkeypatch.setenv(faulty_worker.FAULT_FILE, str(file))

    def choose(name: str) -> None:
        file.write_text(name)

    return choose


@pytest.fixture
def process(fault: Fault) -> Iterator[PlannerProcess]:
    del fault
    # Not the name of its module: that one is patched to be the planner of all tests.
    made = PlannerProcess(command=FAULTY)
    yield made
    made.close()


def pid_of(process: PlannerProcess) -> int:
    assert process._process is not None  # noqa: SLF001 - what is ended
    return process._process.pid  # noqa: SLF001


def is_gone(pid: int) -> bool:
    try:
        return "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + ENDS_WITHIN_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


async def test_it_makes_the_same_plan_as_the_planner_itself(process: PlannerProcess) -> None:
    made, here = await Planner(process).plan(FRAME, CTX), make(FRAME, CTX)
    assert made.schedule.equals(here.schedule)
    assert (made.totals, made.optimality, made.engine, made.warnings) == (
        here.totals,
        here.optimality,
        "optimal",
        (),
    )


async def test_what_it_refuses_on_purpose_comes_as_it_is_and_ends_nothing(
    process: PlannerProcess,
) -> None:
    planner = Planner(process)
    await planner.plan(FRAME, CTX)
    pid = pid_of(process)
    with pytest.raises(InputError, match="a finite number is needed"):
        await planner.plan(FRAME.with_columns(load_kwh=float("nan")), CTX)
    await planner.plan(FRAME, CTX)
    assert pid_of(process) == pid


FAULTS = [
    ("spin", f"it took longer than {SHORT_SECONDS} s"),
    ("crash", r"its process ended \(SIGSEGV\)"),
    ("eat", "it needs more than 384 MB"),
    ("eat_in_polars", r"its process ended \(SIGABRT\)"),
    ("meet_bug", "a bug in Darkstar, see the log"),
    ("answer_garbage", "its answer cannot be read"),
    ("answer_half", f"it took longer than {SHORT_SECONDS} s"),
    ("answer_far_too_long", "its process ended|its answer cannot be read"),
    ("negative", "it returned what is no plan"),
    ("nan", "it returned what is no plan"),
    ("shorter", "it returned what is no plan"),
    ("no_frame", "it returned what is no plan"),
]


@pytest.mark.parametrize(("name", "words"), FAULTS, ids=[name for name, _ in FAULTS])
async def test_each_fault_of_the_exact_engine_is_told_and_the_cascade_plans(
    process: PlannerProcess, fault: Fault, name: str, words: str
) -> None:
    planner = Planner(process)
    await planner.warm()
    process.limit_seconds = SHORT_SECONDS
    fault(f"exact {name}")
    made = await planner.plan(FRAME, CTX)
    assert made.engine == "cascade"
    pattern = rf"engine_failed: the optimal engine failed: (?:{words}).*; the cascade planned"
    assert pl.Series(made.warnings).str.contains(f"^{pattern}$").any(), made.warnings


@pytest.mark.parametrize("name", ["spin", "crash", "eat", "answer_garbage"])
async def test_where_both_engines_fail_it_says_so_and_plans_again_at_once(
    process: PlannerProcess, fault: Fault, name: str
) -> None:
    planner = Planner(process)
    process.limit_seconds = SHORT_SECONDS
    fault(name)
    with pytest.raises(PlannerFailedError, match=r"no plan was made: it.*; with the cascade: it"):
        await planner.plan(FRAME, CTX)
    with pytest.raises(PlannerFailedError, match="the planner gave no answer: it") as failure:
        await planner.ask(make, FRAME, CTX)
    assert (failure.value.status, failure.value.code) == (503, "planner_failed")
    fault("")
    assert (await planner.plan(FRAME, CTX)).engine == "optimal"
    assert planner.fault == ""


async def test_the_loop_goes_on_while_the_planner_never_returns(
    process: PlannerProcess, fault: Fault
) -> None:
    planner = Planner(process)
    await planner.warm()
    fault("spin_without_python")
    task = asyncio.create_task(planner.plan(FRAME, CTX))
    for _ in range(20):
        await asyncio.sleep(0.01)
    assert not task.done()
    pid = pid_of(process)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.to_thread(wait_until, lambda: is_gone(pid))
    fault("")
    assert (await planner.plan(FRAME, CTX)).engine == "optimal"


async def test_a_run_waits_for_one_question_and_questions_do_not_wait_for_ever(
    process: PlannerProcess, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.plans.process.PATIENCE_SECONDS", 0.2)
    planner = Planner(process)
    await planner.warm()
    process.limit_seconds = SHORT_SECONDS
    fault("spin")
    questions = [asyncio.create_task(planner.ask(make, FRAME, CTX))]
    await asyncio.sleep(0)
    questions += [asyncio.create_task(planner.ask(make, FRAME, CTX)) for _ in range(4)]
    for late in questions[1:]:
        with pytest.raises(PlannerBusyError, match="other questions"):
            await late
    fault("")
    assert (await planner.plan(FRAME, CTX)).engine == "optimal"
    with pytest.raises(PlannerFailedError, match="took longer"):
        await questions[0]


def test_a_process_that_nobody_asks_is_ended_and_the_next_question_starts_another(
    fault: Fault, capsys: pytest.CaptureFixture[str]
) -> None:
    fault("")
    process = PlannerProcess(command=FAULTY, rest_seconds=0.01)
    try:
        process.start()
        wait_until(lambda: process.is_resting)
        first = process.ask(partial(make, FRAME, CTX))
        wait_until(lambda: process.is_resting)
        assert process._process is None  # noqa: SLF001 - its memory is free
        process.keep()
        assert process.is_resting
        assert process.ask(partial(make, FRAME, CTX)).schedule.equals(first.schedule)
        assert process.fault == ""
    finally:
        process.close()
    assert "ended by itself" not in "".join(capsys.readouterr())
    assert process._until_rest is None  # noqa: SLF001 - no thread outlives the service


def test_a_question_begins_the_rest_anew(process: PlannerProcess) -> None:
    process.start()
    waiting = process._until_rest  # noqa: SLF001 - the timer
    process.ask(partial(make, FRAME, CTX))
    assert waiting is not None
    assert waiting.finished.is_set()
    assert process._until_rest is not waiting  # noqa: SLF001
    # It fires all the same, as one that was called off in the instant it began would.
    waiting.function()
    assert not process.is_resting


async def test_a_process_that_cannot_be_started_is_a_fault_until_it_can() -> None:
    process = PlannerProcess(command=("/nonexistent/python",))
    planner = Planner(process)
    await planner.warm()
    assert "cannot be started" in planner.fault
    for command in (("/nonexistent/python",), (sys.executable, "-c", "raise SystemExit(3)")):
        process.command = command
        with pytest.raises(PlannerUnavailableError, match="cannot be started"):
            await planner.plan(FRAME, CTX)
    process.command = (sys.executable, "-m", worker.__name__)
    await planner.warm()
    assert planner.fault == ""
    planner.close()
    with pytest.raises(PlannerUnavailableError, match="stopping"):
        await planner.plan(FRAME, CTX)


def test_it_imports_nothing_but_planning() -> None:
    """Each import costs memory twice: 20 MB for the database's library alone."""
    needless = {"sqlalchemy", "fastapi", "starlette", "httpx", "uvicorn", "babel", "jinja2", "rich"}
    code = "import sys; from importlib import import_module\n"
    code += f"for name in ('app.plans.worker', *{worker.PLANNING!r}): import_module(name)\n"
    code += "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    said = subprocess.run(  # noqa: S603 - this very test's
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout
    assert needless & set(said.split()) == set()
    assert "polars" in said


def test_no_secret_of_the_settings_is_in_its_environment(
    process: PlannerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DARKSTAR_HOME_ASSISTANT__TOKEN", "hunter2")
    process.start()
    assert "hunter2" not in Path(f"/proc/{pid_of(process)}/environ").read_text()


def test_a_plan_has_ten_seconds() -> None:
    assert PlannerProcess().limit_seconds == LIMIT_SECONDS == 10


ORPHAN = """
import sys, threading
from app.plans.process import PlannerProcess
from tests.faulty_service import FAULTY
from tests.plans.test_planner_process import CTX, FRAME, pid_of
from app.planner.made import make
from functools import partial
process = PlannerProcess(command=FAULTY, limit_seconds=3)
process.start()
print(pid_of(process), flush=True)
threading.Thread(target=process.ask, args=[partial(make, FRAME, CTX)]).start()
sys.stdin.read()
"""


@pytest.mark.parametrize("name", ["", "spin", "spin_without_python"])
def test_it_does_not_outlive_a_service_that_is_killed(fault: Fault, name: str) -> None:
    fault(name)
    with subprocess.Popen(  # noqa: S603 - this very test's
        [sys.executable, "-c", ORPHAN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as service:
        assert service.stdout is not None
        pid = int(service.stdout.readline())
        # Where it computes without Python, the kernel's clock for it must be running.
        time.sleep(1)
        service.kill()
    wait_until(lambda: is_gone(pid))
