"""What the document cannot say: when. Most generated actions are moved to slots that lie ahead.

Named in ``schemathesis.toml``; without it nearly all of them would be refused as past, and what
comes after the refusal never be reached.
"""

import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import schemathesis

_TIMES = {"start_at": "end_at", "start": "end"}
_UNTOUCHED_IN = 8


def _ahead(action: dict[str, Any]) -> None:
    """Move the action somewhere into the next day, by what else it holds; some stay as they are."""
    seed = zlib.crc32(repr(sorted(map(str, action.items()))).encode("utf-8", "replace"))
    if seed % _UNTOUCHED_IN == 0:
        return
    now = datetime.now(UTC)
    hour = now.replace(minute=0, second=0, microsecond=0)
    begin = hour + timedelta(hours=2 + seed // 8 % 12, minutes=15 * (seed // 128 % 4))
    for start, end in _TIMES.items():
        if isinstance(action.get(start), str) and isinstance(action.get(end), str):
            action[start] = begin.isoformat()
            action[end] = (begin + timedelta(minutes=15 * (1 + seed // 512 % 8))).isoformat()
    if isinstance(action.get("expires_at"), str):
        action["expires_at"] = (begin + timedelta(days=1)).isoformat()


@schemathesis.hook
def map_body(_context: schemathesis.HookContext, body: Any) -> Any:
    """Return the body with its actions ahead of now."""
    found = body.get("actions", [body]) if isinstance(body, dict) else body
    for action in found if isinstance(found, list) else []:
        if isinstance(action, dict):
            _ahead(action)
    return body
