"""The connection to the broker: says what counts now, hears commands, comes back by itself.

Imported only where a broker is configured: the client library takes 0.1 s to load.
"""

import asyncio
import json
import random
import ssl
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from socket import socket
from typing import Any, Final

import aiomqtt
import structlog

from app.alerts.channels import ChannelError
from app.core import clock
from app.core.clock import slot_floor
from app.core.frames import SLOT
from app.mqtt.commands import Commands
from app.mqtt.discovery import OFFLINE, ONLINE, Topics, discovery, topics_of
from app.mqtt.published import Published
from app.service.now import read_now
from app.service.services import Services
from app.settings.mqtt import Mqtt, MqttReading

STATE_SECONDS: Final = 60
"""The state is said at least this often: the plan's age grows."""
ALERT_SECONDS: Final = 1
FIRST_LOOK_SECONDS: Final = 30
KEEPALIVE_SECONDS: Final = 30
TIMEOUT_SECONDS: Final = 5
GOODBYE_SECONDS: Final = 1
RETRY_SECONDS: Final = 1
RETRY_MAX_SECONDS: Final = 60
MAX_INCOMING: Final = 64
"""A flood of commands beyond this is dropped by the client."""
QOS: Final = 1
_log = structlog.get_logger("darkstar.mqtt")


@dataclass(slots=True)
class MqttOut:
    """One service on one broker; ``run`` never returns."""

    services: Services
    commands: Commands = field(init=False)
    topics: Topics = field(init=False)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _introduce: bool = True
    _failures: int = 0

    def __post_init__(self) -> None:
        """Prepare what lasts longer than a connection."""
        self.commands = Commands(self.services)
        self.topics = topics_of(self.services.job.settings)

    async def run(self) -> None:
        """Stay connected; after a failure try again, ever more rarely."""
        settings = self.services.job.settings.mqtt
        while True:
            try:
                async with _connected(await _client(settings, self.topics)) as client:
                    _log.info("connected", broker=str(settings.broker))
                    await self._session(client)
            except (aiomqtt.MqttError, OSError) as fault:
                self._failures += 1
                # The first failure of a row is said aloud.
                say = _log.warning if self._failures == 1 else _log.debug
                say("broker lost, trying again", broker=str(settings.broker), error=str(fault))
            await asyncio.sleep(pause_seconds(self._failures))

    async def _session(self, client: aiomqtt.Client) -> None:
        """Say and hear until the connection breaks."""
        own = (self.topics.commands, self.topics.birth, self.topics.availability)
        heard = {*own, *(each.topic for each in self._readings())}
        await client.subscribe([(topic, QOS) for topic in heard])
        self._introduce = True
        work = (self._watch(), self._hear(client), self._say(client), self._carry_alerts(client))
        teller = self.services.alerts.teller
        teller.plug_mqtt(partial(self._tell, client))
        try:
            await _until_one_fails(*work)
        except asyncio.CancelledError:
            # The will is for those who vanish; whoever leaves says so.
            with suppress(aiomqtt.MqttError, TimeoutError):
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await self._publish(client, self.topics.availability, OFFLINE)
            raise
        finally:
            # What happens while nobody is connected is told when somebody is again.
            teller.mqtt = None
            self.services.job.sources.readings.lost(at=clock.now())

    async def _tell(self, client: aiomqtt.Client, notice: str) -> None:
        """Hand a message about an alert to the broker."""
        try:
            await client.publish(self.topics.alert, notice, qos=QOS)
        except aiomqtt.MqttError as error:
            raise ChannelError(f"the broker did not take it: {error}") from error

    async def _watch(self) -> None:
        """Have the state said again when anything changes."""
        async for _ in self.services.events.subscribe():
            self._changed.set()

    async def _hear(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            topic = str(message.topic)
            payload = message.payload if isinstance(message.payload, bytes) else b""
            if topic == self.topics.birth:
                # Home Assistant has started and may have forgotten everything.
                self._introduce_if(payload == ONLINE.encode())
            elif topic == self.topics.availability:
                # The will of a connection that broke a minute ago, said just now.
                self._introduce_if(payload == OFFLINE.encode() and not message.retain)
            elif topic.startswith(self.topics.commands.rstrip("+#")):
                name = topic.rsplit("/", 1)[-1]
                self.commands.receive(name, payload, retained=message.retain)
            elif not message.retain:
                readings = self.services.job.sources.readings
                readings.receive(self._readings(), topic, payload, at=clock.now())

    def _readings(self) -> tuple[MqttReading, ...]:
        return self.services.job.settings.mqtt.readings

    def _introduce_if(self, due: bool) -> None:  # noqa: FBT001 - the one thing it is about
        if due:
            self._introduce = True
            self._changed.set()

    async def _say(self, client: aiomqtt.Client) -> None:
        """Publish discovery where it is due and the state whenever it may have changed."""
        await self._first_look()
        while True:
            self._changed.clear()
            if self._introduce:
                self._introduce = False
                await self._introduced(client)
            told = await read_now(self.services)
            await self._publish(client, self.topics.state, told.model_dump_json())
            self._failures = 0
            with suppress(TimeoutError):
                async with asyncio.timeout(_seconds_to_next()):
                    await self._changed.wait()

    async def _introduced(self, client: aiomqtt.Client) -> None:
        """Describe the device, and take away what this service once left elsewhere."""
        settings, retained = self.services.job.settings, self.topics.retained
        memory = Published(Path(settings.data_dir))
        # Remembered first: killed in between, the next start still knows what may be there.
        left = await asyncio.to_thread(memory.add, retained)
        # Before the new device: its entities take the names that the old ones leave.
        for topic in left:
            await self._publish(client, topic, "")
        text = discovery(settings, own_address=_own_address(client))
        await self._publish(client, self.topics.discovery, text)
        await self._publish(client, self.topics.availability, ONLINE)
        if left:
            await asyncio.to_thread(memory.only, retained)
            _log.info("old topics taken away", topics=left)

    async def _first_look(self) -> None:
        """Wait until the database was looked at: the plan in there may well be valid."""
        log = self.services.job.log
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_LOOK_SECONDS):
                while not (log.migrated or log.database_error or log.last_outcome != "none"):  # noqa: ASYNC110 - the job has no event for it
                    await asyncio.sleep(0.1)

    async def _carry_alerts(self, client: aiomqtt.Client) -> None:
        outbox = self.services.outbox
        while True:
            alerts = outbox.take()
            while alerts:
                try:
                    text = json.dumps(alerts[0].as_data())
                    await client.publish(self.topics.alert, text, qos=QOS)
                except (aiomqtt.MqttError, asyncio.CancelledError):
                    outbox.put_back(alerts)
                    raise
                del alerts[0]
            await asyncio.sleep(ALERT_SECONDS)

    @staticmethod
    async def _publish(client: aiomqtt.Client, topic: str, payload: str) -> None:
        await client.publish(topic, payload, qos=QOS, retain=True)


