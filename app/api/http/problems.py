"""Every refusal and failure in one shape: problem details (RFC 9457) with a stable code."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import Match

from app.core.errors import DarkstarError, Problem
from app.service.schemas.plan import ProblemOut

MEDIA_TYPE = "application/problem+json"
# What every operation may answer beside its own.
EVERYWHERE: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemOut, "description": words}
    for status, words in {
        400: "the body is not text, or a header is none or is sent twice",
        401: "a login or the API token is needed",
        403: "sent by another site, or by a form that does not say whence",
        413: "the body is longer than 64 KiB",
        421: "asked under an unknown host name",
        422: "the request has invalid fields",
        429: "too many requests; see Retry-After",
        503: "the database is away",
    }.items()
}


def answer(
    status: int,
    message: str,
    *,
    code: str = "",
    errors: list[dict[str, Any]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return one problem; without a ``code`` it is named after the HTTP status."""
    title = HTTPStatus(status).phrase
    problem = ProblemOut(
        code=code or title.lower().replace(" ", "_"),
        title=title,
        message=message,
        detail=message,
        status=status,
        errors=errors or [],
    )
    return JSONResponse(
        problem.model_dump(), status_code=status, headers=headers, media_type=MEDIA_TYPE
    )


def install(app: FastAPI, headers: Mapping[str, str]) -> None:
    """Answer every error of ``app``; ``headers`` go with the answer no middleware sees."""

    def crashed(_request: Request, _error: Exception) -> JSONResponse:
        """Answer a bug without its words; the log has them."""
        return answer(
            500, "Darkstar failed; its log says how", code="internal_error", headers=headers
        )

    app.add_exception_handler(DarkstarError, _deliberate)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, crashed)


def _deliberate(_request: Request, error: Exception) -> JSONResponse:
    """Answer every deliberate error."""
    status = error.status if isinstance(error, DarkstarError) else 500
    code = error.code if isinstance(error, DarkstarError) else "internal_error"
    problems = getattr(error, "problems", ())
    errors = [
        {"field": _printable(each.field), "message": _printable(str(each)), **_parts(each)}
        for each in problems
    ]
    return answer(status, _printable(str(error)), code=code, errors=errors)


def _parts(problem: Problem) -> dict[str, str | None]:
    """Return what is wrong with a setting in parts, for a form that shows it beside the field."""
    reason, _, fix = _printable(problem.reason).partition("; ")
    value = None if problem.value is None else _printable(problem.value)
    return {"value": value, "reason": reason, "fix": fix}


def _refused(request: Request, error: Exception) -> JSONResponse:
    """Answer what the framework refuses: no such path, wrong method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    headers = error.headers
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        # The framework names the methods of the first route of that path only.
        headers = {"Allow": ", ".join(_methods_of(request))}
    return answer(error.status_code, str(error.detail), headers=headers)


def _methods_of(request: Request) -> list[str]:
    """Return what may be done at the path that was asked for."""
    return sorted(
        {
            method
            for route in iter_route_contexts(request.app.routes)
            if route.original_route.matches(request.scope)[0] is not Match.NONE
            for method in route.methods or ()
        }
    )


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    """Name the fields that are wrong; never echo the input, which may not be JSON at all."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [
        {"field": _printable(".".join(map(str, each["loc"]))), "message": _printable(each["msg"])}
        for each in found
    ]
    return answer(422, "the request has invalid fields", code="request_invalid", errors=errors)


def _printable(text: str) -> str:
    """Return text that any client can read: a lone surrogate in a field's name has no UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")
