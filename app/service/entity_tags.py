"""Entity tags: what a client has already is not sent again (RFC 9110, 13.1.2)."""

import hashlib
import re
from typing import Annotated, Any, Final

from fastapi import Header, Response

IfNoneMatch = Annotated[
    str | None,
    Header(
        description="entity tags the client has, from `ETag`; if one still fits, the answer is 304"
    ),
]
NOT_MODIFIED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "the client has it already"}
}
_TAG = re.compile(r'(?:W/)?"([^"]*)"')


def tag_of(*parts: object) -> str:
    """Return the entity tag of what these parts determine, quotes included."""
    digest = hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:16]
    return f'"{digest}"'


def has_already(tag: str, if_none_match: str | None) -> bool:
    """Tell whether the client holds what the tag stands for; weak comparison, as a GET has it."""
    if if_none_match is None:
        return False
    if if_none_match.strip() == "*":
        return True
    return tag.strip('"') in _TAG.findall(if_none_match)


def not_modified(tag: str) -> Response:
    """Return the answer to a client that has it already."""
    return Response(status_code=304, headers={"ETag": tag})
