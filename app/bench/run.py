"""``darkstar bench``: recorded cases, both engines, judged by independent physics.

Money is deterministic, so a plan that got dearer than the recorded baseline is a fault; time is
only reported, machines being noisy.
"""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

from app.bench import scenario
from app.bench.judge import judge
from app.core.errors import DarkstarError, InputError
from app.settings import EngineName

TOLERANCE = 0.005
"""Half an öre: below this a difference in cost is rounding."""
_LEAST_GAP = 0.5


class BenchError(DarkstarError):
    """A plan costs more than the recorded baseline, or breaks a rule."""

    code = "bench_worse"


@dataclass(frozen=True, slots=True)
class Result:
    """One case planned by one engine; costs in the case's currency, time in ms."""

    case: str
    engine: str
    cost: float
    optimum: float
    self_consumption: float
    no_battery: float
    violations: Mapping[str, int]
    plan_ms: float

    @property
    def share_percent(self) -> float | None:
        """Share of the achievable saving; None where next to nothing can be saved."""
        achievable = self.self_consumption - self.optimum
        if achievable < _LEAST_GAP:
            return None
        return 100 * (self.self_consumption - self.cost) / achievable


@dataclass(frozen=True, slots=True)
class Summary:
    """One engine over all cases: shares in percent, times in ms."""

    engine: str
    cases: int
    median_percent: float
    p10_percent: float
    worst_percent: float
    violations: int
    plan_ms_p50: float
    plan_ms_p95: float


def run(folder: Path) -> list[Result]:
    """Plan and judge every case of ``folder/scenarios`` with every engine."""
    reference = _read(folder / "reference.json")
    paths = sorted((folder / "scenarios").glob("*.json"))
    if not paths:
        raise InputError(f"{folder / 'scenarios'}: no scenario files here; check --folder")
    return [_result(path, engine, reference) for engine in get_args(EngineName) for path in paths]


def _result(path: Path, engine: EngineName, reference: Mapping[str, Any]) -> Result:
    known = reference.get(path.stem)
    if known is None:
        raise InputError(f"reference.json: no entry for {path.stem}")
    plan = scenario.plan_file(path, shipped=False, engine=engine)
    verdict = judge(scenario.read(path), plan)
    return Result(
        case=path.stem,
        engine=engine,
        cost=verdict.cost,
        violations=verdict.violations,
        plan_ms=plan["meta"]["plan_ms"],
        **known,
    )


def summaries(results: Sequence[Result]) -> list[Summary]:
    """Return one summary per engine."""
    found = []
    for engine in dict.fromkeys(result.engine for result in results):
        mine = [result for result in results if result.engine == engine]
        shares = sorted(s for result in mine if (s := result.share_percent) is not None)
        times = sorted(result.plan_ms for result in mine)
        found.append(
            Summary(
                engine=engine,
                cases=len(mine),
                median_percent=statistics.median(shares),
                p10_percent=_quantile(shares, 0.10),
                worst_percent=shares[0],
                violations=sum(sum(result.violations.values()) for result in mine),
                plan_ms_p50=statistics.median(times),
                plan_ms_p95=_quantile(times, 0.95),
            )
        )
    return found


def _quantile(values: Sequence[float], share: float) -> float:
    """Return the quantile of sorted values, between neighbours in proportion."""
    place = share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (place - low) * (values[high] - values[low])


def table(results: Sequence[Result]) -> str:
    """Return what a person wants to read: every case, then the engines."""
    lines = [f"{'case':44}{'engine':9}{'cost':>9}{'optimum':>9}{'share':>9}{'ms':>6}  broken rules"]
    for result in results:
        share = "-" if result.share_percent is None else f"{result.share_percent:.2f} %"
        broken = ", ".join(f"{rule} {n}" for rule, n in result.violations.items()) or "none"
        lines.append(
            f"{result.case:44}{result.engine:9}{result.cost:9.2f}{result.optimum:9.2f}"
            f"{share:>9}{result.plan_ms:6.0f}  {broken}"
        )
    lines.append("")
    lines.extend(
        f"{each.engine:9}median {each.median_percent:.2f} %, 10th percentile "
        f"{each.p10_percent:.2f} %, worst {each.worst_percent:.2f} %, {each.violations} broken "
        f"rules, plan {each.plan_ms_p50:.0f} ms (p95 {each.plan_ms_p95:.0f})"
        for each in summaries(results)
    )
    return "\n".join(lines)


def as_data(results: Sequence[Result]) -> dict[str, Any]:
    """Return everything as plain data."""
    return {
        "summaries": [asdict(each) for each in summaries(results)],
        "results": [
            {**asdict(result), "share_percent": result.share_percent} for result in results
        ],
    }


def record(results: Sequence[Result], folder: Path) -> None:
    """Write the costs down as the baseline of coming runs."""
    costs: dict[str, dict[str, float]] = {}
    for result in results:
        costs.setdefault(result.engine, {})[result.case] = round(result.cost, 4)
    text = json.dumps(costs, indent=1) + "\n"
    (folder / "baseline.json").write_text(text, encoding="utf-8")


def require_no_worse(results: Sequence[Result], folder: Path) -> None:
    """Raise ``BenchError`` naming every case that got dearer or breaks a rule."""
    baseline = _read(folder / "baseline.json")
    worse = []
    for result in results:
        before = baseline.get(result.engine, {}).get(result.case)
        if result.violations:
            worse.append(f"{result.case}, {result.engine}: breaks {dict(result.violations)}")
        elif before is None:
            worse.append(f"{result.case}, {result.engine}: not in baseline.json; use --record")
        elif result.cost > before + TOLERANCE:
            worse.append(f"{result.case}, {result.engine}: {result.cost:.3f}, was {before:.3f}")
    if worse:
        raise BenchError("worse than the baseline:\n  " + "\n  ".join(worse))


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise InputError(f"{path}: expected an object of cases")
    return found
