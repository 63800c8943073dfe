"""Parameters and replies that many routes share."""

from typing import Annotated, Any

from fastapi import Header, Query

Responses = dict[int | str, dict[str, Any]]
IfMatch = Annotated[str | None, Header(description="the version read, as an entity tag")]
Limit = Annotated[int, Query(ge=1, le=200)]
BeforeId = Annotated[int | None, Query(ge=1, le=2**63 - 1)]


def seen_version(if_match: str | None) -> str | None:
    """Return the version in an ``If-Match`` header, None where any will do."""
    return None if if_match in {None, "*"} else str(if_match).removeprefix("W/").strip('"')
