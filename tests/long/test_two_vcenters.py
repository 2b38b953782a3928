"""Two vCenters, each with its aggregate, zone, back end and switch. Short sibling: tests/components."""

import json
import subprocess
import sys
from pathlib import Path
from shutil import copytree

from operations import rehearsal
from operations.stack import PROGRAM
from sandbox import lifecycle
from tests.rehearsal.rebuilt.test_1_destroyed import left
from tests.rehearsal.stage import Stage

DOCUMENTS = Path(__file__).parent / "two-vcenters"


def test_each_vcenter_runs_its_own_servers(tmp_path: Path) -> None:
    # The folder says `extends: ../../../stacks/sandbox`.
    copytree(PROGRAM / "stacks", tmp_path / "stacks")
    documents = copytree(DOCUMENTS, tmp_path / "tests" / "long" / "two-vcenters")
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
        assert found["settled"]
        rows = {row["server"]: row for row in found["landings"]}
        assert [name for name, row in rows.items() if not row["equal"]] == []
        behind_second = {name for name, row in rows.items() if row["aggregate"] == "vendor-2"}
        assert behind_second == {"hsm-proxy"}
        assert rows["hsm-proxy"]["esxiHost"].startswith("esxi-b")
        assert [one["datastore"] for one in rows["hsm-proxy"]["volumes"]] == ["ds-second-1"]

        stage = Stage(documents)
        stage.pulumi("destroy", "--yes", "--skip-preview")
        assert left(stage) == {}
    finally:
        lifecycle.stop(rehearsal.key(documents))
