"""Runs killed everywhere: ``up`` at every kind of resource, a ``destroy``, a replacement, a sandbox's parts.

Each time the next run goes on. Short siblings: rebuilt, acts 2 and 4; tests/sandbox.
"""

import json
import re
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from operations import recovery
from sandbox import lifecycle
from sandbox.process import _marked
from tests.rehearsal.rebuilt.test_2_killed import assert_whole
from tests.rehearsal.stage import Stage
from tests.sandbox.cloud import wait_for
from tests.sandbox.shapes import shape
from toolchain.progress import Progress

CREATING = re.compile(r"^ *\+ +(\S+) \S+ creating", re.MULTILINE)
OURS = ("estate:", "pulumi:")
"""Components and providers: nothing is made outside for them."""


def up_until_a_new_kind(stage: Stage, killed: set[str], log: Path) -> str | None:
    """Run ``up``; SIGKILL for the engine as soon as it creates a kind that it was not killed at yet."""
    with stage.running("up", log) as run:
        try:
            while run.poll() is None:
                kinds: list[str] = [
                    one for one in CREATING.findall(log.read_text()) if not one.startswith(OURS)
                ]
                if new := [one for one in kinds if one not in killed]:
                    return new[0]
                time.sleep(0.02)
        finally:
            run.kill()
    assert run.returncode == 0, log.read_text()
    return None


def test_an_up_killed_at_every_kind_converges(stage: Stage, tmp_path: Path) -> None:
    killed: set[str] = set()
    while kind := up_until_a_new_kind(stage, killed, tmp_path / "up.log"):
        print(f"killed at {kind}")
        killed.add(kind)
        recovery.recover(stage.stack, Progress())

    resources = json.loads(stage.pulumi("stack", "export"))["deployment"]["resources"]
    kinds = {one["type"] for one in resources if one.get("custom")} - {"pulumi:pulumi:Stack"}
    made = {one for one in kinds if not one.startswith("pulumi:providers:")}
    # The engine shows openstack:compute/instance:Instance as openstack:compute:Instance.
    assert killed == {shown(one) for one in made}

    assert_whole(stage)


def test_a_killed_destroy_is_taken_back_by_up(stage: Stage, tmp_path: Path) -> None:
    stage.up()
    stage.killed("destroy", "openstack:compute:Instance web-1 deleting", tmp_path / "destroy.log")
    recovery.recover(stage.stack, Progress())

    stage.up()

    assert_whole(stage)


def test_a_replacement_and_its_recovery_that_are_cut_short_are_taken_up_again(
    stage: Stage, tmp_path: Path
) -> None:
    stage.up()
    stage.edit("workloads.yaml", "workloads", "hsm-proxy", "image", value="appliance-esxi")
    stage.killed("up", "openstack:compute:Instance hsm-proxy creating replacement", tmp_path / "up.log")
    stage.pulumi("cancel", "--yes")  # the first of its steps: the lock is gone, as after a kill there

    recovery.recover(stage.stack, Progress())
    stage.up()

    assert_whole(stage)


@pytest.mark.parametrize("parts", [{"mariadb", "rabbitmq", "nova"}, {"vcenter-vc1", "cinder", "computes"}])
def test_a_sandbox_whose_parts_were_killed_starts_again(parts: set[str]) -> None:
    key = "long-killed"
    try:
        run = lifecycle.start(key, shape("killed"), Progress()).run
        for one in _marked(run, parts):
            with suppress(psutil.NoSuchProcess):  # it ended with another of them
                one.kill()
        wait_for("their ends", lambda: lifecycle.status(key).state == "broken", 10)
        assert "computes" not in parts or not any(one.running for one in lifecycle.status(key).computes)
        lifecycle.start(key, shape("killed"), Progress())
        assert lifecycle.status(key).state == "running"
    finally:
        lifecycle.stop(key)


def shown(kind: str) -> str:
    """A type as the engine shows it: ``openstack:compute/instance:Instance`` without the doubled name."""
    package, module, name = kind.split(":")
    return f"{package}:{module.removesuffix(f'/{name[0].lower()}{name[1:]}')}:{name}"
