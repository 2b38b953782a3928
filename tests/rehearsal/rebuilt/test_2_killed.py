"""Act 2: the first ``up``, killed in the middle: the next one converges, nothing doubled, nothing lost."""

import json
import time
from collections import Counter
from pathlib import Path

import pytest

from operations import recovery
from operations.errors import OperationError
from tests.rehearsal.stage import Stage
from toolchain.progress import Progress


def doubled(stage: Stage) -> dict[str, int]:
    """Names that are there twice, of kinds whose names Nova, Neutron, Glance and Cinder let be doubled."""
    cloud = stage.cloud
    names = Counter(
        f"{kind} {one.name}"
        for kind, objects in {
            "server": cloud.compute.servers(all_projects=True),
            "network": cloud.network.networks(),
            "subnet": cloud.network.subnets(),
            "router": cloud.network.routers(),
            "port": [port for port in cloud.network.ports() if port.name],
            "group": cloud.network.security_groups(),
            "image": cloud.image.images(),
            "volume": cloud.block_storage.volumes(all_projects=True),
        }.items()
        for one in objects
    )
    return {name: count for name, count in names.items() if count > 1}


def assert_whole(stage: Stage) -> None:
    """All as declared and predicted, nothing twice, and the state knows it."""
    assert doubled(stage) == {}
    assert {row.server: row.differences for row in stage.landings().values() if not row.equal} == {}
    stage.pulumi("preview", "--refresh", "--expect-no-changes")
    deployment = json.loads(stage.pulumi("stack", "export"))["deployment"]
    assert [one["urn"] for one in deployment["resources"] if one.get("delete")] == []
    assert not deployment.get("pending_operations")


def replaced(output: str) -> list[str]:
    """What a run of the engine said of replacements."""
    return [line for line in output.splitlines() if "replac" in line or "deleting original" in line]


def test_a_killed_up_converges(stage: Stage, tmp_path: Path) -> None:
    if stage.resources():
        stage.pulumi("destroy", "--yes", "--skip-preview")
    for sign in (
        "vsphere:index:ComputeCluster esx-a creating",  # networks are on their way, too
        "ComputeReady nova-esx-a-ready creating",
        "openstack:compute:Instance ledger-db creating",
    ):
        stage.killed("up", sign, tmp_path / "up.log")
        assert replaced((tmp_path / "up.log").read_text()) == []
        recovery.recover(stage.stack, Progress())

    # What was made in the meantime is taken as what was asked for.
    assert replaced(stage.up()) == []
    assert_whole(stage)


@pytest.mark.usefixtures("applied")
def test_a_run_that_is_alive_is_left_alone(stage: Stage, tmp_path: Path) -> None:
    log = tmp_path / "up.log"
    with stage.running("up", log) as run:
        while "estate-" not in log.read_text() and run.poll() is None:
            time.sleep(0.05)
        with pytest.raises(OperationError, match="is in use by process"):
            recovery.recover(stage.stack, Progress())
    assert run.returncode == 0