async def _client(settings: Mqtt, topics: Topics) -> aiomqtt.Client:
    """Return a client that is not connected yet; raises ``OSError`` for an unusable ca_file."""
    broker = settings.broker
    context = None
    if broker.tls:
        # Reads a few hundred certificates: 20 ms.
        context = await asyncio.to_thread(ssl.create_default_context, cafile=settings.ca_file)
    return aiomqtt.Client(
        broker.host,
        broker.port,
        username=broker.username,
        password=broker.password,
        tls_context=context,
        will=aiomqtt.Will(topics.availability, OFFLINE, qos=QOS, retain=True),
        keepalive=KEEPALIVE_SECONDS,
        timeout=TIMEOUT_SECONDS,
        max_queued_incoming_messages=MAX_INCOMING,
    )


def _own_address(client: aiomqtt.Client) -> str | None:
    """Return this machine's address on its way to the broker, if others can use it."""
    # A container's address and port are not what the network sees.
    if Path("/.dockerenv").exists():
        return None
    found = client._client.socket()  # noqa: SLF001 - the library has no way to ask
    return str(found.getsockname()[0]) if isinstance(found, socket) else None


@asynccontextmanager
async def _connected(client: aiomqtt.Client) -> AsyncIterator[aiomqtt.Client]:
    """Connect, and leave no socket behind however it ends."""
    try:
        await client.__aenter__()
    except (aiomqtt.MqttError, asyncio.CancelledError):
        # A broker that took the connection and said nothing would keep it open.
        client._client.disconnect()  # noqa: SLF001 - the library has no way to give up
        raise
    try:
        yield client
    finally:
        # A fault while leaving must not stand in the place of a cancellation.
        with suppress(aiomqtt.MqttError):
            await client.__aexit__(None, None, None)


def pause_seconds(failures: int) -> float:
    """Return how long to wait before the next attempt: ever longer, never in step with others."""
    longest = min(RETRY_MAX_SECONDS, RETRY_SECONDS * 2 ** min(failures, 10))
    return random.uniform(longest / 2, longest)  # noqa: S311 - spreads load, guards nothing


async def _until_one_fails(*work: Coroutine[Any, Any, None]) -> None:
    """Do all at once; when one fails stop the others and raise its fault.

    A task group would hide a cancellation that comes together with a fault.
    """
    tasks = [asyncio.create_task(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


def _seconds_to_next() -> float:
    """Return how long the state said now holds: to the next slot, a minute at most."""
    now = clock.now()
    left = (slot_floor(now) + SLOT - now).total_seconds()
    return min(STATE_SECONDS, left + 0.05)
