"""The service: one process with the API, the pages and the scheduler inside."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import uvicorn
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from fastapi import Depends, FastAPI, Response
from fastapi.staticfiles import StaticFiles

from app import __version__
from app.access.gate import Gate
from app.access.token import TokenStore
from app.api.forecasts.finder_desk import BestTimeDesk
from app.api.history.run_desk import RunDesk
from app.api.http import openapi, problems
from app.api.http.body_limit import MAX_BODY_BYTES, BodyLimit
from app.api.http.compressed import CompressedPages
from app.api.http.guard import Guard
from app.api.http.one_patience import OnePatience
from app.api.http.patient_http import BACKLOG, Patience, patient
from app.api.http.problems import EVERYWHERE
from app.api.http.secure_headers import HEADERS, SecureHeaders
from app.api.http.stopping import ToldOfTheStop
from app.api.original.routes import DebugDesk
from app.api.routers import API, PAGES
from app.api.system.desk import SystemDesk
from app.api.system.metrics_routes import CountRequests
from app.api.web.page_templates import choose_language
from app.core.errors import DarkstarError
from app.core.shipped import SHIPPED
from app.db.connection.engine import close, make_engine, make_sessions
from app.fetch.sources import Sources
from app.ingest.http.client import make_client
from app.jobs.schedule import Schedule
from app.jobs.warm_up import warm_up
from app.mqtt.task import mqtt_connection
from app.plans import process as planner_process
from app.plans.job import PlanningJob
from app.plans.process import Planner
from app.service.services import Services
from app.service.settings import ConfigDesk
from app.settings import Settings
from app.settings.store.files import ConfigFiles
from app.settings.store.in_force import SettingsInForce

_log = logging.getLogger("uvicorn.error")


def create_app(settings: Settings, files: ConfigFiles | None = None) -> FastAPI:
    """Return the application; its lifespan opens database, HTTP client and scheduler.

    ``files`` is where the settings came from and changes of them go; without, they stay.
    """
    gate = Gate(settings.access, TokenStore.of(settings))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # Drivers are imported and certificates read: 0.1 s on a small machine.
        engine = await asyncio.to_thread(make_engine, settings)
        client = await asyncio.to_thread(make_client)
        planner = Planner(planner_process.PlannerProcess())
        job = PlanningJob(Sources(settings, client, make_sessions(engine)), engine, planner)
        # Beside the rest of the start: it imports what planning needs.
        warming = asyncio.create_task(planner.warm())
        scheduler = AsyncIOScheduler(
            timezone="UTC",
            # The default grace of 1 s would drop a run that starts 1.1 s late.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        app.state.services = services = Services(job, scheduler, gate)
        try:
            with SystemDesk.open(services) as app.state.system:
                schedule = Schedule(services)
                schedule.start()
                told = [job.use, gate.use, schedule.settle, app.state.system.mask.learn]
                in_force = SettingsInForce(settings, told=told)
                app.state.config = config = ConfigDesk(in_force, job.sources.sessions, files)
                job.refresh_settings = config.refresh
                async with mqtt_connection(services):
                    yield
        finally:
            scheduler.pause()
            await services.settle()
            scheduler.shutdown(wait=False)
            await asyncio.to_thread(planner.close)
            await warming
            await client.aclose()
            await close(engine)

    app = FastAPI(
        title="Darkstar Energy Manager",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    for router in API:
        app.include_router(router, responses=EVERYWHERE)
    openapi.install(app)
    app.state.gate = gate
    app.state.run_desk, app.state.best_time_desk = RunDesk(), BestTimeDesk()
    app.state.debug_desk = DebugDesk()
    for router in PAGES:
        language = [Depends(choose_language)]
        app.include_router(router, include_in_schema=False, dependencies=language)
    app.mount("/static", StaticFiles(directory=SHIPPED / "static"), name="static")
    problems.install(app, HEADERS | {"Cache-Control": "no-store"})
    app.add_middleware(OnePatience)
    app.add_middleware(CompressedPages)
    app.add_middleware(BodyLimit, refuse=_body_too_long)
    app.add_middleware(Guard, gate=gate)
    app.add_middleware(ToldOfTheStop)
    app.add_middleware(SecureHeaders)
    app.add_middleware(CountRequests)
    _build_routes(app)
    return app


def _build_routes(app: FastAPI) -> None:
    """Have the routes ready: FastAPI builds them at the first request, 240 ms without a pause."""
    nowhere = {"type": "http", "method": "GET", "path": "/-", "root_path": "", "headers": []}
    for route in app.routes:
        route.matches(nowhere)


class _Server(uvicorn.Server):
    """A server that says where it runs, and ends the streams of open pages when it stops."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so: uvicorn does not for a socket it was given."""
        await super().startup(sockets)
        _log.info("running on http://%s:%d (Ctrl+C stops it)", self.config.host, self.config.port)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell the pages, whose streams would never end by themselves, then wait for requests."""
        self.config.app.state.services.events.close()  # type: ignore[union-attr]
        await super().shutdown(sockets)


def run(app: FastAPI, settings: Settings, *, once_listening: Callable[[], None]) -> None:
    """Serve the application until a signal comes; raises ``DarkstarError`` if it cannot start."""
    host, port = settings.server.host, settings.server.port
    proxies = list(settings.access.trusted_proxies)
    server = _Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_level=settings.log_level.lower(),
            server_header=False,
            # By default it would believe any process of this machine about who the client is.
            proxy_headers=bool(proxies),
            forwarded_allow_ips=proxies,
            timeout_graceful_shutdown=3,
            # uvloop and asyncio take as many connections at once as this says.
            backlog=BACKLOG,
            http=patient(Patience.of_this_process()),
            ws="none",
        )
    )
    # Before the lifespan: a service that nobody can reach must not plan into the database.
    with _listening(host, port) as listener:
        once_listening()
        warm_up()
        server.run(sockets=[listener])
    if not server.started:
        raise DarkstarError("the service could not start; the lines above say why")


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket that has the port for itself, or say why there is none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise DarkstarError(
            f"the service cannot listen on {host}:{port}: {error.strerror}; "
            "DARKSTAR_SERVER__HOST and DARKSTAR_SERVER__PORT choose another place"
        ) from error


def _body_too_long() -> Response:
    """Answer a body that is longer than it may be."""
    return problems.answer(413, f"a request body may hold {MAX_BODY_BYTES} bytes")
