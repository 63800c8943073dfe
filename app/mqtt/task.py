"""The life of the MQTT connection inside the service: starts after it, ends before it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

import structlog

from app.service.services import Services

RESTART_SECONDS = 30
STOP_SECONDS = 2
_log = structlog.get_logger("darkstar.mqtt")


@asynccontextmanager
async def mqtt_connection(services: Services) -> AsyncIterator[None]:
    """Keep the connection while the caller runs; nothing waits for the broker."""
    if not services.job.settings.mqtt.enabled:
        yield
        return
    task = asyncio.create_task(_keep(services))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=STOP_SECONDS)


async def _keep(services: Services) -> None:
    """Run the connection; should a bug end it, log that and begin anew."""
    module = await asyncio.to_thread(import_module, "app.mqtt.connection")
    while True:
        running = asyncio.create_task(module.MqttOut(services).run())
        try:
            await asyncio.wait({running})
        finally:
            # Cancelled itself, it passes that on and waits for the goodbye.
            running.cancel()
            await asyncio.wait({running})
        _log.error("MQTT crashed, starting anew", exc_info=running.exception())
        await asyncio.sleep(RESTART_SECONDS)
