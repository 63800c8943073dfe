"""No secret in what is shown or copied: known ones are struck out, likely ones by their shape."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from pydantic import BaseModel, SecretStr

MASK: Final = "**********"
# Shorter ones would strike out half of all words, and protect nothing.
_SHORTEST: Final = 3
_SHAPES: Final = (
    re.compile(r"(?i)(?<=bearer )[^\s'\",;]+"),
    re.compile(r"(?<=://)[^\s/@'\"]+:[^\s@'\"]*(?=@)"),
    re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]+"),
    re.compile(r"(?i)(?<=password=)[^\s&'\",;]+|(?<=token=)[^\s&'\",;]+"),
    # A remote address of Home Assistant's cloud opens the door to whoever has it.
    re.compile(r"\b[\w-]{16,}(?=\.ui\.nabu\.casa)"),
)


@dataclass(slots=True)
class Masker:
    """Strikes secrets out of text; ``known`` are the longest first."""

    known: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: BaseModel) -> "Masker":
        """Return one that knows every secret of the settings, and passwords inside addresses."""
        found = {form for secret in _secrets(settings) for form in _forms(secret)}
        long = (form for form in found if len(form) >= _SHORTEST)
        return cls(tuple(sorted(long, key=len, reverse=True)))

    def learn(self, settings: BaseModel) -> None:
        """Strike out the secrets of changed settings, too; the old ones may still be in the log."""
        known = {*self.known, *Masker.of(settings).known}
        self.known = tuple(sorted(known, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        """Return ``text`` without secrets."""
        for secret in self.known:
            text = text.replace(secret, MASK)
        for shape in _SHAPES:
            text = shape.sub(MASK, text)
        return text


def _secrets(group: BaseModel) -> Iterator[str]:
    for name in type(group).model_fields:
        value = getattr(group, name)
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
        elif isinstance(value, BaseModel):
            yield from _secrets(value)


def _forms(secret: str) -> Iterator[str]:
    """Return a secret as it is, as it stands in an address, and the password of an address."""
    yield secret
    yield quote(secret, safe="")
    if "://" in secret and (password := urlsplit(secret).password):
        yield password
        yield unquote(password)
