"""``darkstar replay``: plan a stored run again, beside the service or without it."""

from app.api.history.run_words import replay_text
from app.db.connection.engine import close, make_engine, make_sessions, session_scope
from app.planner.made import make
from app.plans.replay import compare, inputs_again
from app.plans.stored import plan_of_run
from app.settings import Settings


async def replay_stored(settings: Settings, run_id: int) -> tuple[list[str], bool]:
    """Return what to say of a replay, a line each, and whether the plan came out the same.

    Reads the database and writes nothing; raises ``UnknownRunError``, ``RunWithoutPlanError``,
    ``NotReplayableError`` or ``DatabaseUnavailableError``.
    """
    engine = make_engine(settings)
    try:
        async with session_scope(make_sessions(engine)) as session:
            stored = await plan_of_run(session, run_id)
    finally:
        await close(engine)
    inputs = inputs_again(stored)
    done = compare(stored, inputs, make(inputs.slots, inputs.ctx))
    lines = [replay_text(stored.run, done)]
    lines += [
        f"  {each.field}: {each.slots} slots, the first at {each.first_at:%Y-%m-%d %H:%M} UTC: "
        f"{each.stored} stored, {each.replayed} planned again"
        for each in done.fields
    ]
    lines += [
        f"  {each.field}: {each.stored} stored, {each.replayed} planned again"
        for each in done.figures
    ]
    if done.missing or done.extra:
        lines.append(f"  slots: {done.missing} stored only, {done.extra} planned again only")
    return lines, done.identical
