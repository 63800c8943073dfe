"""What the doctor says: findings with a verdict, the number that proves it, and the fix."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """How much a finding matters; ``grey`` means that it could not be judged."""

    GREY = "grey"
    GREEN = "green"
    AMBER = "amber"
    RED = "red"


_ORDER = tuple(Verdict)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst verdict; what could not be judged makes nothing worse."""
    return max(verdicts, key=_ORDER.index, default=Verdict.GREY)


class Connection(StrEnum):
    """Whether Home Assistant could be asked at all."""

    OK = "ok"
    NOT_CONFIGURED = "not_configured"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    WRONG_ADDRESS = "wrong_address"
    UNREACHABLE = "unreachable"


class State(StrEnum):
    """What came of asking for one entity."""

    READ = "read"
    MISSING = "missing"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"
    INVALID = "invalid"
    NO_HISTORY = "no_history"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was found in words, the number behind it, and the fix (empty if none)."""

    check: str
    verdict: Verdict
    proof: str
    value: float | None = None
    unit: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class EntityReport:
    """One mapped entity: where it is set, what it says now, what was found."""

    name: str
    setting: str
    entity_id: str
    state: State
    reading: str
    read_at: datetime | None
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of its findings."""
        return worst(finding.verdict for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Report:
    """The whole examination of ``[start, end)``; ``summary`` says in a sentence how it ended."""

    start: datetime
    end: datetime
    connection: Connection
    problem: str
    entities: tuple[EntityReport, ...] = ()
    balances: tuple[Finding, ...] = ()
    fix: str = ""

    @property
    def verdict(self) -> Verdict:
        """The worst of everything found; a home that cannot be asked is red, unmapped amber."""
        if self.connection not in {Connection.OK, Connection.NOT_CONFIGURED}:
            return Verdict.RED
        if self.connection is Connection.OK and not self.entities:
            return Verdict.AMBER
        entities = (entity.verdict for entity in self.entities)
        return worst([*entities, *(balance.verdict for balance in self.balances)])

    @property
    def summary(self) -> str:
        """One sentence: the problem, or how many entities and balances are in which state."""
        if self.problem:
            return self.problem
        if not self.entities:
            return "No entity of Home Assistant is mapped"
        found = [f for entity in self.entities for f in entity.findings] + list(self.balances)
        red, amber = (
            sum(finding.verdict is verdict for finding in found)
            for verdict in (Verdict.RED, Verdict.AMBER)
        )
        if not red and not amber:
            return f"{len(self.entities)} entities are well"
        parts = [f"{red} to mend"] * bool(red) + [f"{amber} to look at"] * bool(amber)
        return f"{', '.join(parts)} in {len(self.entities)} entities"
