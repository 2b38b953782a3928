"""What a preview says that cannot be made: the real engine and our program; no cloud answers."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from operations import processes
from operations.previewing import preview
from operations.stack import Stack
from tests.estates import ROOT
from toolchain.engine import Toolchain, install
from toolchain.progress import Progress

# The first test may have to build the toolchain.
pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def toolchain() -> Toolchain:
    return install(Progress())


@pytest.fixture
def stack(toolchain: Toolchain, tmp_path: Path) -> Stack:
    """An empty stack of the environment ``sandbox``; its vCenter's login is nowhere."""
    (tmp_path / "state").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("{name: estate, runtime: python}\n")
    url = f"file://{tmp_path / 'state'}"
    environment = {
        **toolchain.environment(),
        "PULUMI_BACKEND_URL": url,
        "OS_CLOUD": "nowhere",
        "ESTATE_VCENTERS": str(tmp_path / "vcenters.yaml"),
        **processes.mark(url, "trial"),
    }
    for command in (["stack", "init", "trial"], ["config", "set", "estate:environment", "sandbox"]):
        subprocess.run(
            [str(toolchain.pulumi), *command, "--non-interactive"], cwd=tmp_path, env=environment, check=True
        )
    return Stack(
        name="trial",
        documents=ROOT / "stacks" / "sandbox",
        cloud="nowhere",
        toolchain=toolchain,
        environment=environment,
        config_file=tmp_path / "Pulumi.trial.yaml",
    )


def test_a_program_that_refuses_is_heard(stack: Stack) -> None:
    """And what it read is what the stack's own configuration names, wherever that lies."""
    found = preview("sandbox", stack)
    assert (found.steps, found.applied) == ((), False)
    assert found.failure is not None
    assert found.failure.startswith("there is no ")
    assert "how to reach vCenter vc1" in found.failure
    assert [one.severity for one in found.diagnostics] == ["error"]


def test_an_engine_that_ends_before_it_begins_is_heard(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "passphrase").write_text("planted-wrong")
    wrong = {**stack.environment, "PULUMI_CONFIG_PASSPHRASE_FILE": str(tmp_path / "passphrase")}
    found = preview("sandbox", replace(stack, environment=wrong))
    assert found.failure is not None
    assert "incorrect passphrase" in found.failure
    assert "planted" not in str(found)


def test_an_engine_that_is_not_there(stack: Stack, tmp_path: Path) -> None:
    missing = replace(stack, toolchain=replace(stack.toolchain, pulumi=tmp_path / "pulumi"))
    found = preview("sandbox", missing)
    assert (
        found.failure
        == f"the engine could not be started: [Errno 2] No such file or directory: '{tmp_path}/pulumi'"
    )
