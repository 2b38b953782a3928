"""Act 7: what needs an approval is applied only as approved, and each run leaves a record."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from operations import approval, audit
from operations.approval import Proposal
from operations.stack import PROGRAM
from tests.approval.made import preview
from tests.rehearsal.stage import Stage
from toolchain.versions import versions

pytestmark = pytest.mark.usefixtures("applied")

ESTATE = "from cli import main; main()"
NEW = {"image": "linux-kvm", "flavor": "kvm-small", "networks": ["app"]}


@pytest.fixture(scope="module", autouse=True)
def required(stage: Stage) -> None:
    """The environment needs approvals now; a server comes, one goes, and a description changes."""
    stage.edit("estate.yaml", "estate", "approval", value="required")
    stage.edit("workloads.yaml", "workloads", "web-3", value=NEW)
    stage.edit("workloads.yaml", "workloads", "web-2", value=None)
    stage.edit("network.yaml", "security_groups", "db", "description", value="Databases")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("records")


def command(stage: Stage, records: Path, *arguments: str) -> tuple[list[str], dict[str, str]]:
    verb, *rest = arguments
    line = [sys.executable, "-c", ESTATE, verb, str(stage.documents), "--sandbox", *rest]
    return line, {**os.environ, "PYTHONPATH": str(PROGRAM), audit.FOLDER: str(records)}


def estate(stage: Stage, records: Path, *arguments: str, code: int = 0) -> str:
    """What the command line says, both streams."""
    line, environment = command(stage, records, *arguments)
    done = subprocess.run(
        line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == code, "\n".join(done.stdout.splitlines()[-40:])
    assert "Traceback" not in done.stdout
    return done.stdout


def last(stage: Stage, records: Path) -> dict[str, Any]:
    """The newest record."""
    found: dict[str, Any] = json.loads(max((records / stage.documents.name).glob("*.json")).read_bytes())
    return found


@pytest.fixture(scope="module")
def proposed(stage: Stage, required: None, records: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that is approved."""
    file = tmp_path_factory.mktemp("approved") / "approved.json"
    estate(stage, records, "preview", "--proposal", str(file))
    return file


def as_if(file: Path, tmp_path: Path, *, environment: str | None = None, **parts: dict[str, str]) -> Path:
    """The file as it would be had something been otherwise when it was made."""
    one = approval.read(str(file))
    assert isinstance(one, Proposal)
    contents: dict[str, dict[str, str]] = {
        name: {**getattr(one.ground.contents, name), **values} for name, values in parts.items()
    }
    ground = replace(
        one.ground,
        environment=environment or one.ground.environment,
        contents=replace(one.ground.contents, **contents),
    )
    previews = [preview(*stack.steps, stack=stack.stack) for stack in one.stacks]
    other = tmp_path / "other.json"
    other.write_text(
        approval.text(approval.proposal(ground, previews, commit=one.commit, made=one.made, by=one.by))
    )
    return other


def servers(stage: Stage) -> set[str]:
    return {one.name for one in stage.cloud.compute.servers()}


DUE = {
    ("create", "web-3"),
    ("create", "web-3/app"),
    ("delete", "web-2"),
    ("delete", "web-2/app"),
    ("update", "db"),
}


def test_what_is_approved_is_what_the_documents_change(stage: Stage, proposed: Path) -> None:
    one = json.loads(proposed.read_text())
    (stack,) = one["stacks"]
    assert {(step["operation"], step["name"]) for step in stack["steps"]} == DUE
    run = stage.stack.config_file.parent
    secrets = json.loads((run / "settings.json").read_text())["secrets"].values()
    assert [secret for secret in secrets if secret in proposed.read_text()] == []


def test_no_digest(stage: Stage, records: Path) -> None:
    """Neither with the command line nor with pulumi itself; a preview is possible all the time."""
    said = estate(stage, records, "up", code=1)
    assert "estate.yaml:" in said
    assert "is applied only as approved (approval: required)" in said
    found = last(stage, records)
    assert (found["outcome"], found["stacks"], found["approval"]["required"]) == ("refused", [], True)

    bare = stage.refused("up", "--yes", "--skip-preview", policies=False)
    assert "is applied only as approved (approval: required), and this run has no approval" in bare
    assert "web-3" not in servers(stage)


@pytest.mark.parametrize(
    ("otherwise", "sentence"),
    [
        (
            {"policies": {"policies/rules/cluster_ha.py": "0" * 64}},
            "policy cluster-ha (policies/rules/cluster_ha.py): not as it was approved",
        ),
        (
            {"tools": {"pulumi-openstack": "0.9.9"}},
            f"tool pulumi-openstack: 0.9.9 was approved, {versions().plugins['openstack'].version} is here",
        ),
        ({"environment": "staging"}, 'environment: "staging" was approved, this is "'),
        ({"blocks": {"workloads/web-1": "0" * 64}}, 'workload "web-1": not as it was approved'),
    ],
    ids=["policy", "tool", "environment", "document"],
)
def test_what_was_approved_on_other_ground(
    stage: Stage, records: Path, proposed: Path, tmp_path: Path, *, otherwise: Any, sentence: str
) -> None:
    other = as_if(proposed, tmp_path, **otherwise)
    said = estate(stage, records, "up", "--approved", str(other), code=1)
    assert "this is otherwise than approved, and nothing was begun:" in said
    assert sentence in said
    found = last(stage, records)
    assert found["outcome"] == "refused"
    assert sentence in "\n".join(found["reasons"])
    assert "web-3" not in servers(stage)


