"""The price providers besides Nord Pool's usual stand-in: one real HTTP server on loopback.

Each provider's prices differ from the others' by a constant (``OFFSETS``, EUR/MWh), so that a test
can tell whose a stored price is.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from app.core import clock
from app.core.clock import local_day
from app.ingest.prices.day import DELIVERY_ZONE, delivery_day, next_day
from app.ingest.prices.entsoe import ZONES
from tests.fakes import price_replies as shapes
from tests.fakes.price_replies import Asked, Row

OFFSETS = {
    "nordpool": 0.0,
    "elprisetjustnu": 1.0,
    "hvakosterstrommen": 2.0,
    "energi_data_service": 3.0,
    "energy_charts": 4.0,
    "entsoe": 5.0,
    "tibber": 6.0,
}
ENTSOE_TOKEN, TIBBER_TOKEN = "entsoe-secret-token", "tibber-secret-token"
_AREAS = {zone: area for area, zone in ZONES.items()}
_PATHS = {
    "nordpool": "api/DayAheadPrices",
    "energi_data_service": "dataset/DayAheadPrices",
    "energy_charts": "price",
    "entsoe": "api",
    "tibber": "v1-beta/gql",
}


def _entsoe_day(start: str) -> date:
    return local_day(datetime.strptime(f"{start}+0000", "%Y%m%d%H%M%z"), DELIVERY_ZONE)


# What a question says: the area and the day it is about.
_SAID: dict[str, Callable[[Mapping[str, str]], tuple[str | None, date]]] = {
    "nordpool": lambda said: (said["deliveryArea"], date.fromisoformat(said["date"])),
    "energi_data_service": lambda said: (
        json.loads(said["filter"])["PriceArea"][0],
        date.fromisoformat(said["start"]),
    ),
    "energy_charts": lambda said: (said["bzn"], date.fromisoformat(said["start"])),
    "entsoe": lambda said: (_AREAS.get(said["in_Domain"]), _entsoe_day(said["periodStart"])),
}

Answer = tuple[int, bytes, Mapping[str, str]]
Spoil = Callable[[date, list[Row]], list[Row]]


@dataclass
class FakePriceProviders:
    """Every provider under its name in the settings; a context manager.

    ``now`` and ``published`` (provider, day) -> bool decide what is out: today always, tomorrow
    by default. ``broken`` maps a provider to what it answers instead; ``spoil`` changes its rows.
    ``state`` and ``updated_at`` are what Nord Pool says of its days.
    ``requests`` lists (provider, day asked for) as they came.
    """

    now: Callable[[], datetime] = clock.now
    published: Callable[[str, date], bool] = field(default=lambda _provider, _day: True)
    broken: dict[str, Answer] = field(default_factory=dict)
    spoil: dict[str, Spoil] = field(default_factory=dict)
    state: str = "Final"
    updated_at: datetime | None = None
    currency: str = "SEK"
    area: str = "SE4"
    requests: list[tuple[str, date]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def environment(self, *providers: str) -> dict[str, str]:
        """The environment that makes Darkstar ask these providers, in this order, here."""
        port = self._server.server_address[1]
        urls = {
            f"DARKSTAR_{name.upper()}__BASE_URL": f"http://127.0.0.1:{port}/{name}"
            for name in OFFSETS
        }
        return urls | {
            "DARKSTAR_PRICES__PROVIDERS": json.dumps(providers),
            "DARKSTAR_NORDPOOL__PRICE_AREA": self.area,
            "DARKSTAR_NORDPOOL__CURRENCY": self.currency,
            "DARKSTAR_ENTSOE__TOKEN": ENTSOE_TOKEN,
            "DARKSTAR_TIBBER__TOKEN": TIBBER_TOKEN,
        }

    def asked(self, provider: str, day: date | None = None) -> int:
        """How often a provider was asked, for one day or for any."""
        return sum(name == provider and day in {None, wanted} for name, wanted in self.requests)

    def answer(self, provider: str, rest: str, query: Mapping[str, str], token: str) -> Answer:
        """What a provider sends back; HTTP 404 for an address that it does not have."""
        day = self._day(provider, rest, query)
        if day is None:
            return 404, b'{"message":"no such address"}', {}
        self.requests.append((provider, day))
        if provider in self.broken:
            return self.broken[provider]
        if provider == "entsoe" and query.get("securityToken") != ENTSOE_TOKEN:
            return 401, shapes.acknowledgement("Unauthorized"), {}
        if provider == "tibber" and token != f"Bearer {TIBBER_TOKEN}":
            return 401, b"{}", {}
        rows = self._rows(provider, day)
        if not rows:
            return _not_out(provider)
        return 200, self._body(provider, rows, day), {}

    def _day(self, provider: str, rest: str, query: Mapping[str, str]) -> date | None:
        """Return the day asked for, None where address, area or currency are wrong."""
        if provider in {"elprisetjustnu", "hvakosterstrommen"}:
            name = rest.removeprefix("api/v1/prices/").removesuffix(f"_{self.area}.json")
            return date.fromisoformat(name.replace("/", "-"))
        if rest != _PATHS.get(provider):
            return None
        if provider == "tibber":
            return delivery_day(self.now())
        area, day = _SAID[provider](query)
        right = area == self.area and query.get("currency", self.currency) == self.currency
        return day if right else None

    def _rows(self, provider: str, day: date) -> list[Row]:
        today = delivery_day(self.now())
        days = [today, next_day(today)] if provider == "tibber" else [day]
        rows: list[Row] = []
        for each in days:
            if today <= each <= next_day(today) and self.published(provider, each):
                made = shapes.rows_of(each, offset=OFFSETS[provider])
                rows += self.spoil.get(provider, lambda _, kept: kept)(each, made)
        return rows

    def _body(self, provider: str, rows: list[Row], day: date) -> bytes:
        quotes = {"energi_data_service", "energy_charts", "entsoe"}
        dkk = provider == "energi_data_service" and self.currency == "DKK"
        currency = self.currency if dkk or provider not in quotes else "EUR"
        make: dict[str, Callable[..., bytes]] = {
            "nordpool": partial(shapes.nordpool, state=self.state, updated_at=self.updated_at),
            "elprisetjustnu": shapes.day_file,
            "hvakosterstrommen": shapes.day_file,
            "energi_data_service": shapes.energi_data_service,
            "energy_charts": shapes.energy_charts,
            "entsoe": partial(shapes.entsoe, curve="A03"),
            "tibber": shapes.tibber,
        }
        return make[provider](rows, Asked(day, self.area, currency))


def _not_out(provider: str) -> Answer:
    if provider == "nordpool":
        return 204, b"", {}
    if provider == "entsoe":
        return 200, shapes.acknowledgement("No matching data found for Data item"), {}
    if provider == "energi_data_service":
        return 200, b'{"total":0,"dataset":"DayAheadPrices","records":[]}', {}
    return 404, b"", {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def __init__(self, fakes: FakePriceProviders, *args: Any) -> None:
        self.fakes = fakes
        super().__init__(*args)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        provider, _, rest = parts.path.removeprefix("/").partition("/")
        query = {key: value[0] for key, value in parse_qs(parts.query).items()}
        token = self.headers.get("Authorization", "")
        status, body, headers = self.fakes.answer(provider, rest, query, token)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if body:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing: ``FakePriceProviders.requests`` tells."""
