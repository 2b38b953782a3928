"""The jobs that apply what was merged, step by step as a runner has them: in a clean clone with its own
``.venv``, against a sandbox that they take for a real cloud. Short siblings: tests/ci, and act 7.
"""

import json
import os
import subprocess
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from estate.documents import load
from operations import rehearsal
from operations.stack import PROGRAM
from sandbox import lifecycle
from toolchain.home import home
from toolchain.progress import Progress

ENVIRONMENT = "sandbox"
JOBS = yaml.safe_load((PROGRAM / ".gitlab-ci.yml").read_text())


class Runner:
    """A clone of the default branch's tip, and what its protected environment gives to a job."""

    def __init__(self, clone: Path, variables: dict[str, str]) -> None:
        self.clone = clone
        self._variables = variables

    def run(self, steps: Iterable[str], **more: str) -> str:
        """The output of steps, each of which must succeed."""
        said = ""
        for step in steps:
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", step],
                cwd=self.clone,
                env=self._variables | more,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{step}\n{done.stdout[-4000:]}"
            said += done.stdout
        return said

    def job(self, name: str) -> str:
        """A job, as the pipeline has it."""
        job = JOBS[name]
        own = {
            key: str(value).replace("$CI_PROJECT_DIR", str(self.clone))
            for key, value in job.get("variables", {}).items()
        }
        return self.run([*job["script"], *job.get("after_script", [])], **own)

    def git(self, *arguments: str) -> None:
        own = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *own, *arguments], cwd=self.clone, check=True, capture_output=True)


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", PROGRAM, clone], check=True)
    documents = clone / "stacks" / ENVIRONMENT
    estate = load(documents).estate
    assert estate is not None
    (tmp_path / "state").mkdir()
    try:
        theirs = rehearsal.prepare(documents, estate, Progress()).environment
        yield Runner(clone, variables(theirs, tmp_path))
    finally:
        lifecycle.stop(rehearsal.key(documents))


def variables(theirs: Mapping[str, str], folder: Path) -> dict[str, str]:
    """What a job is given; ``theirs`` leads clients to the sandbox."""
    own = {
        name: value
        for name, value in theirs.items()
        if not name.startswith(("PULUMI_", "OS_", "ESTATE_VCENTERS"))
    }
    return own | {
        "HOME": str(folder / "home"),
        "PATH": os.environ["PATH"],
        "ESTATE_HOME": str(home()),
        "ENVIRONMENT": ENVIRONMENT,
        "CI_COMMIT_BEFORE_SHA": "0" * 40,  # of a branch that was pushed for the first time
        "CLOUDS_YAML": Path(theirs["OS_CLIENT_CONFIG_FILE"]).read_text(),
        "VCENTERS_YAML": Path(theirs["ESTATE_VCENTERS"]).read_text(),
        "OS_CLOUD": theirs["OS_CLOUD"],
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "of-the-environment",
    }


def test_what_was_merged_is_proposed_applied_and_packed(runner: Runner) -> None:
    runner.run([".ci/install", f"{prefix(runner)} stack init {ENVIRONMENT}"])
    settings = runner.clone / "stacks" / ENVIRONMENT / "estate.yaml"
    settings.write_text(settings.read_text().replace("\nestate:\n", "\nestate:\n  approval: required\n"))
    runner.git("commit", "-qam", "approvals from now on")

    said = runner.job("propose")

    proposal = json.loads((runner.clone / "build" / "approved" / f"{ENVIRONMENT}.json").read_text())
    assert len(proposal["stacks"][0]["steps"]) > 100
    assert proposal["digests"]["documents"] in said
    review = json.loads((runner.clone / "build" / "review" / "review.json").read_text())
    assert [one["subject"] for one in review["changes"]] == ["estate"]
    assert [one["failure"] for one in review["previews"]] == [None]

    runner.job("apply")

    with tarfile.open(runner.clone / "build" / "evidence.tar") as packed:
        names = packed.getnames()
    assert any(name.endswith("landing.json") for name in names)
    (record,) = [
        json.loads(one.read_bytes())
        for one in (runner.clone / "build" / "audit" / ENVIRONMENT).glob("*.json")
        if not one.name.endswith(".approved.json")
    ]
    assert (record["outcome"], record["approval"]["approved"]) == ("applied", proposal["digests"])
    assert all(one["equal"] for one in record["landings"]["after"])
    runner.run([f".venv/bin/estate preview {ENVIRONMENT} --cloud -- --expect-no-changes"])


def prefix(runner: Runner) -> str:
    """The engine as the program uses it."""
    return f"{home()}/pulumi/bin/pulumi --cwd {runner.clone}"
