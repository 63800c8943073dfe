"""The manual form as it is sent: read, and its errors put to their fields."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import ValidationError

from app.manual.wish import ManualActionError, Wish
from app.service.schemas.manual import ActionIn
from app.wording import words
from app.wording.i18n import _

FIELDS = ("action", "start_at", "end_at", "target_soc_percent", "power_kw", "note")


class FormError(Exception):
    """The form cannot be taken as it is: what is wrong, by field; ``""`` is the whole form."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        """Keep the sentences."""
        super().__init__("; ".join(errors.values()))
        self.errors = errors


async def sent_form(request: Request) -> dict[str, str]:
    """Return the fields as they were sent, texts only."""
    async with request.form(max_files=0, max_fields=20) as form:
        return {name: value for name, value in form.items() if isinstance(value, str)}


FormDep = Annotated[dict[str, str], Depends(sent_form)]


def wish_of(form: Mapping[str, str]) -> Wish:
    """Return the action asked for; raises ``FormError``. A decimal comma is as good as a point."""
    values: dict[str, Any] = {name: form.get(name, "").strip() for name in FIELDS}
    for name in ("target_soc_percent", "power_kw"):
        values[name] = values[name].replace(",", ".") or None
    try:
        return ActionIn.model_validate(values).wish()
    except ValidationError as error:
        raise FormError(
            {str(each["loc"][0]): words.sentence(each["msg"]) for each in error.errors()}
        ) from None
    except ManualActionError as error:
        raise as_form_error(error) from None


def as_form_error(error: ManualActionError) -> FormError:
    """Return what a refused wish says, by field."""
    return FormError({each.field: words.sentence(each.reason) for each in error.problems})


def version_of(form: Mapping[str, str]) -> tuple[int | None, str | None]:
    """Return which kept action is edited and the version it was read in, None for a new one."""
    number = form.get("action_id", "")
    if not number:
        return None, None
    if not number.isascii() or not number.isdigit() or len(number) > 18:  # noqa: PLR2004
        raise FormError({"": _("There is no action {id}.", id=number[:20])})
    return int(number), form.get("version") or None
