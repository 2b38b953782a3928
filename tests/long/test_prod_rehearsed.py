"""All of production: 300 servers. Short sibling: tests/rehearsal, with the environment ``sandbox``."""

import json
import subprocess
import sys
from pathlib import Path
from shutil import copytree

from operations import rehearsal
from operations.stack import PROGRAM
from sandbox import lifecycle

LIMIT = 30 * 60
"""Seconds, on 2 cores."""


def test_all_of_production_lands_as_predicted_in_half_an_hour(tmp_path: Path) -> None:
    documents = copytree(PROGRAM / "stacks", tmp_path / "stacks") / "prod"
    estate = Path(sys.executable).with_name("estate")
    try:
        done = subprocess.run(
            [estate, "rehearse", documents, "--format", "json"],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert done.returncode == 0
        found = json.loads(done.stdout)
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
    finally:
        lifecycle.stop(rehearsal.key(documents))
