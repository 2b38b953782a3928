"""What is made from the model and committed is current: the JSON Schema and the reference."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from estate.documents.loading import load
from estate.documents.nodes import plain
from estate.documents.reference import reference
from estate.documents.schema import schema

ROOT = Path(__file__).parents[2]
MAKE = "; make it again with `make language`"


def test_the_schema_is_current() -> None:
    committed = json.loads((ROOT / "docs" / "schema" / "estate.schema.json").read_text(encoding="utf-8"))
    assert committed == schema(), f"docs/schema/estate.schema.json is not what the model says{MAKE}"


def test_the_reference_is_current() -> None:
    text = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    assert text.endswith(reference()), f"docs/language.md is not what the model says{MAKE}"


def _valid(document: dict[str, Any]) -> bool:
    return jsonschema.Draft202012Validator(schema()).is_valid(document)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_what_check_takes_the_schema_takes() -> None:
    for name in ("sandbox",):
        document = {kind: plain(node) for kind, node in load(ROOT / "stacks" / name).root.items.items()}
        errors = list(jsonschema.Draft202012Validator(schema()).iter_errors(document))
        assert [error.message for error in errors] == []


@pytest.mark.parametrize(
    ("document", "valid"),
    [
        ({}, True),
        ({"extends": "../base"}, True),
        ({"workloads": "workloads.csv"}, True),  # !table
        ({"workloads": {"w": ""}}, True),  # !remove
        ({"workloads": {"w": {"flavor": ""}}}, True),  # !remove
        ({"workloads": {"w": {"flavor": "big"}}}, True),  # a layer says what differs
        ({"workloads": {"w": {"differences": {"w-1": {"flavor": "big"}}}}}, True),
        ({"workloads": {"w": {"user_data": {"secret": "ledger-seed"}}}}, True),  # !secret
        ({"netwroks": {}}, False),
        ({"workloads": {"w": {"flavour": "big"}}}, False),
        ({"workloads": {"W W": {}}}, False),
        ({"workloads": {"w": {"name": "w"}}}, False),
        ({"flavors": {"f": {"memory": 64}}}, False),
        ({"flavors": {"f": {"hypervisor": "xen"}}}, False),
        ({"estate": {"release": "2024.1"}}, False),
        ({"estate": {"release": {"nova": "2025.1"}}}, True),
    ],
)
def test_what_an_editor_marks(document: dict[str, Any], valid: bool) -> None:
    assert _valid(document) is valid


def test_every_key_has_a_meaning_and_an_example() -> None:
    rows = [line for line in reference().splitlines() if line.startswith("| `")]
    assert len(rows) > 80
    for row in rows:
        cells = [cell.strip() for cell in row.replace("\\|", "¦").strip("|").split("|")]
        assert len(cells) == 6, row
        assert cells[1], row
        assert cells[4], row
        assert cells[5].strip("`"), row
