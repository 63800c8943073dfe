"""The OpenAPI document as the service really answers: refusals are problem details."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from app.api.http.problems import MEDIA_TYPE

_LOWEST_REFUSAL = "400"
_UNUSED = ("HTTPValidationError", "ValidationError")


def install(app: FastAPI) -> None:
    """Have ``app`` describe itself; the document is made once, when it is first asked for."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _described(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    for operation in (each for path in document["paths"].values() for each in path.values()):
        for status, answer in operation["responses"].items():
            # Under whichever type the operation itself answers in.
            if status >= _LOWEST_REFUSAL and (content := answer.get("content")):
                answer["content"] = {MEDIA_TYPE: next(iter(content.values()))}
    schemas = document["components"]["schemas"]
    for name in _UNUSED:
        schemas.pop(name, None)
    # The framework drops every null, those of the examples too.
    for model in _models(BaseModel):
        extra = model.model_config.get("json_schema_extra")
        if model.__name__ in schemas and isinstance(extra, dict) and "examples" in extra:
            schemas[model.__name__]["examples"] = extra["examples"]
    return document


def _models(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for model in base.__subclasses__():
        yield from _models(model)
        if model.__module__.startswith("app."):
            yield model
