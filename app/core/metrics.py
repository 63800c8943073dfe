"""What this process counts, for Prometheus; labels come from fixed sets, so they cannot grow."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from app.core.errors import NotPublishedYetError, UpstreamError

# A second series for every counter that says when it began: nobody asks for it.
disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY: Final = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

RUNS: Final = Counter(
    "darkstar_planning_runs",
    "Planning runs by outcome: ok, degraded, held, failed, stood_down.",
    ["outcome"],
    registry=REGISTRY,
)
RUN_SECONDS: Final = Histogram(
    "darkstar_planning_run_seconds",
    "How long planning runs took, gathering and publishing included.",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 180),
    registry=REGISTRY,
)
PLANNER_FAULTS: Final = Counter(
    "darkstar_planner_faults",
    "Faults of the planner's process: timeout, memory, crash, bug, rubbish, start.",
    ["kind"],
    registry=REGISTRY,
)
UPSTREAM_FAILURES: Final = Counter(
    "darkstar_upstream_failures",
    "Questions to an outside service that it did not answer usefully, after every try.",
    ["source"],
    registry=REGISTRY,
)
MESSAGES: Final = Counter(
    "darkstar_alert_messages",
    "Messages about alerts by channel and result: sent or failed.",
    ["channel", "result"],
    registry=REGISTRY,
)
REQUESTS: Final = Counter(
    "darkstar_http_requests",
    "HTTP requests by method, route template and status.",
    ["method", "route", "status"],
    registry=REGISTRY,
)


@contextmanager
def counting_failures(source: str) -> Iterator[None]:
    """Count what goes wrong in the block; data that is not out yet is no failure."""
    try:
        yield
    except NotPublishedYetError:
        raise
    except UpstreamError:
        UPSTREAM_FAILURES.labels(source).inc()
        raise
