"""Examples shown in the OpenAPI document; a test holds each against its schema."""

from typing import Any, Final

SLOT: Final[dict[str, Any]] = {
    "slot_number": 14,
    "slot_start": "2026-11-23T02:15:00Z",
    "slot_end": "2026-11-23T02:30:00Z",
    "classification": "charge",
    "charge_kw": 5.0,
    "discharge_kw": 0.0,
    "import_kw": 5.8,
    "export_kw": 0.0,
    "curtailed_kw": 0.0,
    "water_kw": 0.0,
    "planned_load_kwh": 0.2,
    "planned_pv_kwh": 0.0,
    "import_price_per_kwh": 0.82,
    "export_price_per_kwh": 0.11,
    "planned_cost": 1.189,
    "soc_target": 95.0,
    "soc_projected": 62.2,
    "marginal_value_per_kwh": 1.62,
    "is_manual": False,
    "reason": "charge_for_later_use",
    "reason_params": {"price": 0.82, "use_price": 2.1, "use_at": "18:15"},
    "reason_text": "Charging 5.0 kW at 0.82: it replaces 2.10 at 18:15; wear 0.20.",
    "valid_until": "2026-11-23T02:30:00Z",
    "planner_version": "0.1.0",
    "plan_run_id": 7,
}
META: Final[dict[str, Any]] = {
    "plan_run_id": 7,
    "planned_at": "2026-11-23T02:16:03Z",
    "trigger": "schedule",
    "engine": "optimal",
    "planner_version": "0.1.0",
    "status": "ok",
    "horizon_start": "2026-11-23T02:15:00Z",
    "horizon_end": "2026-11-23T23:00:00Z",
    "timezone": "Europe/Stockholm",
    "currency": "SEK",
    "cost": 31.31,
    "cost_do_nothing": 32.73,
    "cost_self_consumption": 33.58,
    "cost_best": 31.18,
    "optimality_percent": 94.6,
    "optimality_missing": None,
    "smoothing_cost": 0.06,
    "terminal_value_per_kwh": 0.91,
    "s_index": 1.05,
    "duration_ms": 320.0,
    "warnings": [],
    "inputs": [
        {
            "name": "prices",
            "source": "Nord Pool",
            "quality": "live",
            "issued_at": "2026-11-22T11:58:10Z",
            "detail": "",
        }
    ],
    "demo_home": False,
}
PROBLEM: Final[dict[str, Any]] = {
    "type": "about:blank",
    "title": "Not Found",
    "status": 404,
    "detail": "nothing has been planned yet; POST /api/run_planner plans now",
    "code": "no_plan_yet",
    "message": "nothing has been planned yet; POST /api/run_planner plans now",
    "errors": [],
}
JOB: Final[dict[str, Any]] = {
    "running": False,
    "last_started_at": "2026-11-23T02:16:03Z",
    "last_finished_at": "2026-11-23T02:16:04Z",
    "last_outcome": "ok",
    "last_error": "",
    "next_run_at": "2026-11-23T03:16:03Z",
}
INITIAL_STATE: Final[dict[str, Any]] = {
    "soc_percent": 57.3,
    "water_used_today_kwh": 1.5,
    "inputs": [
        {
            "name": "soc",
            "source": "Home Assistant",
            "quality": "live",
            "issued_at": "2026-11-23T02:15:41Z",
            "detail": "",
        }
    ],
}
ACTION_IN: Final[dict[str, Any]] = {
    "action": "charge",
    "start_at": "2026-11-23T03:00:00Z",
    "end_at": "2026-11-23T05:00:00Z",
    "target_soc_percent": 80.0,
    "power_kw": 3.0,
    "note": "guests tonight",
    "expires_at": None,
}
BLOCK_IN: Final[dict[str, Any]] = {
    "start": "2026-11-23T04:00:00+01:00",
    "end": "2026-11-23T06:00:00+01:00",
    "content": "Charge",
}
ACTION: Final[dict[str, Any]] = {
    **ACTION_IN,
    "id": 3,
    "created_at": "2026-11-23T02:20:11Z",
    "created_from": "api 192.168.1.20",
    "state": "ahead",
    "version": "5f2c0d6e9a1b4c37",
}
CHANGE: Final[dict[str, Any]] = {
    "id": 8,
    "change": "0b5a4d1f6c0e4a27b1d8f0a3c9e7d254",
    "action_id": 3,
    "at": "2026-11-23T02:20:11Z",
    "what": "created",
    "made_from": "api 192.168.1.20",
    "before": None,
    "after": ACTION_IN,
    "undone_at": None,
}
PREVIEW: Final[dict[str, Any]] = {
    "currency": "SEK",
    "cost": 34.51,
    "cost_without": 31.31,
    "cost_difference": 3.2,
    "soc_difference_percent": 4.5,
    "changed_slots": 12,
    "warnings": [],
    "notices": [],
    "conflicts": [],
    "schedule": [{**SLOT, "is_manual": True, "reason": "manual_charge"}],
}
