"""The OpenAPI document: committed as it is served, every operation named, every example true."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from app.main import create_app
from app.settings import Settings
from tools.openapi import TARGET, document

API: dict[str, Any] = create_app(Settings()).openapi()
SCHEMAS: dict[str, Any] = API["components"]["schemas"]


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in API["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_committed_document_is_what_is_served() -> None:
    assert TARGET.read_text(encoding="utf-8") == document(), "run `make openapi`"


def test_every_operation_has_a_name_of_its_own_a_tag_and_words() -> None:
    names = Counter(operation["operationId"] for _, _, operation in operations())
    assert [name for name, count in names.items() if count > 1] == []
    for path, method, operation in operations():
        where = f"{method} {path}"
        assert operation["tags"], where
        assert operation["description"], where
        assert operation["operationId"].isalnum(), where


def test_every_refusal_is_documented_in_the_one_shape() -> None:
    for path, method, operation in operations():
        for status, answer in operation["responses"].items():
            if status >= "400":
                content = answer["content"]["application/problem+json"]
                assert content["schema"]["$ref"].endswith("/ProblemOut"), (path, method, status)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_example_is_what_its_schema_says(name: str) -> None:
    root = {"components": {"schemas": SCHEMAS}}
    registry: Registry[Any] = Registry().with_resource(
        "urn:api", Resource.from_contents(root, default_specification=DRAFT202012)
    )
    schema = {"$ref": f"urn:api#/components/schemas/{name}"}
    for example in SCHEMAS[name].get("examples", []):
        Draft202012Validator(schema, registry=registry).validate(json.loads(json.dumps(example)))
