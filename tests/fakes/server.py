"""Stand-ins for Nord Pool, Open-Meteo and Home Assistant: one real HTTP server on loopback."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from app.core import clock
from app.ingest.prices.day import delivery_day, next_day
from tests.fakes import ha_websocket, replies
from tests.fakes.ha_websocket import HaWebSocket
from tests.fakes.sky import Sky

SERVICES = ("nordpool", "open_meteo", "open_meteo_ensemble", "home_assistant")
SOC, WATER, CONSUMPTION = "sensor.battery_soc", "sensor.water_today", "sensor.house_energy"
SLOW_SECONDS = 60
FIXED = {
    "/api/": {"message": "API running."},
    "/api/config": {"version": "2026.11.2", "location_name": "Villa", "unit_system": {}},
}


class Fault(StrEnum):
    """What a service can be told to do instead of its job."""

    NO_CONTENT = "204"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    TOO_MANY = "429"
    SERVER_ERROR = "500"
    REDIRECT = "302"
    HTML = "html"
    TRUNCATED = "truncated"
    SLOW = "slow"
    HANG_UP = "hang_up"


@dataclass
class FakeUpstreams:
    """``/nordpool``, ``/open_meteo``, ``/open_meteo_ensemble`` and ``/home_assistant``.

    Use it as a context manager; ``now`` decides what is already published and how fresh the
    sensors are. ``fail("nordpool", Fault.HTML, times=2)`` breaks a service for two requests (for
    good without ``times``), ``heal`` mends it. ``sensors`` maps an entity to (state, unit),
    ``sensor_age`` makes all of them old, ``said_at`` one of them; ``attributes`` add to its own;
    ``histories`` is what each was when, ``devices`` names the device of an entity. ``requests``
    lists (service, path, query) as they came.
    """

    now: Callable[[], datetime] = clock.now
    port: int = 0
    token: str = "fake-home-token"  # noqa: S105 - opens nothing
    tomorrow_is_published: bool = True
    minutes: int = 15
    price_state: str = "Final"
    sensor_age: timedelta = timedelta(0)
    sensors: dict[str, tuple[str, str | None]] = field(
        default_factory=lambda: {
            SOC: ("57.3", "%"),
            WATER: ("1.5", "kWh"),
            CONSUMPTION: ("12345.6", "kWh"),
        }
    )
    attributes: dict[str, dict[str, Any]] = field(default_factory=dict)
    said_at: dict[str, datetime] = field(default_factory=dict)
    histories: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    websocket: HaWebSocket = field(default_factory=HaWebSocket)
    sky: Sky = field(default_factory=Sky)

    def __post_init__(self) -> None:
        self._faults: dict[str, list[Fault]] = {}
        self._lasting: dict[str, Fault] = {}
        self.stopping = threading.Event()
        self.websocket.answers |= {
            "get_states": self._states,
            "config/entity_registry/list_for_display": lambda: {
                "entity_categories": {"0": "config", "1": "diagnostic"},
                "entities": [
                    {"ei": entity_id, "pl": "mqtt", "lb": []}
                    | ({"di": device} if (device := self.devices.get(entity_id)) else {})
                    for entity_id in self.sensors
                ],
            },
        }

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", self.port), self)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, service: str) -> str:
        """The base URL of one service."""
        return f"http://127.0.0.1:{self.port}/{service}"

    def environment(self) -> dict[str, str]:
        """The environment that makes Darkstar use these services."""
        return {
            "DARKSTAR_PRICES__PROVIDERS": '["nordpool"]',  # the others: price_providers.py
            "DARKSTAR_NORDPOOL__BASE_URL": self.url("nordpool"),
            "DARKSTAR_OPEN_METEO__BASE_URL": self.url("open_meteo"),
            "DARKSTAR_OPEN_METEO__ENSEMBLE_BASE_URL": self.url("open_meteo_ensemble"),
            "DARKSTAR_HOME_ASSISTANT__URL": self.url("home_assistant"),
            "DARKSTAR_HOME_ASSISTANT__TOKEN": self.token,
            "DARKSTAR_HOME_ASSISTANT__BATTERY_SOC_ENTITY_ID": SOC,
            "DARKSTAR_HOME_ASSISTANT__WATER_HEATER_DAILY_ENTITY_ID": WATER,
            "DARKSTAR_HOME_ASSISTANT__CONSUMPTION_ENTITY_ID": CONSUMPTION,
        }

    def fail(self, service: str, fault: Fault, *, times: int | None = None) -> None:
        """Break a service for its next ``times`` requests, or until it is healed."""
        assert service in SERVICES
        if times is None:
            self._lasting[service] = fault
        else:
            self._faults.setdefault(service, []).extend([fault] * times)

    def heal(self, service: str) -> None:
        """Mend a service."""
        self._lasting.pop(service, None)
        self._faults.pop(service, None)

    def fault_for(self, service: str) -> Fault | None:
        """The fault of the next request, if any."""
        if waiting := self._faults.get(service):
            return waiting.pop(0)
        return self._lasting.get(service)

    def answer(
        self, service: str, path: str, query: Mapping[str, str], token: str
    ) -> tuple[int, Any]:
        """Status and JSON body (None = empty) of a healthy service."""
        if service == "nordpool" and path == "/api/DayAheadPrices":
            return self._prices(query)
        if service in {"open_meteo", "open_meteo_ensemble"}:
            return self.sky.answer(path, query, self.now())
        if service == "home_assistant":
            if token != f"Bearer {self.token}":
                return 401, {"message": "Unauthorized"}
            return self._home_assistant(path, query)
        return 404, {"message": "Not found"}

    def _prices(self, query: Mapping[str, str]) -> tuple[int, Any]:
        day = date.fromisoformat(query["date"])
        last = delivery_day(self.now())
        if self.tomorrow_is_published:
            last = next_day(last)
        if day > last:
            return 204, None
        return 200, replies.day_ahead_prices(
            day,
            query["deliveryArea"],
            query["currency"],
            minutes=self.minutes,
            state=self.price_state,
        )

    def _home_assistant(self, path: str, query: Mapping[str, str]) -> tuple[int, Any]:
        if path in FIXED:
            return 200, FIXED[path]
        if path == "/api/states":
            return 200, self._states()
        if path.startswith("/api/states/"):
            entity_id = path.removeprefix("/api/states/")
            if entity_id not in self.sensors:
                return 404, {"message": "Entity not found."}
            return 200, self._state(entity_id)
        if path.startswith("/api/history/period/"):
            begin = datetime.fromisoformat(path.removeprefix("/api/history/period/"))
            end = datetime.fromisoformat(query["end_time"])
            return 200, self._history(query["filter_entity_id"], begin, end)
        return 404, {"message": "Not found"}

    def _state(self, entity_id: str) -> dict[str, Any]:
        at = self.said_at.get(entity_id, self.now() - self.sensor_age)
        found = replies.entity_state(entity_id, *self.sensors[entity_id], at)
        found["attributes"] |= self.attributes.get(entity_id, {})
        return found

    def _states(self) -> list[dict[str, Any]]:
        return [self._state(entity_id) for entity_id in self.sensors]

    def _history(self, entity_id: str, begin: datetime, end: datetime) -> Any:
        if (told := self.histories.get(entity_id)) is not None:
            return [replies.recorded(entity_id, told, begin, end)]
        if entity_id == CONSUMPTION:
            return replies.counter_history(entity_id, begin, end)
        today = clock.local_day(self.now(), replies.DELIVERY_ZONE)
        midnight = clock.local_midnight(today, replies.DELIVERY_ZONE)
        said, _ = self.sensors.get(entity_id, ("unknown", None))
        return replies.daily_history(entity_id, said, begin, end, midnight)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], fakes: FakeUpstreams) -> None:
        self.fakes = fakes
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is part of the game."""