def test_drift_after_the_approval(stage: Stage, records: Path, proposed: Path) -> None:
    cloud = stage.cloud
    (group,) = [one for one in cloud.network.security_groups() if one.name == "web"]
    kept = group.description
    cloud.network.update_security_group(group, description="changed by hand")
    try:
        said = estate(stage, records, "up", "--approved", str(proposed), code=1)
        digests = json.loads(proposed.read_text())["digests"]
        bare = estate(
            stage, records, "up", "--approved", f"{digests['documents']}:{digests['preview']}", code=1
        )
    finally:
        cloud.network.update_security_group(group, description=kept)
    assert 'stack sandbox: security group "web": nothing was approved, due is update (description)' in said
    assert "the digest of the preview is" in bare
    assert "the digest of the documents" not in bare
    assert "web-3" not in servers(stage)


def test_what_was_approved_is_applied_and_recorded(
    stage: Stage, records: Path, proposed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    estate(stage, records, "up", "--approved", str(proposed))

    assert "web-3" in servers(stage)
    assert list(tmp_path.rglob("*.json")) == []  # the plan is gone
    found = last(stage, records)
    digests = json.loads(proposed.read_text())["digests"]
    assert found["outcome"] == "applied"
    assert found["approval"]["approved"] == digests
    assert (found["documents"], found["preview"]) == (digests["documents"], digests["preview"])
    (run,) = found["stacks"]
    assert {(one["operation"], one["name"]) for one in run["resources"]} == DUE
    assert {one["outcome"] for one in run["resources"]} == {"done"}
    assert (run["packs"], run["policies"]) == (["estate"], [])
    landed = {when: {one["server"]: one for one in found["landings"][when]} for when in ("before", "after")}
    assert landed["before"]["web-3"]["novaHost"] is None
    assert landed["after"]["web-3"]["equal"] is True
    text = json.dumps(found)
    secrets = json.loads((stage.stack.config_file.parent / "settings.json").read_text())["secrets"].values()
    assert [secret for secret in secrets if secret in text] == []


def test_a_failed_run_is_recorded(stage: Stage, records: Path, tmp_path: Path) -> None:
    """Neutron has no room for another port."""
    stage.edit("estate.yaml", "estate", "approval", value="optional")
    stage.edit("workloads.yaml", "workloads", "web-4", value=NEW)
    cloud = stage.cloud
    project = cloud.current_project_id
    kept = cloud.network.get_quota(project).ports
    cloud.network.update_quota(project, port=cloud.network.get_quota(project, details=True).ports["used"])
    try:
        estate(stage, records, "up", code=1)
    finally:
        cloud.network.update_quota(project, port=kept)
    found = last(stage, records)
    assert found["outcome"] == "failed"
    assert any("quota" in reason.lower() for reason in found["reasons"]), found["reasons"]
    (run,) = found["stacks"]
    assert ("create", "web-4/app", "failed") in {
        (one["operation"], one["name"], one["outcome"]) for one in run["resources"]
    }


def test_an_interrupted_run_is_recorded(stage: Stage, records: Path, tmp_path: Path) -> None:
    line, environment = command(stage, records, "up")
    log = tmp_path / "log"
    with log.open("w") as output:
        run = subprocess.Popen(line, env=environment, stdout=output, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 120
        while "creating" not in log.read_text() and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        run.send_signal(signal.SIGINT)
        run.wait()
    found = last(stage, records)
    assert found["outcome"] == "interrupted", log.read_text()
    assert found["stacks"][0]["outcome"] == "interrupted"
    assert found["ended"] is not None


def test_evidence_of_all_this(stage: Stage, records: Path, tmp_path: Path) -> None:
    stage.up()  # what was interrupted
    pack = tmp_path / "pack"
    estate(stage, records, "evidence", "--output", str(pack))
    assert (
        subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=pack, check=False).returncode
        == 0
    )
    kept = {one.name: json.loads(one.read_bytes()) for one in (pack / "audit").iterdir()}
    found = {name: one for name, one in kept.items() if not name.endswith(".approved.json")}
    assert {one["outcome"] for one in found.values()} == {"applied", "refused", "failed", "interrupted"}
    (applied,) = [one for one in found.values() if one["preview"] and one["outcome"] == "applied"]
    enclosed = (pack / "audit" / f"{applied['id']}.approved.json").read_bytes()
    assert sha256(enclosed).hexdigest() == applied["approval"]["file"]
    assert json.loads((pack / "landing.json").read_text())["equal"] is True
