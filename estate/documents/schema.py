"""The JSON Schema of a document, for editors: made from the model, so that it knows what ``check`` knows.

It is kinder than ``check`` where an editor sees one document only: nothing is required, because another
document or the folder below may say it.
"""

from typing import Any

from estate.documents.layers import EXTENDS
from estate.documents.nodes import TABLE
from estate.documents.shapes import NAMED_KINDS, block_type
from estate.model import Estate
from estate.model.block import NamedBlock

_FILE = r"\.csv$"


def schema() -> dict[str, Any]:
    """The schema, in JSON values."""
    made = Estate.model_json_schema()
    named = {kind.__name__ for kind in _all_blocks(NamedBlock)}
    for name, definition in made["$defs"].items():
        if name in named:
            definition.get("properties", {}).pop("name", None)
        definition.pop("required", None)
        for key, value in definition.get("properties", {}).items():
            definition["properties"][key] = _or_removed(value)
    _tidy(made)
    properties = made["properties"]
    for kind in NAMED_KINDS:
        assert block_type((kind, "name")) is not None
        blocks = properties[kind]
        description = blocks.pop("description")
        blocks.pop("default", None)
        properties[kind] = {
            "description": description,
            "anyOf": [
                blocks,
                {"type": "string", "pattern": _FILE, "description": f"Written with the tag {TABLE}."},
            ],
        }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A document of an estate",
        "description": "A YAML document of an environment. Made from the model by `estate schema`.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            EXTENDS: {"type": "string", "description": "The folder below: this one says what is different."},
            **properties,
        },
        "$defs": {
            **made["$defs"],
            "Remove": {
                "const": "",
                "description": "Written with the tag !remove: what the folder below says.",
            },
        },
    }


def _all_blocks(block: type[NamedBlock]) -> set[type[NamedBlock]]:
    return {block}.union(*(_all_blocks(one) for one in block.__subclasses__()))


def _or_removed(value: dict[str, Any]) -> dict[str, Any]:
    """What stands for a key, or ``!remove``."""
    kept: dict[str, Any] = {
        key: value.pop(key) for key in ("description", "default", "examples") if key in value
    }
    return {**kept, "anyOf": [*(value.pop("anyOf", None) or [value]), {"$ref": "#/$defs/Remove"}]}


def _tidy(value: object) -> None:
    """Without titles, which repeat the key; with names that fit their pattern only."""
    if isinstance(value, dict):
        if isinstance(value.get("title"), str):
            del value["title"]
        if "patternProperties" in value:
            value["additionalProperties"] = False
            for name, inner in value["patternProperties"].items():
                value["patternProperties"][name] = _or_removed(inner)
        for inner in value.values():
            _tidy(inner)
    elif isinstance(value, list):
        for inner in value:
            _tidy(inner)
