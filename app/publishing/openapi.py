"""What the API answers, as OpenAPI 3.1 and as a page to read, out of one file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from flask import Blueprint, Response

from app import answers, i18n
from app.site import site

bp = Blueprint("openapi", __name__, url_prefix="/api/v1")

_FILE = Path(__file__).with_suffix(".json")


class Field(NamedTuple):
    """One field of an answer, by its path in it, and what it is."""

    name: str
    kind: str
    says: str


@cache
def document() -> dict[str, Any]:
    """The description of the API, without the address of a house."""
    found: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return found


@bp.get("/openapi.json")
def as_json() -> Response:
    """The description for programs."""
    servers = [{"url": site().config.base_url}]
    response = answers.for_any_site(answers.json(document() | {"servers": servers}))
    return answers.for_a_while(response)


@bp.get("/")
def page() -> Response:
    """The same for people."""
    locale = i18n.speaks(answers.language_asked() or i18n.FALLBACK)
    response = answers.page(
        "publishing/api.html",
        locale=locale,
        operations=[
            (path, of["get"], list(fields_of(of["get"])))
            for path, of in document()["paths"].items()
        ],
    )
    return answers.for_a_while(response)


def fields_of(operation: dict[str, Any]) -> Iterator[Field]:
    """The fields of what an operation answers, each followed by those within it."""
    (content,) = operation["responses"]["200"]["content"].values()
    name = content["schema"].get("$ref", "").rpartition("/")[2]
    if name:
        yield from _fields("", document()["components"]["schemas"][name])


def _fields(before: str, schema: dict[str, Any]) -> Iterator[Field]:
    for name, what in schema.get("properties", {}).items():
        kind = what.get("type", "string")
        kinds = kind if isinstance(kind, list) else [kind]
        yield Field(f"{before}{name}", " | ".join(kinds), what.get("description", ""))
        yield from _fields(f"{before}{name}.", what.get("items", what))
