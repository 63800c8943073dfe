"""A Mosquitto of the tests' own on a free port of loopback, and somebody who listens to it."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from tests.gate import free_port

HOW_TO_GET_MOSQUITTO = (
    "Mosquitto is not installed; install it with: apt-get install mosquitto "
    "(the tests start one of their own, the service need not run)"
)


def mosquitto_program() -> str:
    """Where Mosquitto is; skips the test where it is not, never in CI."""
    # Debian puts it where only root looks.
    path = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"
    if (found := shutil.which("mosquitto", path=path)) is None:
        if os.environ.get("CI"):
            pytest.fail(HOW_TO_GET_MOSQUITTO)
        pytest.skip(HOW_TO_GET_MOSQUITTO)
    return found


@dataclass
class Mosquitto:
    """A broker that can be stopped and started again; it forgets everything in between."""

    folder: Path
    options: str = "allow_anonymous true"
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        config = self.folder / f"mosquitto-{self.port}.conf"
        # As root it would become another user, who cannot read the test's files.
        user = "user root\n" if os.geteuid() == 0 else ""
        config.write_text(
            f"{user}listener {self.port} 127.0.0.1\npersistence false\n{self.options}\n"
        )
        log = (self.folder / f"mosquitto-{self.port}.log").open("ab")
        with log:
            self.process = subprocess.Popen(  # noqa: S603
                [mosquitto_program(), "-c", str(config)], stdout=log, stderr=log
            )
        self._wait_for_listener()

    def _wait_for_listener(self) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("Mosquitto does not listen")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=10)
            self.process = None


@contextmanager
def mosquitto(folder: Path, options: str = "allow_anonymous true") -> Iterator[Mosquitto]:
    """Run a broker for as long as it is needed."""
    broker = Mosquitto(folder, options)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


@dataclass
class Listener:
    """Hears everything; ``heard`` keeps (topic, payload, retained) in order."""

    client: aiomqtt.Client
    heard: list[tuple[str, str, bool]] = field(default_factory=list)

    async def until(
        self, topic: str, wanted: Callable[[str], bool] = bool, *, after: int = 0
    ) -> str:
        """Return the first payload on a topic that is wanted, from the ``after``th message on."""
        async with asyncio.timeout(30):
            while True:
                for name, payload, _ in self.heard[after:]:
                    if name == topic and wanted(payload):
                        return payload
                await asyncio.sleep(0.02)

    async def state(
        self, base: str, wanted: Callable[[dict[str, Any]], bool], *, after: int = 0
    ) -> dict[str, Any]:
        """Return the first state that is wanted."""
        text = await self.until(f"{base}/state", lambda text: wanted(json.loads(text)), after=after)
        return dict(json.loads(text))

    async def alert(self, base: str, code: str, *, after: int = 0) -> dict[str, Any]:
        """Return the first alert with a code."""
        text = await self.until(
            f"{base}/alert", lambda text: json.loads(text)["code"] == code, after=after
        )
        return dict(json.loads(text))


@asynccontextmanager
async def listening(broker: Mosquitto, **more: Any) -> AsyncIterator[Listener]:
    """Listen to every topic of a broker; ``more`` goes to the client."""
    async with aiomqtt.Client("127.0.0.1", broker.port, **more) as client:
        listener = Listener(client)
        await client.subscribe("#", qos=1)

        async def hear() -> None:
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                heard = (
                    str(message.topic),
                    message.payload.decode("utf-8", "replace"),
                    message.retain,
                )
                listener.heard.append(heard)

        task = asyncio.create_task(hear())
        try:
            yield listener
        finally:
            task.cancel()
            await asyncio.wait({task})
