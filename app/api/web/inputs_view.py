"""The inputs of a plan as the pages show them: quality, source, age, and what is missing."""

from dataclasses import dataclass
from datetime import datetime

from app.service.schemas.plan import InputOut
from app.wording import words
from app.wording.i18n import _
from app.wording.told import told


@dataclass(frozen=True, slots=True)
class InputView:
    """One input badge."""

    name: str
    quality: str
    quality_text: str
    source: str
    detail: str


def input_view(each: InputOut, now: datetime) -> InputView:
    """Build the view of one input."""
    age = words.ago(now - each.issued_at) if each.issued_at else ""
    source = told(each.source)
    if age:
        source = f"{source}, {age}"
        if each.name == "prices":
            source = _("{source}, published {ago}", source=told(each.source), ago=age)
    return InputView(
        name=words.sentence(words.name(each.name)).rstrip("."),
        quality=each.quality.value,
        quality_text=_(words.QUALITIES[each.quality.value]),
        source=source,
        detail=words.sentence(each.detail),
    )
