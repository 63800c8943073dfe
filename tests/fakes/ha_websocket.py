"""A Home Assistant's WebSocket on the fakes' own port: signs in, answers statistics, or breaks."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from http.server import BaseHTTPRequestHandler
from typing import Any

from websockets.frames import Opcode
from websockets.server import ServerProtocol

PATH = "/api/websocket"
STEPS = {"5minute": timedelta(minutes=5), "hour": timedelta(hours=1)}
HUGE_BYTES = 9 * 1024 * 1024


class WsFault(StrEnum):
    """What the WebSocket can be told to do instead of its job."""

    AUTH_INVALID = "auth_invalid"
    COMMAND_ERROR = "command_error"
    UNKNOWN_COMMAND = "unknown_command"
    UNAUTHORIZED = "unauthorized"
    SILENT = "silent"
    SILENT_AFTER_SIGN_IN = "silent_after_sign_in"
    CLOSES = "closes"
    HANGS_UP = "hangs_up"
    GARBAGE = "garbage"
    NO_OBJECT = "no_object"
    BINARY = "binary"
    HUGE = "huge"
    WRONG_SHAPE = "wrong_shape"
    REDIRECT = "302"
    HTTP_404 = "404"
    HTTP_403 = "403"
    HTTP_502 = "502"


@dataclass
class Kept:
    """A statistic: its unit, and what it counted (or the mean) between two instants."""

    unit: str
    unit_class: str | None
    of: Callable[[datetime, datetime], float | None]
    has_sum: bool = True
    keeps: Callable[[datetime], bool] = lambda _: True


@dataclass
class HaWebSocket:
    """The socket's script; ``fault`` breaks the next ``times`` connections (None: all).

    ``answers`` are those to commands other than the recorder's.
    """

    statistics: dict[str, Kept] = field(default_factory=dict)
    commands: list[dict[str, Any]] = field(default_factory=list)
    connections: int = 0
    fault: WsFault | None = None
    times: int | None = None
    answers: dict[str, Callable[[], Any]] = field(default_factory=dict)

    def next_fault(self) -> WsFault | None:
        """The fault of the next connection, if any."""
        self.connections += 1
        if self.fault is None or self.times == 0:
            return None
        if self.times is not None:
            self.times -= 1
        return self.fault

    def result(self, command: dict[str, Any]) -> Any:
        """What a healthy Home Assistant answers."""
        if (answer := self.answers.get(command["type"])) is not None:
            return answer()
        ids = [each for each in command["statistic_ids"] if each in self.statistics]
        if command["type"] == "recorder/get_statistics_metadata":
            return [self._metadata(each) for each in ids]
        start = datetime.fromisoformat(command["start_time"])
        end = datetime.fromisoformat(command["end_time"])
        rows = {each: self._rows(each, start, end, command) for each in ids}
        # As the real one does: an id without rows is not in the answer at all.
        return {each: found for each, found in rows.items() if found}

    def _metadata(self, statistic_id: str) -> dict[str, Any]:
        kept = self.statistics[statistic_id]
        return {
            "statistic_id": statistic_id,
            "display_unit_of_measurement": kept.unit,
            "has_mean": not kept.has_sum,
            "mean_type": 0 if kept.has_sum else 1,
            "has_sum": kept.has_sum,
            "name": None,
            "source": "recorder",
            "statistics_unit_of_measurement": kept.unit,
            "unit_class": kept.unit_class,
        }

    def _rows(
        self, statistic_id: str, start: datetime, end: datetime, command: dict[str, Any]
    ) -> list[dict[str, Any]]:
        kept, step = self.statistics[statistic_id], STEPS[command["period"]]
        asked = command["units"].get(kept.unit_class, kept.unit)
        factor = {("Wh", "kWh"): 0.001, ("W", "kW"): 0.001}.get((kept.unit, asked), 1.0)
        epoch = datetime.fromtimestamp(0, start.tzinfo)
        at = start - (start - epoch) % step
        rows = []
        while at < end:
            value = kept.of(at, at + step) if kept.keeps(at) else None
            if value is not None:
                times = {"start": _ms(at), "end": _ms(at + step)}
                name = "change" if kept.has_sum else "mean"
                rows.append({**times, name: value * factor})
            at += step
        return rows


def _ms(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


class _Talk:
    """One conversation over the socket of an HTTP request that asked for an upgrade."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        self.socket = handler.connection
        self.input = handler.rfile
        self.protocol = ServerProtocol(max_size=1024 * 1024)
        head = f"{handler.requestline}\r\n{str(handler.headers).strip()}\r\n\r\n"
        self.protocol.receive_data(head.replace("\r\n", "\n").replace("\n", "\r\n").encode())
        self.protocol.send_response(self.protocol.accept(self.protocol.events_received()[0]))
        self.flush()

    def flush(self) -> None:
        for data in self.protocol.data_to_send():
            if data:
                self.socket.sendall(data)

    def say(self, message: Any) -> None:
        self.protocol.send_text(json.dumps(message).encode())
        self.flush()

    def hear(self) -> dict[str, Any] | None:
        """The next message, None when the client has gone."""
        while data := self.input.read1(65536):  # type: ignore[attr-defined]
            self.protocol.receive_data(data)
            events = self.protocol.events_received()
            self.flush()
            for event in events:
                if event.opcode is Opcode.TEXT:
                    found: dict[str, Any] = json.loads(event.data)
                    return found
                if event.opcode is Opcode.CLOSE:
                    return None
        return None


