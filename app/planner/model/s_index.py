"""The S-index: how much more than its need a window stores, static or from what is coming."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from app.planner.model.context import SafetyFactor
from app.settings import SafetyIndex


@dataclass(frozen=True, slots=True)
class DayOutlook:
    """One day ahead: energies in kWh, mean temperature in degrees Celsius; None if unknown."""

    pv_kwh: float | None
    load_kwh: float | None
    temperature_c: float | None


def safety_factor(
    settings: SafetyIndex, outlook: Mapping[date, DayOutlook], *, today: date
) -> SafetyFactor:
    """Return base + w_pv * mean PV deficit + w_t * cold, clamped to ``max_factor``, with its parts.

    The deficit of a day is max(0, (load - PV) / load); cold runs from 0 at the baseline temperature
    to 1 at the cold one. Days without data are skipped.
    """
    if settings.mode == "static":
        return SafetyFactor(settings.static_factor, {"static": settings.static_factor})
    days = [
        outlook[day]
        for ahead in settings.days_ahead
        if (day := today + timedelta(days=ahead)) in outlook
    ]
    deficits = [
        max(0.0, (day.load_kwh - day.pv_kwh) / day.load_kwh)
        for day in days
        if day.load_kwh is not None and day.load_kwh > 0 and day.pv_kwh is not None
    ]
    temperatures = [day.temperature_c for day in days if day.temperature_c is not None]
    pv_part = settings.pv_deficit_weight * sum(deficits) / len(deficits) if deficits else 0.0
    cold_part = 0.0
    if temperatures:
        mean_c = sum(temperatures) / len(temperatures)
        span_c = settings.temp_baseline_c - settings.temp_cold_c
        cold = (settings.temp_baseline_c - mean_c) / span_c
        cold_part = settings.temp_weight * min(1.0, max(0.0, cold))
    value = min(settings.max_factor, settings.base_factor + pv_part + cold_part)
    return SafetyFactor(
        value,
        {
            "base": settings.base_factor,
            "pv_deficit": pv_part,
            "cold": cold_part,
            "days_with_pv": float(len(deficits)),
            "days_with_temperature": float(len(temperatures)),
        },
    )
