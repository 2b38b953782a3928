"""Act 7: ``up`` killed in the middle: the next one converges, nothing doubled, nothing lost."""

import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from operations import recovery
from operations.errors import OperationError
from operations.stack import PROGRAM
from tests.rehearsal.conftest import Stage
from toolchain.progress import Progress

pytestmark = pytest.mark.usefixtures("applied")


def kill_up_when(stage: Stage, sign: str, log: Path) -> None:
    """SIGKILL for the engine the moment its output shows ``sign``."""
    with log.open("w") as output:
        running = subprocess.Popen(
            stage.stack.command("up", "--yes", "--skip-preview"),
            cwd=PROGRAM,
            env=dict(stage.stack.environment),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        deadline = time.monotonic() + 300
        while sign not in log.read_text() and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert sign in log.read_text()
        running.send_signal(signal.SIGKILL)
        running.wait()


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


def test_a_killed_up_converges(stage: Stage, tmp_path: Path) -> None:
    stage.pulumi("destroy", "--yes", "--skip-preview")
    for sign in (
        "openstack:networking:Network app creating",
        "openstack:compute:Instance web-1 creating",
        "openstack:compute:Instance ledger-db creating",
    ):
        kill_up_when(stage, sign, tmp_path / "up.log")
        recovery.recover(stage.stack, Progress())

    stage.up()

    assert doubled(stage) == {}
    assert {row.server: row.differences for row in stage.landings().values() if not row.equal} == {}
    stage.pulumi("preview", "--refresh", "--expect-no-changes")


def test_a_run_that_is_alive_is_left_alone(stage: Stage, tmp_path: Path) -> None:
    log = tmp_path / "up.log"
    with log.open("w") as output:
        running = subprocess.Popen(
            stage.stack.command("up", "--yes", "--skip-preview"),
            cwd=PROGRAM,
            env=dict(stage.stack.environment),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            while "estate-" not in log.read_text() and running.poll() is None:
                time.sleep(0.05)
            with pytest.raises(OperationError, match="is in use by process"):
                recovery.recover(stage.stack, Progress())
        finally:
            assert running.wait() == 0
