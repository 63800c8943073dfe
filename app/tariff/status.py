"""What a plan should know of its tariff: where it comes from, what is missing or has run out."""

from collections.abc import Sequence
from datetime import datetime

from app.core.provenance import InputStatus, Quality
from app.settings import Settings
from app.settings.tariff_layers import expired, missing, source


def tariff_status(settings: Settings, slots: Sequence[datetime]) -> tuple[InputStatus, ...]:
    """Return the status of the tariff over ``slots``; none where ``pricing`` alone counts."""
    problems = tariff_problems(settings, slots)
    if (origin := source(settings)) == "pricing":
        return ()
    quality = Quality.ESTIMATED if problems else Quality.LIVE
    return (InputStatus("tariff", origin, quality, None, "; ".join(problems)),)


def tariff_problems(settings: Settings, slots: Sequence[datetime]) -> tuple[str, ...]:
    """Say which figures of the tariff are missing, or known for a part of ``slots`` only."""
    days = sorted({slot.astimezone(settings.zone).date() for slot in slots})
    return (*missing(settings), *expired(settings, days))
