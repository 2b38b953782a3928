"""A review as JSON, and the schema of it."""

import json
from typing import Any

from pydantic import TypeAdapter

from review.value import Review, schema_of

SCHEMA_VERSION = 1
_ADAPTER = TypeAdapter(Review)


def document(review: Review) -> dict[str, Any]:
    """As JSON values; ``docs/review.md`` describes the keys."""
    values: dict[str, Any] = _ADAPTER.dump_python(review, mode="json", by_alias=True)
    return values


def text(review: Review) -> str:
    """The JSON text."""
    return json.dumps(document(review), indent=2) + "\n"


def read(text: str) -> Review:
    """What ``text`` wrote. Raises ``ValueError`` if it is none, or one of another version."""
    found = _ADAPTER.validate_json(text)
    if found.schema_version != SCHEMA_VERSION:
        raise ValueError(f"expected schemaVersion {SCHEMA_VERSION}, found {found.schema_version}")
    return found


def schema() -> dict[str, Any]:
    """The JSON schema: ``python -m review.document > docs/schema/review.schema.json``."""
    return schema_of(_ADAPTER)


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2))
