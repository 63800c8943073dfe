"""Examples of run replies in the OpenAPI document; a test holds each against its schema."""

from typing import Any, Final

from app.service.schemas.examples import META, SLOT

_FIGURES: Final = (
    "cost",
    "cost_do_nothing",
    "cost_self_consumption",
    "cost_best",
    "optimality_percent",
    "optimality_missing",
    "smoothing_cost",
    "terminal_value_per_kwh",
)
RUN: Final[dict[str, Any]] = {
    "id": 7,
    "planned_at": "2026-11-23T02:16:03Z",
    "finished_at": "2026-11-23T02:16:04Z",
    "trigger": "schedule",
    "engine": "optimal",
    "planner_version": "0.1.0",
    "status": "ok",
    "error": "",
    "horizon_start": "2026-11-23T02:15:00Z",
    "horizon_end": "2026-11-23T23:00:00Z",
    "timezone": "Europe/Stockholm",
    "currency": "SEK",
    "demo_home": False,
    "s_index": 1.05,
    "s_index_parts": {},
    "duration_ms": 320.0,
    "config_hash": "1f0c8a6d2b7e4935",
    "inputs_hash": "9be1d45c70aa3f62",
    "replayable": True,
    "figures": {name: META[name] for name in _FIGURES},
    "warnings": [],
    "inputs": [{**META["inputs"][0], "age_seconds": 51473.0}],
}
STAMP: Final[dict[str, Any]] = {
    "id": 7,
    "planned_at": "2026-11-23T02:16:03Z",
    "trigger": "schedule",
    "engine": "optimal",
    "planner_version": "0.1.0",
}
_HOLDING: Final[dict[str, Any]] = {
    "classification": "hold",
    "is_manual": False,
    "charge_kw": 0.0,
    "discharge_kw": 0.0,
    "export_kw": 0.0,
    "water_kw": 0.0,
    "cost": 0.66,
}
DIFF: Final[dict[str, Any]] = {
    "before": STAMP,
    "after": {**STAMP, "id": 8, "planned_at": "2026-11-23T03:16:03Z", "trigger": "prices"},
    "currency": "SEK",
    "text": "1 change in 80 common slots; they cost 4.10 SEK more and end with 12.5 points more "
    "in the battery. Different inputs: load.",
    "common": {"start": "2026-11-23T03:15:00Z", "end": "2026-11-23T23:00:00Z", "slots": 79},
    "cost_difference": 4.1,
    "soc_difference_percent": 12.5,
    "changes": [
        {
            "start": "2026-11-23T03:15:00Z",
            "end": "2026-11-23T04:15:00Z",
            "slots": 4,
            "before": _HOLDING,
            "after": {**_HOLDING, "classification": "charge", "charge_kw": 5.0, "cost": 4.76},
            "cost_difference": 4.1,
            "text": "04:15 to 05:15: charging 5.0 kW instead of holding; costs 4.10 SEK more.",
        }
    ],
    "only_before": [{"start": "2026-11-23T02:15:00Z", "end": "2026-11-23T03:15:00Z", "slots": 4}],
    "only_after": [],
    "inputs": {
        "series": [
            {
                "name": "load",
                "unit": "kWh",
                "changed_slots": 12,
                "before": 18.2,
                "after": 21.6,
                "most_at": "2026-11-23T17:15:00Z",
                "most_before": 0.4,
                "most_after": 0.9,
            }
        ],
        "state": [{"name": "soc_percent", "before": 57.3, "after": 55.1}],
        "settings": [{"name": "battery.wear_cost_per_kwh", "before": 0.2, "after": 0.25}],
    },
    "inputs_unknown": "",
}
EXPLANATION: Final[dict[str, Any]] = {
    "run": STAMP,
    "currency": "SEK",
    "slot": SLOT,
    "reason": "charge_for_later_use",
    "text": SLOT["reason_text"],
    "rule": "Value of stored energy: a later use earns more than buying, losses and wear cost.",
    "marginal_value_per_kwh": 1.62,
    "price": {
        "import_price_per_kwh": 0.82,
        "import_parts": {
            "spot": 0.2,
            "spot_markup": 0.01,
            "grid_transfer": 0.246,
            "energy_tax": 0.2,
            "vat": 0.164,
        },
        "export_price_per_kwh": 0.11,
        "export_parts": {"spot": 0.2, "vat": 0.0, "fees": -0.09, "credit": 0.0},
        "source": "Nord Pool",
        "estimated": False,
    },
    "alternatives": [
        {"action": "charge", "gain_per_kwh": 0.779, "is_planned": True},
        {"action": "hold", "gain_per_kwh": 0.0, "is_planned": False},
        {"action": "discharge", "gain_per_kwh": -1.021, "is_planned": False},
    ],
    "notes": [],
}
REPLAY: Final[dict[str, Any]] = {
    "run": STAMP,
    "identical": False,
    "text": "Planned again by version 0.2.0, run 7 of version 0.1.0 differs in 1 field.",
    "planner_version": "0.2.0",
    "slots": 83,
    "fields": [
        {
            "field": "soc_target",
            "slots": 2,
            "first_at": "2026-11-23T05:00:00Z",
            "stored": 95.0,
            "replayed": 80.0,
            "most": 15.0,
        }
    ],
    "figures": [],
    "missing_slots": 0,
    "extra_slots": 0,
}
