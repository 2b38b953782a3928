"""The jobs for GitHub and GitLab: sound to their own checkers, and their steps run here as they stand.

``gitlab-ci.json`` is GitLab's own schema, as the package check-jsonschema has it.
"""

import json
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import jsonschema
import pytest
import yaml

from review import document
from review.comment import LIMIT, MARKER, comment
from review.value import Preview, Verdict
from tests.review.made import made
from tests.review.repository import Repository
from toolchain import golang
from toolchain.progress import Progress

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONLINT = golang.Program(
    HERE / "actionlint", "actionlint", package="github.com/rhysd/actionlint/cmd/actionlint"
)


@pytest.mark.engine
def test_actionlint_finds_nothing_in_the_workflows() -> None:
    (actionlint,) = golang.build_all([ACTIONLINT], Progress())
    done = subprocess.run([actionlint, *WORKFLOWS], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.engine
def test_actionlint_finds_what_is_wrong(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(WORKFLOWS[0].read_text().replace("runs-on: ubuntu-latest", "runs_on: ubuntu-latest", 1))
    (actionlint,) = golang.build_all([ACTIONLINT], Progress())
    done = subprocess.run([actionlint, wrong], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "runs_on" in done.stdout


def test_gitlab_s_schema_takes_the_pipeline() -> None:
    pipeline = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())
    jsonschema.Draft7Validator(json.loads((HERE / "gitlab-ci.json").read_text())).validate(pipeline)


def test_forks_get_no_secret() -> None:
    for file in WORKFLOWS:
        text, workflow = file.read_text(), yaml.safe_load(file.read_text())
        on = workflow[True]  # YAML 1.1 reads `on` as a truth value
        assert "pull_request_target" not in text
        if "pull_request" in on and "secrets." in text:
            (job,) = workflow["jobs"].values()
            assert job["if"] == "github.event.pull_request.head.repo.full_name == github.repository"
        if "pull_request" in on:
            assert workflow["permissions"] == {"contents": "read"}
        assert "persist-credentials: false" in text


def test_up_waits_for_the_approval_of_its_environment() -> None:
    job = APPLY["apply"]
    assert job["environment"] == "${{ matrix.environment }}"
    assert any("estate up" in step.get("run", "") for step in job["steps"])


APPLY = yaml.safe_load((ROOT / ".github" / "workflows" / "apply.yml").read_text())["jobs"]


def test_what_is_applied_is_what_was_proposed_and_released() -> None:
    """The file goes from the one job to the other, under one name."""
    kept, taken = (
        next(step["with"] for step in APPLY[job]["steps"] if f"{way}-artifact" in step.get("uses", ""))
        for job, way in (("propose", "upload"), ("apply", "download"))
    )
    assert APPLY["apply"]["needs"] == "propose"
    assert (kept["name"], kept["path"]) == (taken["name"], taken["path"])
    pipeline = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())
    assert kept["path"] in pipeline["propose"]["artifacts"]["paths"]
    assert pipeline["apply"]["needs"] == [{"job": "propose", "artifacts": True}]
    assert f"file={kept['path']}/$environment.json" in (ROOT / ".ci" / "propose").read_text()
    for steps in ([step.get("run", "") for step in APPLY["apply"]["steps"]], pipeline["apply"]["script"]):
        (up,) = [step for step in steps if "estate up" in step]
        assert up.endswith(f'--approved "{kept["path"]}/$ENVIRONMENT.json"')


@pytest.fixture
def checkout(tmp_path: Path) -> Repository:
    """What a runner has: the merge of a request, its environment installed."""
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    (tmp_path / ".gitignore").write_text(".venv\n/build/\n")
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    repository = Repository.of(tmp_path, "base", "dev", "staging", "prod")
    repository.git("checkout", "-qb", "change")
    repository.edit("dev/workloads.yaml", *DEV)
    repository.commit("change")
    repository.git("checkout", "-q", "main")
    repository.git("merge", "-q", "--no-ff", "--no-edit", "change")
    return repository


DEV = (("flavor: kvm-xs", "flavor: kvm-s"),)


def test_the_steps_of_the_review_run_as_they_stand(checkout: Repository) -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "review.yml").read_text())
    summary = checkout.top / "build" / "summary.md"
    summary.parent.mkdir()
    for step in workflow["jobs"]["review"]["steps"]:
        if "run" in step and step["run"] != ".ci/install":  # done: .venv is this one
            done = run(checkout.top, step["run"], GITHUB_STEP_SUMMARY=str(summary))
            assert done.returncode == 0, done.stdout + done.stderr
    written = json.loads((checkout.top / "build" / "review" / "review.json").read_text())
    assert [one["verdict"] for one in written["environments"]] == ["attention", "unchanged", "unchanged"]
    assert written["headCommit"] == checkout.git("rev-parse", "HEAD")
    assert summary.read_text().rstrip().endswith(MARKER)
    assert (checkout.top / "build" / "review" / "review.sarif").exists()
    assert checkout.git("status", "--porcelain") == ""


