"""A real service whose planner fails: each fault is told, the plan stays, the next run plans."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes import FakeUpstreams
from tests.faulty_service import LIMIT_SECONDS
from tests.faulty_worker import FAULT_FILE
from tests.gate import free_port

STOPS_WITHIN_SECONDS = 10
# A service starts in 3 s, and in a minute where ten others are at work.
pytestmark = pytest.mark.timeout(400)
# Promised is a minute; the rest is for the machine of a test that has much else to do.
PLANS_AGAIN_WITHIN_SECONDS = 60


class Service:
    """A service in a process of its own, with the file that says what its planner does wrong."""

    def __init__(self, process: subprocess.Popen[str], url: str, fault: Path) -> None:
        self.process = process
        self.fault = fault
        self.client = httpx.Client(base_url=url, timeout=60)

    def state(self) -> dict[str, Any]:
        return dict(self.client.get("/api/status").json())

    def run(self) -> dict[str, Any]:
        """Press the button; again where a failed run is just being repeated."""
        while (answer := self.client.post("/api/run_planner")).status_code == 409:
            time.sleep(0.2)
        return dict(answer.json())

    def until(self, holds: Callable[[], bool], seconds: float = PLANS_AGAIN_WITHIN_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline
            assert self.process.poll() is None
            time.sleep(0.2)

    def worker(self) -> int | None:
        """The planner's process among the children of the service."""
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            for pid in (task / "children").read_text().split():
                with suppress(OSError):
                    if b"faulty_worker" in Path(f"/proc/{pid}/cmdline").read_bytes():
                        return int(pid)
        return None

    def stop(self) -> tuple[float, str]:
        """Send SIGTERM; return how long the end took and what was said."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        said, _ = self.process.communicate(timeout=30)
        return time.monotonic() - begun, said


@contextmanager
def serving(folder: Path) -> Iterator[Service]:
    fault, port = folder / "fault", free_port()
    fault.write_text("")
    (folder / "config.yaml").write_text("demo_home: false\n")
    with FakeUpstreams() as fakes:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faulty_service", "serve"],
            env=os.environ
            | fakes.environment()
            | {
                "DARKSTAR_CONFIG": str(folder / "config.yaml"),
                "DARKSTAR_DATA_DIR": str(folder),
                "DARKSTAR_SERVER__PORT": str(port),
                FAULT_FILE: str(fault),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        service = Service(process, f"http://127.0.0.1:{port}", fault)
        try:
            assert process.stdout is not None
            while "running on" not in process.stdout.readline():
                assert process.poll() is None
            service.until(lambda: service.state()["plan_age_seconds"] is not None)
            yield service
        finally:
            service.client.close()
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(tmp_path_factory.mktemp("faulty")) as made:
        yield made


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("spin", f"it took longer than {LIMIT_SECONDS} s"),
        ("crash", "its process ended (SIGSEGV)"),
        ("negative", "it returned what is no plan"),
        ("eat", "it needs more than 384 MB"),
    ],
)
def test_a_planner_that_fails_is_told_and_the_next_run_plans(
    service: Service, fault: str, words: str
) -> None:
    before = service.client.get("/api/schedule").json()["meta"]["plan_run_id"]
    service.fault.write_text(fault)
    state = service.run()
    assert state["last_outcome"] == "failed"
    assert f"no plan was made: {words}" in state["last_error"]
    assert "with the cascade: it" in state["last_error"]
    assert service.client.get("/api/schedule").json()["meta"]["plan_run_id"] == before
    assert words in service.client.get("/").text
    swedish = service.client.get("/", headers={"Accept-Language": "sv"}).text
    assert "Ingen plan gjordes" in swedish
    assert words.removeprefix("it ") not in swedish
    # Its repetition may be on already.
    runs = service.client.get("/api/runs?status=failed").json()["runs"]
    assert words in runs[0]["error"]
    assert service.client.get("/health").json() == {"status": "alive"}
    service.fault.write_text("")
    service.until(lambda: service.state()["job"]["last_outcome"] == "ok")
    assert service.client.get("/api/schedule").json()["meta"]["plan_run_id"] > before
    assert service.client.get("/").status_code == 200


@pytest.mark.parametrize("fault", ["exact spin", "exact crash"])
def test_where_the_exact_engine_fails_the_cascades_plan_is_in_force(
    service: Service, fault: str
) -> None:
    service.fault.write_text(fault)
    assert service.run()["last_outcome"] == "degraded"
    plan = service.client.get("/api/schedule").json()
    assert any(said.startswith("engine_failed: the optimal") for said in plan["meta"]["warnings"])
    run = service.client.get("/api/runs?limit=1").json()["runs"][0]
    assert run["engine"] == "cascade"
    # Questions about that plan do not run into the same fault again.
    assert service.client.get("/api/best_time?kwh=1&hours=1").status_code == 200
    assert service.client.get("/api/debug").status_code == 200
    again = service.client.post(f"/api/runs/{run['id']}/replay").json()
    assert again["identical"], again
    service.fault.write_text("")
    assert service.run()["last_outcome"] == "ok"


def test_a_planner_killed_from_outside_is_there_again_by_itself(service: Service) -> None:
    service.fault.write_text("")
    service.until(lambda: service.worker() is not None)
    killed = service.worker()
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    service.until(lambda: service.worker() not in {None, killed})
    assert service.run()["last_outcome"] == "ok"


def test_whoever_waits_for_a_run_when_the_service_stops_is_told_so(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        service.fault.write_text("spin_without_python")
        waiting = ThreadPoolExecutor(1).submit(service.client.post, "/api/run_planner")
        service.until(lambda: service.state()["job"]["phase"] == "planning")
        worker = service.worker()
        took, said = service.stop()
        assert service.process.returncode == 0, said
        assert took < STOPS_WITHIN_SECONDS
        assert "Traceback" not in said
        told = waiting.result(30)
        assert told.status_code == 503
        assert told.headers["Content-Type"] == "application/problem+json"
        assert told.json()["code"] == "service_stopping"
        assert worker is not None
        assert not Path(f"/proc/{worker}").exists()


@pytest.mark.parametrize("fault", ["", "spin", "spin_without_python"])
def test_no_planner_outlives_a_service_that_is_killed(tmp_path: Path, fault: str) -> None:
    with serving(tmp_path) as service:
        service.until(lambda: service.worker() is not None)
        service.fault.write_text(fault)
        worker = service.worker()
        if fault:
            with pytest.raises(httpx.ReadTimeout):
                service.client.post("/api/run_planner", timeout=httpx.Timeout(5, read=0.2))
            service.until(lambda: service.state()["job"]["phase"] == "planning")
        service.process.kill()
        service.process.wait()
        deadline = time.monotonic() + 30
        while Path(f"/proc/{worker}/status").exists():
            assert time.monotonic() < deadline
            time.sleep(0.1)