def serve(
    handler: BaseHTTPRequestHandler,
    script: HaWebSocket,
    *,
    token: str,
    wait: Callable[[], object],
) -> None:
    """Hold one conversation; ``wait`` blocks until the fakes stop."""
    fault = script.next_fault()
    if fault is not None and fault.value.isdecimal():
        location = "Location: http://127.0.0.1:9/elsewhere"
        head = f"HTTP/1.1 {fault.value} No\r\n{location}\r\nContent-Length: 0\r\n\r\n"
        handler.wfile.write(head.encode())
        return
    talk = _Talk(handler)
    if fault is WsFault.SILENT:
        wait()
        return
    talk.say({"type": "auth_required", "ha_version": "2026.1.0"})
    said = talk.hear()
    if said is None:
        return
    if fault is WsFault.AUTH_INVALID or said != {"type": "auth", "access_token": token}:
        talk.say({"type": "auth_invalid", "message": "Invalid access token or password"})
        return
    talk.say({"type": "auth_ok", "ha_version": "2026.1.0"})
    while (command := talk.hear()) is not None:
        script.commands.append(command)
        if not _answer(talk, script, command, fault, wait):
            return


def _answer(
    talk: _Talk,
    script: HaWebSocket,
    command: dict[str, Any],
    fault: WsFault | None,
    wait: Callable[[], object],
) -> bool:
    """Answer one command; False when the conversation is over."""
    errors: Sequence[WsFault] = (WsFault.UNKNOWN_COMMAND, WsFault.UNAUTHORIZED)
    if fault is WsFault.SILENT_AFTER_SIGN_IN:
        wait()
    elif fault is WsFault.CLOSES:
        talk.protocol.send_close(1001, "going away")
        talk.flush()
    elif fault is WsFault.GARBAGE:
        talk.protocol.send_text(b'{"id": 1, "type": "res')
        talk.flush()
    elif fault is WsFault.BINARY:
        talk.protocol.send_binary(b"\x00\xff\x00")
        talk.flush()
    elif fault is WsFault.NO_OBJECT:
        talk.say([1, 2, 3])
    elif fault is WsFault.HUGE:
        talk.protocol.send_text(b'"' + b"x" * HUGE_BYTES + b'"')
        talk.flush()
    elif fault is WsFault.COMMAND_ERROR or fault in errors:
        code = "invalid_format" if fault is WsFault.COMMAND_ERROR else fault.value
        error = {"code": code, "message": "Invalid statistic_id"}
        talk.say({"id": command["id"], "type": "result", "success": False, "error": error})
        return True
    elif fault is WsFault.WRONG_SHAPE:
        talk.say({"id": command["id"], "type": "result", "success": True, "result": [1]})
        return True
    elif fault is None:
        # A message that belongs to nobody comes first, as an event of a subscription might.
        talk.say({"id": 999, "type": "event", "event": {}})
        result = script.result(command)
        talk.say({"id": command["id"], "type": "result", "success": True, "result": result})
        return True
    return False
