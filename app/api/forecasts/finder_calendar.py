"""The best starts as a calendar that phones and calendars subscribe to (RFC 5545)."""

import hashlib
from datetime import timedelta

from icalendar import Calendar, Event, vDuration

from app.api.forecasts.finder_schemas import BestTimeOut, BestTimeQuery

REFRESH = timedelta(minutes=15)


def calendar(found: BestTimeOut, query: BestTimeQuery) -> bytes:
    """Return the starts as events; asked again, the events of the same query move."""
    name = query.name or f"Run {query.kwh:g} kWh"
    made = Calendar()
    made.add("prodid", "-//Darkstar Energy Manager//best time//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", f"Darkstar: {name}")
    made.add("refresh-interval", vDuration(REFRESH), parameters={"value": "DURATION"})
    made.add("x-published-ttl", vDuration(REFRESH))
    # The same question is the same events, whatever plan answers it.
    who = hashlib.sha256(query.model_dump_json().encode()).hexdigest()[:16]
    for rank, start in enumerate(found.starts, start=1):
        event = Event()
        event.add("uid", f"{who}-{rank}@darkstar")
        event.add("dtstamp", found.planned_at)
        event.add("dtstart", start.start)
        event.add("dtend", start.end)
        event.add("summary", f"{name}: {start.cost:.2f} {found.currency}")
        event.add("description", start.text)
        event.add("transp", "TRANSPARENT")
        made.add_component(event)
    return bytes(made.to_ical())