def test_gitlab_s_review_step_runs_as_it_stands(checkout: Repository) -> None:
    pipeline = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())
    (step,) = pipeline["review"]["script"]
    base = checkout.git("rev-parse", "HEAD^1")
    page = "https://gitlab.example/-/jobs/1/artifacts"
    done = run(checkout.top, step, CI_MERGE_REQUEST_DIFF_BASE_SHA=base, PAGE=page)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (checkout.top / pipeline["review"]["artifacts"]["reports"]["junit"]).exists()


@pytest.mark.parametrize("host", ["GitHub", "GitLab"])
def test_the_preview_step_asks_the_engine_and_without_a_cloud_says_the_rest(
    checkout: Repository, host: str
) -> None:
    if host == "GitHub":
        workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "preview.yml").read_text())
        step = next(one for one in workflow["jobs"]["preview"]["steps"] if ".ci/review" in one.get("run", ""))
        command, own = step["run"], step["env"]
    else:
        job = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())["preview"]
        command, own = job["script"][-1], job["variables"]
    base = checkout.git("rev-parse", "HEAD^1")
    preview = own["PREVIEW"]
    done = run(
        checkout.top,
        command,
        ENVIRONMENT="dev",
        PREVIEW=preview,
        CI_MERGE_REQUEST_DIFF_BASE_SHA=base,
        OS_CLOUD="",
        OS_AUTH_URL="",
    )
    assert done.returncode == 2, done.stdout + done.stderr
    written = json.loads((checkout.top / "build" / "review" / "review.json").read_text())
    assert "the engine could not be asked" in written["problems"][0]["message"]
    assert [one["name"] for one in written["changes"]] == ["pay-web"]


def test_a_review_that_stops_fails_the_job_and_leaves_its_files(checkout: Repository) -> None:
    checkout.edit("dev/workloads.yaml", ("image: ", "image: no-such-"))
    done = run(checkout.top, ".ci/review HEAD dev")
    assert done.returncode == 2
    assert (checkout.top / "build" / "review" / "review.md").exists()


