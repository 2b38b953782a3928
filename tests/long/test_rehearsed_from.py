"""A change on the ESXi side, tried from an earlier revision. Short siblings: tests/unit/test_earlier.py."""

import json
import subprocess
from pathlib import Path
from shutil import copytree

from estate.documents import load
from operations.stack import PROGRAM
from tests.long.by_command import rehearsed
from tests.renaming import NEW, renamed


def test_all_renamed_and_a_cluster_more(tmp_path: Path) -> None:
    documents = copytree(PROGRAM / "stacks" / "sandbox", tmp_path / "changed")
    for command in (
        ("init", "-q"),
        ("add", "."),
        ("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "then"),
    ):
        subprocess.run(["git", *command], cwd=documents, check=True)
    loaded = load(documents)
    assert loaded.estate is not None
    wanted = renamed(loaded.estate)
    for file in documents.glob("*.yaml"):
        file.unlink()

    more = json.loads(json.dumps(wanted["clusters"][NEW.format("esx-b")]))
    del more["was"]
    more["compute_host"] = "nova-esx-c"
    more["host_classes"]["blade"]["hosts"] = "esxi-c[1-2].sandbox.example"
    wanted["clusters"]["esx-c"] = more
    wanted["aggregates"][NEW.format("vendor")]["clusters"].append("esx-c")
    for datastore in wanted["storage"][NEW.format("array1")]["datastores"].values():
        datastore["clusters"].append("esx-c")
    (documents / "all.yaml").write_text(json.dumps(wanted))

    with rehearsed(documents, "--from", "HEAD") as found:
        assert found["settled"]
        change = found["change"]
        assert (change["replaced"], change["removed"], change["moved"]) == ([], [], [])
        assert {one for one in change["added"] if "esx-c" not in one} == set()
        assert "ComputeCluster esx-c" in change["added"]
        renames = [(one["before"], one["after"]) for one in change["renamed"]]
        assert ("Instance ledger-db", f"Instance {NEW.format('ledger-db')}") in renames
        assert [row["server"] for row in found["landings"] if not row["equal"]] == []
