"""Act 6: a changed document changes exactly what it says; the next act applies such a change."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from operations.stack import PROGRAM
from tests.rehearsal.stage import Stage
from tests.renaming import NEW, renamed

pytestmark = pytest.mark.usefixtures("applied")


@pytest.fixture(autouse=True)
def documents_stay(stage: Stage, tmp_path: Path) -> Iterator[None]:
    kept = copytree(stage.documents, tmp_path / "kept")
    yield
    for file in stage.documents.glob("*.yaml"):
        file.unlink()
    copytree(kept, stage.documents, dirs_exist_ok=True)


def planned(stage: Stage, **environment: str) -> dict[str, Any]:
    """What ``preview --json`` says."""
    done = subprocess.run(
        stage.stack.command("preview", "--json"),
        cwd=PROGRAM,
        env={**stage.stack.environment, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def steps(preview: dict[str, Any]) -> set[tuple[str, str]]:
    """What it would do: (operation, name of the resource), components left out."""
    found = set()
    for step in preview["steps"]:
        state = step.get("newState") or step["oldState"]
        if step["op"] != "same" and state.get("custom"):
            found.add((step["op"], step["urn"].rpartition("::")[2]))
    return found


def test_a_description_and_four_workloads(stage: Stage) -> None:
    """The server with another image is replaced: Nova would rebuild it on the same host and wipe its disk
    without saying so.
    """
    stage.edit("network.yaml", "security_groups", "db", "description", value="Databases")
    block = {"image": "linux-kvm", "flavor": "kvm-small", "networks": ["app"]}
    stage.edit("workloads.yaml", "workloads", "web-3", value=block)
    stage.edit("workloads.yaml", "workloads", "batch", value=None)
    stage.edit("workloads.yaml", "workloads", "hsm-proxy", "image", value="appliance-esxi")
    stage.edit("workloads.yaml", "workloads", "reports", "flavor", value="kvm-small")
    stage.edit("workloads.yaml", "workloads", "reports", "volumes", "archive", "size", value="10 GiB")

    preview = planned(stage)

    said = "\n".join(one["message"] for one in preview["diagnostics"])
    assert "server reports: its root disk would shrink from 20 to 10 GiB by the other flavor" in said
    assert "volume reports/archive would shrink from 20 to 10 GiB, and Cinder only extends" in said
    assert steps(preview) == {
        ("update", "db"),
        ("update", "reports"),
        ("update", "reports/archive"),
        ("create", "web-3"),
        ("create", "web-3/app"),
        ("delete", "batch"),
        *(("delete", f"batch/{network}") for network in ("app", "data", "backup")),
        ("replace", "hsm-proxy"),
        ("update", "vendors-spread"),
    }


def test_every_block_renamed_changes_names_and_nothing_else(stage: Stage, tmp_path: Path) -> None:
    everything = renamed(stage.estate)
    for file in stage.documents.glob("*.yaml"):
        file.unlink()
    (stage.documents / "all.yaml").write_text(json.dumps(everything))

    logins = Path(stage.stack.environment["ESTATE_VCENTERS"]).read_text()
    (tmp_path / "vcenters.yaml").write_text(logins.replace("vc1:", f"{NEW.format('vc1')}:"))
    (tmp_path / "vcenters.yaml").chmod(0o600)

    found = steps(planned(stage, ESTATE_VCENTERS=str(tmp_path / "vcenters.yaml")))

    assert {operation for operation, _ in found} == {"update"}
    names = {name for _, name in found}
    assert {"ledger-db-renamed", "ledger-db-renamed/data-renamed", "app-renamed/app-v4-renamed"} <= names
    assert {"vc1-renamed/dvs-data-renamed", "vc1-renamed/dvs-data-renamed/tep-renamed"} <= names
    # What its service cannot rename keeps its name there.
    assert not names & {f"{name}-renamed" for name in ("kvm-small", "standard-esxi", "vendors", "operations")}
