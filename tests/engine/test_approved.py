"""What applying an approved plan rests on: update plans and the log of events of the real engine."""

import stat
from pathlib import Path

import pytest

from operations.applying import stack_run
from operations.audit import Outcome
from tests.trial import TrialStack
from toolchain.engine import install
from toolchain.progress import Progress

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]

PROGRAM = """
import os

import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider, UpdateResult


class Keeping(ResourceProvider):
    def create(self, props):
        if props["word"] == "impossible":
            raise RuntimeError("the cloud has no room for it")
        return CreateResult("kept", props)

    def update(self, id, old, new):
        return UpdateResult(new)


class Kept(Resource):
    def __init__(self, name, word):
        super().__init__(Keeping(), name, {"word": word})


config = pulumi.Config()
Kept("first", config.get("first") or "one")
if second := os.environ.get("TRIAL_SECOND"):
    Kept("second", second)
Kept("hidden", config.get_secret("password"))
"""
LOGGED = {"PULUMI_DEBUG_COMMANDS": "true"}


@pytest.fixture
def stack(tmp_path: Path) -> TrialStack:
    made = TrialStack(install(Progress()), tmp_path)
    made.environment |= LOGGED
    made.write(PROGRAM)
    made.run("config", "set", "--secret", "password", "hush-hush")
    return made


def planned(stack: TrialStack) -> Path:
    """A plan as it is saved for an approved run."""
    file = stack.folder / "plan.json"
    file.touch(mode=0o600)
    stack.run("preview", "--save-plan", str(file))
    return file


def test_a_plan_is_for_its_owner_alone_and_has_no_secret_in_clear(stack: TrialStack) -> None:
    plan = planned(stack)
    assert stat.S_IMODE(plan.stat().st_mode) == 0o600
    assert "hush-hush" not in plan.read_text()
    assert "3 created" in stack.run("up", "--yes", "--skip-preview", "--refresh", "--plan", str(plan))
    assert stat.S_IMODE(plan.stat().st_mode) == 0o600


def test_the_engine_does_nothing_that_is_not_in_the_plan(stack: TrialStack) -> None:
    """So that what changes after the comparison is not applied either."""
    stack.run("up", "--yes", "--skip-preview")
    plan = planned(stack)
    stack.environment["TRIAL_SECOND"] = "two"
    refused = stack.run("up", "--yes", "--skip-preview", "--plan", str(plan), fails=True)
    assert "create is not allowed by the plan: no steps were expected for this resource" in refused
    del stack.environment["TRIAL_SECOND"]
    stack.run("config", "set", "first", "other")
    refused = stack.run("up", "--yes", "--skip-preview", "--plan", str(plan), fails=True)
    assert "violates plan: properties changed" in refused


def test_what_an_engine_did_is_read_from_its_events(stack: TrialStack) -> None:
    log = stack.folder / "events.json"
    stack.environment["TRIAL_SECOND"] = "impossible"
    stack.run("up", "--yes", "--skip-preview", "--event-log", str(log), fails=True)
    with log.open("a") as torn:
        torn.write('{"sequence": 99, "resourcePre')  # as an engine leaves it that is killed
    run = stack_run("trial", log, Outcome.FAILED)
    found = {one.name: (one.operation, one.outcome) for one in run.resources}
    assert found["second"] == ("create", "failed")
    assert found["first"] == ("create", "done")
    assert any("the cloud has no room for it" in one for one in run.errors)
    assert run.errors[-1] == "events of the engine that could not be read: 1"
    assert "hush-hush" not in str(run)
