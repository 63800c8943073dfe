"""Differences between runs in sentences, and the replies built around them."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.api.prices.routes import slot_parts
from app.db.run_changes import NOTICEABLE_KW
from app.db.tables.models import PlanRun
from app.plans.explained import Explained
from app.plans.input_changes import InputChanges
from app.plans.replay import Replay
from app.plans.slot_changes import Doing, SlotChange, SlotChanges
from app.plans.stored import StoredPlan
from app.service.schemas.explain import AlternativeOut, ExplanationOut, PriceOut
from app.service.schemas.plan import SlotOut
from app.service.schemas.runs import DiffOut, InputChangesOut, RunStamp, SpanOut
from app.wording.words import hhmm, listed, name, number

_SAME_MONEY = 0.005
_SAME_PERCENT = 0.05


def doing(what: Doing) -> str:
    """Say what a plan does: ``charging 5.0 kW and heating water with 3.0 kW``."""
    words = {
        "charge": f"charging {number(what.charge_kw, 1)} kW",
        "pv_charge": f"storing {number(what.charge_kw, 1)} kW of sun",
        "discharge": f"using {number(what.discharge_kw, 1)} kW of the battery",
        "export": f"selling {number(what.export_kw, 1)} kW",
        "hold": "holding",
    }
    said = [words.get(what.classification, what.classification)]
    if what.water_kw >= NOTICEABLE_KW:
        said.append(f"heating water with {number(what.water_kw, 1)} kW")
    return listed(said) + (" (manual)" if what.is_manual else "")


def money(difference: float, currency: str) -> str:
    """Say what a difference in cost is: ``costs 1.20 SEK more``."""
    if abs(difference) < _SAME_MONEY:
        return "costs the same"
    return f"costs {number(abs(difference))} {currency} {'more' if difference > 0 else 'less'}"


def _clock(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    first, last = start.astimezone(zone), end.astimezone(zone)
    day = f"{first:%-d %B} " if first.date() != last.date() else ""
    return f"{day}{hhmm(start, zone)} to {hhmm(end, zone)}"


def _change(change: SlotChange, zone: ZoneInfo, currency: str) -> dict[str, Any]:
    difference = change.after.cost - change.before.cost
    return {
        "start": change.start,
        "end": change.end,
        "slots": change.slots,
        "before": change.before,
        "after": change.after,
        "cost_difference": difference,
        "text": f"{_clock(change.start, change.end, zone)}: {doing(change.after)} instead of "
        f"{doing(change.before)}; {money(difference, currency)}.",
    }


def diff_out(
    before: StoredPlan,
    after: StoredPlan,
    found: SlotChanges,
    inputs: InputChanges | None,
    unknown: str,
) -> DiffOut:
    """Return the reply on the difference between two runs."""
    run = after.run
    return DiffOut.model_validate(
        {
            "before": RunStamp.model_validate(before.run),
            "after": RunStamp.model_validate(run),
            "currency": run.currency,
            "text": _summary(found, inputs, run),
            "common": found.common and SpanOut.model_validate(found.common),
            "cost_difference": found.cost_difference,
            "soc_difference_percent": found.soc_difference_percent,
            "changes": [
                _change(change, ZoneInfo(run.timezone), run.currency) for change in found.changes
            ],
            "only_before": found.only_before,
            "only_after": found.only_after,
            "inputs": inputs and InputChangesOut.model_validate(inputs),
            "inputs_unknown": unknown,
        }
    )


def _summary(found: SlotChanges, inputs: InputChanges | None, run: PlanRun) -> str:
    if found.common is None:
        return "The two plans have no slot in common."
    slots = f"{found.common.slots} common slots"
    count = len(found.changes)
    changes = "No change" if not count else f"{count} change" + ("s" if count > 1 else "")
    points = found.soc_difference_percent
    kept = (
        "the same charge level"
        if abs(points) < _SAME_PERCENT
        else f"{number(abs(points), 1)} points {'more' if points > 0 else 'less'} in the battery"
    )
    cost = money(found.cost_difference, run.currency).replace("costs", "cost", 1)
    text = f"{changes} in {slots}; they {cost} and end with {kept}."
    if inputs is None:
        return text
    names = [each.name for each in inputs.series]
    names += [each.name for each in (*inputs.state, *inputs.settings)]
    return f"{text} Different inputs: {listed([name(each) for each in names]) or 'none'}."


def explanation_out(found: Explained) -> ExplanationOut:
    """Return the reply on why a slot does what it does."""
    slot = found.slot
    return ExplanationOut(
        run=RunStamp.model_validate(found.run),
        currency=found.run.currency,
        slot=SlotOut.model_validate(slot),
        reason=slot.reason,
        text=slot.reason_text,
        rule=found.rule,
        marginal_value_per_kwh=slot.marginal_value_per_kwh,
        price=PriceOut.model_validate(slot_parts(found.parts)) if found.parts else None,
        alternatives=[
            AlternativeOut(
                action=each.action,
                gain_per_kwh=each.gain_per_kwh,
                is_planned=each.action == slot.classification,
            )
            for each in found.alternatives
        ],
        notes=list(found.notes),
    )


def replay_text(run: PlanRun, done: Replay) -> str:
    """Say what a replay found, in one sentence."""
    if done.identical:
        return f"Run {run.id} planned again: {done.slots} slots, identical to the last bit."
    names = [each.field for each in done.fields] + [each.field for each in done.figures]
    if done.missing or done.extra:
        names.append("the slots covered")
    return (
        f"Planned again by version {done.planner_version}, run {run.id} of version "
        f"{run.planner_version} differs in {listed(names)}."
    )
