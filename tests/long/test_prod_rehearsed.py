"""All of production: 300 servers. Short sibling: tests/rehearsal, with the environment ``sandbox``."""

from pathlib import Path
from shutil import copytree

from operations.stack import PROGRAM
from tests.long.by_command import rehearsed

LIMIT = 30 * 60
"""Seconds, on 2 cores."""


def test_all_of_production_lands_as_predicted_in_half_an_hour(tmp_path: Path) -> None:
    documents = copytree(PROGRAM / "stacks", tmp_path / "stacks") / "prod"
    with rehearsed(documents) as found:
        rows = found["landings"]
        assert len(rows) == 300
        assert [row for row in rows if not row["equal"]] == []
        assert sum(row["esxiHost"] is not None for row in rows) == 56
        assert sum(row["restricted"] for row in rows) == 50
        assert found["settled"]
        assert {one["what"] for one in found["notRehearsed"]} >= {
            "images",
            "secrets",
            "existing networks",
            "referenced projects",
            "referenced clusters",
            "foreign machines",
            "storage policies",
        }
        assert found["seconds"]["total"] < LIMIT