class _Handler(BaseHTTPRequestHandler):
    # One request a connection: nothing stays open when a test ends.
    protocol_version = "HTTP/1.0"
    server: _Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        _, service, rest = (*parts.path.split("/", 2), "", "")[:3]
        path = f"/{unquote(rest)}"
        query = {k: v[0] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
        fakes = self.server.fakes
        fakes.requests.append((service, path, query))
        fault = fakes.fault_for(service)
        if fault is Fault.SLOW:
            fakes.stopping.wait(SLOW_SECONDS)
        elif fault is Fault.HANG_UP:
            return
        elif fault is not None:
            self._break(fault, service)
        elif (service, path) == ("home_assistant", ha_websocket.PATH):
            wait = partial(fakes.stopping.wait, SLOW_SECONDS)
            ha_websocket.serve(self, fakes.websocket, token=fakes.token, wait=wait)
        else:
            token = self.headers.get("Authorization", "")
            status, body = fakes.answer(service, path, query, token)
            self._send(status, b"" if body is None else json.dumps(body).encode())

    def _break(self, fault: Fault, service: str) -> None:
        if fault is Fault.HTML:
            self._send(200, b"<!doctype html><title>Just a moment</title>", kind="text/html")
        elif fault is Fault.TRUNCATED:
            self._send(200, b'{"deliveryDateCET": "2025-10-', missing=100)
        elif fault is Fault.REDIRECT:
            self._send(302, b"", extra={"Location": f"http://127.0.0.1:9/{service}"})
        elif fault is Fault.TOO_MANY:
            self._send(429, b'{"error":true,"reason":"limit"}', extra={"Retry-After": "1"})
        else:
            self._send(int(fault), b"" if fault is Fault.NO_CONTENT else b'{"message":"no"}')

    def _send(
        self,
        status: int,
        body: bytes,
        *,
        kind: str = "application/json",
        missing: int = 0,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in (extra or {}).items():
            self.send_header(name, value)
        if body:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body) + missing))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing: pytest shows ``FakeUpstreams.requests`` instead."""