def run(folder: Path, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_credentials_are_files_for_the_job_alone(tmp_path: Path) -> None:
    done = run(ROOT, ".ci/connect", HOME=str(tmp_path), CLOUDS_YAML="clouds: {}", VCENTERS_YAML="vc1: {}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    file = tmp_path / ".config" / "openstack" / "clouds.yaml"
    assert file.read_text() == "clouds: {}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    refused = run(ROOT, ".ci/connect", HOME=str(tmp_path), CLOUDS_YAML="", VCENTERS_YAML="vc1: {}")
    assert refused.returncode == 1
    assert "CLOUDS_YAML is empty" in refused.stderr


BOTS = {
    "github": {"user": {"login": "github-actions[bot]"}},
    "gitlab": {"author": {"username": "review-bot"}},
}


class Host(ThreadingHTTPServer):
    """As much of GitHub's and GitLab's interfaces as comments need."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.comments: list[dict[str, Any]] = []
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    server: Host

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def _do(self) -> None:
        host, (path, _, query) = self.server, self.path.partition("?")
        host.asked.append(f"{self.command} {path}")
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or "null")
        if not {"Bearer t0ken", "t0ken"} & {self.headers["Authorization"], self.headers["PRIVATE-TOKEN"]}:
            self.send_response(401)
            self.end_headers()
            return
        answer: Any = None
        if self.command == "GET" and path.endswith("/user"):
            answer = {"username": "review-bot"}
        elif self.command == "GET":
            page = int(query.rpartition("page=")[2])
            answer = host.comments[(page - 1) * 100 : page * 100]
        elif self.command == "POST":
            who = BOTS["gitlab" if "merge_requests" in path else "github"]
            host.comments.append({"id": len(host.comments) + 1, "body": body["body"], **who})
        else:
            one = next(one for one in host.comments if one["id"] == int(path.rpartition("/")[2]))
            if self.command == "DELETE":
                host.comments.remove(one)
            else:
                one["body"] = body["body"]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _do  # noqa: N815


@pytest.fixture
def host() -> Iterator[Host]:
    server = Host()
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def variables(host: Host, which: str) -> dict[str, str]:
    if which == "github":
        return {
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_API_URL": host.url,
            "GITHUB_TOKEN": "t0ken",
            "NUMBER": "7",
            "PAGE": "https://github.example/runs/1",
        }
    return {
        "GITHUB_REPOSITORY": "",
        "CI_PROJECT_ID": "3",
        "CI_API_V4_URL": host.url,
        "CI_MERGE_REQUEST_IID": "7",
        "ESTATE_GITLAB_TOKEN": "t0ken",
    }


def step(which: str) -> str:
    """The command that posts, from the job itself."""
    if which == "github":
        workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "comment.yml").read_text())
        steps = workflow["jobs"]["comment"]["steps"]
        return next(str(one["run"]) for one in steps if "estate comment" in one.get("run", ""))
    return str(yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())["comment"]["script"][0])


def left(folder: Path, which: str, words: str) -> None:
    """What the review's job left for that command."""
    review = replace(made(), summary=words, verdict=Verdict.ATTENTION)
    review = replace(
        review,
        environments=(replace(review.environments[0], verdict=Verdict.ATTENTION, reasons=(words,)),),
    )
    if which == "github":
        file, text = folder / "build" / "review" / "review" / "review.json", document.text(review)
    else:
        file, text = folder / "build" / "review" / "review.md", comment(review)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.mark.parametrize("which", ["github", "gitlab"])
def test_the_comment_is_edited_and_never_doubled(tmp_path: Path, host: Host, which: str) -> None:
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    somebody = {"user": {"login": "somebody"}, "author": {"username": "somebody"}}
    host.comments = [{"id": 1000 + one, "body": f"mine\n{MARKER}", **somebody} for one in range(150)]
    for text in ("first", "second"):
        left(tmp_path, which, text)
        done = run(tmp_path, step(which), **variables(host, which))
        assert done.returncode == 0, done.stderr
    (ours,) = [one["body"] for one in host.comments if "mine" not in one["body"]]
    assert "second" in ours.splitlines()[0]
    assert ours.endswith(f"{MARKER}\n")
    assert len(host.comments) == 151
    host.comments.append({**host.comments[-1], "id": 9})  # two runs that raced
    done = run(tmp_path, step(which), **variables(host, which))
    assert (done.returncode, done.stdout) == (0, "edited\n")
    assert len(host.comments) == 151


@pytest.mark.parametrize("which", ["github", "gitlab"])
def test_what_the_engine_said_comes_into_the_same_comment(tmp_path: Path, host: Host, which: str) -> None:
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    left(tmp_path, which, "offline")
    assert run(tmp_path, step(which), **variables(host, which)).returncode == 0
    offline = document.read(document.text(made()))
    (tmp_path / "build" / "review" / "review.json").write_text(document.text(offline))
    asked = tmp_path / "build" / "preview" / "preview-prod" / "review.json"
    asked.parent.mkdir(parents=True)
    preview = Preview(
        environment="prod",
        stack="prod",
        applied=True,
        steps=(),
        outside=(),
        policies=(),
        diagnostics=(),
        failure=None,
    )
    drifted = replace(offline.environments[0], verdict=Verdict.ATTENTION, reasons=("drift: much",))
    asked.write_text(document.text(replace(offline, environments=(drifted,), previews=(preview,))))
    pipeline = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())
    command = step(which) if which == "github" else "\n".join(pipeline["comment-preview"]["script"])
    done = run(tmp_path, command, CI_PIPELINE_URL="https://gitlab.example/1", **variables(host, which))
    assert (done.returncode, done.stdout) == (0, "edited\n"), done.stderr
    (ours,) = host.comments
    assert ours["body"].startswith("### ⚠️ Attention: prod: drift: much.")
    assert "The engine, <code>prod</code>: nothing to do." in ours["body"]
    asked.write_text("{}")
    done = run(tmp_path, command, CI_PIPELINE_URL="https://gitlab.example/1", **variables(host, which))
    assert done.returncode == 2
    assert "expected the JSON of a review" in done.stderr


@pytest.mark.parametrize("text", ["no marker", f"{'x' * LIMIT}\n{MARKER}\n"])
def test_only_a_comment_of_ours_is_posted(tmp_path: Path, host: Host, text: str) -> None:
    (tmp_path / "review.md").write_text(text)
    done = run(ROOT, f".venv/bin/estate comment {tmp_path}/review.md --to 7", **variables(host, "github"))
    assert done.returncode == 2
    assert "expected a comment of estate review" in done.stderr
    assert host.asked == []


def test_a_refusal_is_one_sentence(tmp_path: Path, host: Host) -> None:
    (tmp_path / "review.md").write_text(f"x\n{MARKER}\n")
    wrong = {**variables(host, "github"), "GITHUB_TOKEN": "another"}
    done = run(ROOT, f".venv/bin/estate comment {tmp_path}/review.md --to 7", **wrong)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: the code host refuses")
    assert "another" not in done.stderr
    for number in ("", "7/../8", "x"):
        done = run(ROOT, f".venv/bin/estate comment {tmp_path}/review.md --to '{number}'", **wrong)
        assert done.returncode == 2
