"""``GET /metrics``: how the service does, in the text format of Prometheus."""

import asyncio
from collections.abc import Iterator

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.alerts.conditions import Code
from app.api.web.dependencies import ServicesDep
from app.core import metrics
from app.core.provenance import Quality
from app.service.schemas.plan import StatusOut

router = APIRouter(tags=["service"])
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Snapshot(Collector):
    """What the status says at the moment of the scrape."""

    def __init__(self, status: StatusOut, *, scheduler_runs: bool, failures: int) -> None:
        """Keep what is to be shown."""
        self._status, self._scheduler_runs, self._failures = status, scheduler_runs, failures

    def collect(self) -> Iterator[Metric]:
        """Yield every family; what is not known has no sample."""
        status = self._status
        yield InfoMetricFamily("darkstar", "The running version.", {"version": status.version})
        yield from self._plan()
        yield _gauge(
            "darkstar_database_up", "1 while the database answers.", float(status.database_ok)
        )
        yield _gauge(
            "darkstar_scheduler_running", "1 while jobs are started.", float(self._scheduler_runs)
        )
        yield _gauge(
            "darkstar_planner_failures_in_a_row",
            "Runs since the plan in force that made none.",
            float(self._failures),
        )
        yield from self._inputs()
        yield self._alerts()

    def _plan(self) -> Iterator[Metric]:
        status = self._status
        if status.plan_age_seconds is not None:
            yield _gauge(
                "darkstar_plan_age_seconds", "Since the plan was made.", status.plan_age_seconds
            )
        yield _gauge(
            "darkstar_plan_valid",
            "1 while the slot in progress may be acted on; 0 means the safe default.",
            float(not status.safe_default),
        )
        if status.figures and status.figures.optimality_percent is not None:
            yield _gauge(
                "darkstar_plan_optimality_ratio",
                "Share of the achievable saving that the plan reaches.",
                status.figures.optimality_percent / 100,
            )

    def _inputs(self) -> Iterator[Metric]:
        age = GaugeMetricFamily(
            "darkstar_input_age_seconds",
            "Since the source issued an input of the plan.",
            labels=["input"],
        )
        quality = GaugeMetricFamily(
            "darkstar_input_quality",
            "1 for the quality an input of the plan has, 0 for the others.",
            labels=["input", "quality"],
        )
        for each in self._status.inputs:
            if each.issued_at is not None:
                seconds = (self._status.now - each.issued_at).total_seconds()
                age.add_metric([each.name], seconds)
            for known in Quality:
                quality.add_metric([each.name, known.value], float(each.quality == known))
        yield age
        yield quality

    def _alerts(self) -> Metric:
        found = GaugeMetricFamily(
            "darkstar_alert_open", "1 while an alert is raised.", labels=["code"]
        )
        present = {each.code for each in self._status.alerts}
        for code in Code:
            found.add_metric([code.value], float(code.value in present))
        return found


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


@router.get(
    "/metrics",
    operation_id="metrics",
    response_class=Response,
    responses={
        200: {
            "description": "the text format of Prometheus, or OpenMetrics where it is asked for",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        }
    },
)
async def show(request: Request, deps: ServicesDep) -> Response:
    """Return counters of this process and the state of the plan; docs/operations.md has them."""
    _, status = await deps.overview()
    facts = deps.alerts.facts
    snapshot = Snapshot(
        status,
        scheduler_runs=deps.scheduler.running and not deps.stopping,
        failures=facts.failures.count if facts else 0,
    )
    accept = request.headers.get("accept", "")
    text, media_type = await asyncio.to_thread(_render, snapshot, accept)
    # As bytes, with the charset already in the type.
    return Response(text, headers={"Content-Type": media_type})


def _render(snapshot: Snapshot, accept: str) -> tuple[bytes, str]:
    """Write what the process counted and the snapshot as one page."""
    page = CollectorRegistry()
    page.register(snapshot)
    page.register(metrics.REGISTRY)
    encoder, media_type = choose_encoder(accept)
    return encoder(page), media_type


class CountRequests:
    """ASGI middleware that counts answers by route template, never by address."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            metrics.REQUESTS.labels(method, _route(scope), str(status)).inc()


def _route(scope: Scope) -> str:
    """Return the template of the route that answered, never what somebody made up."""
    found = getattr(scope.get("route"), "path", None)
    if isinstance(found, str):
        return found
    if scope["path"].startswith("/static/"):
        return "/static"
    return "none"
