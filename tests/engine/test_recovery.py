"""A stack whose engine was killed while it wrote its state, on the real engine; no cloud answers."""

from pathlib import Path

import pytest

from operations import processes
from operations.recovery import recover
from operations.stack import Stack
from tests.trial import TrialStack
from toolchain.engine import Toolchain, backend, install
from toolchain.progress import Progress

# The first test may have to build the toolchain.
pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def toolchain() -> Toolchain:
    return install(Progress())


@pytest.fixture
def trial(toolchain: Toolchain, tmp_path: Path) -> TrialStack:
    return TrialStack(toolchain, tmp_path)


def test_attributes_that_were_not_written_are_no_obstacle(trial: TrialStack) -> None:
    """As ``os.Create`` leaves them, with a kill before the text is written."""
    attributes = list(trial.folder.glob("state/.pulumi/stacks/*/trial.json.attrs"))
    assert len(attributes) == 1
    attributes[0].write_bytes(b"")
    assert "failed to load checkpoint: EOF" in trial.run("stack", "export", fails=True)

    recover(
        Stack(
            name="trial",
            documents=trial.folder,
            cloud="none",
            toolchain=install(Progress()),
            environment={
                **trial.environment,
                **processes.mark(trial.environment["PULUMI_BACKEND_URL"], "trial"),
            },
            config_file=trial.folder / "Pulumi.trial.yaml",
        ),
        Progress(),
    )

    trial.run("stack", "export")


def test_our_own_backend_keeps_none(trial: TrialStack) -> None:
    own = trial.folder / "own"
    own.mkdir()
    trial.environment["PULUMI_BACKEND_URL"] = backend(own)

    trial.run("stack", "init", "other")
    trial.run("up", "--yes", "--stack", "other")

    assert list(own.rglob("other.json"))
    assert not list(own.rglob("*.attrs"))
