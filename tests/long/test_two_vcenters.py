"""Two vCenters, each with its aggregate, zone, back end and switch. Short sibling: tests/components."""

from pathlib import Path
from shutil import copytree

from operations.stack import PROGRAM
from tests.long.by_command import rehearsed
from tests.rehearsal.rebuilt.test_4_destroyed import left
from tests.rehearsal.stage import Stage

DOCUMENTS = Path(__file__).parent / "two-vcenters"


def test_each_vcenter_runs_its_own_servers(tmp_path: Path) -> None:
    # The folder says `extends: ../../../stacks/sandbox`.
    copytree(PROGRAM / "stacks", tmp_path / "stacks")
    documents = copytree(DOCUMENTS, tmp_path / "tests" / "long" / "two-vcenters")
    with rehearsed(documents) as found:
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
