"""Act 5: a review with the engine tells what documents change from what somebody did by hand."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner, Result

from cli import app
from tests.rehearsal.stage import Stage

pytestmark = pytest.mark.usefixtures("applied", "committed")

ENDINGS = ("txt", "md", "json", "sarif", "xml", "html")


@pytest.fixture
def committed(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The documents are a commit, of a repository that lies elsewhere; they are put back afterwards."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "repository"))
    monkeypatch.setenv("GIT_WORK_TREE", str(stage.documents.parent))
    own = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    for command in (["init", "-q"], ["add", stage.documents.name], [*own, "commit", "-qm", "then"]):
        subprocess.run(["git", *command], cwd=stage.documents.parent, check=True)
    kept = copytree(stage.documents, tmp_path / "kept")
    yield
    copytree(kept, stage.documents, dirs_exist_ok=True)


def reviewed(stage: Stage, folder: Path, *options: str) -> tuple[Result, dict[str, Any]]:
    """A review in every format; what the command did, and the JSON."""
    outputs = [part for ending in ENDINGS for part in ("--output", str(folder / f"review.{ending}"))]
    arguments = ["review", "--base", "HEAD", "--env", str(stage.documents), "--preview", *options, *outputs]
    done = CliRunner().invoke(app, arguments)
    assert not done.exception or isinstance(done.exception, SystemExit), done.output
    return done, json.loads((folder / "review.json").read_text())


def secret(stage: Stage) -> set[str]:
    """Passwords by which the engine gets in."""
    clouds = YAML(typ="safe").load(Path(stage.stack.environment["OS_CLIENT_CONFIG_FILE"]))["clouds"]
    logins = YAML(typ="safe").load(Path(stage.stack.environment["ESTATE_VCENTERS"]))
    return {one["auth"]["password"] for one in clouds.values()} | {one["password"] for one in logins.values()}


def test_a_server_that_somebody_edited_in_nova(stage: Stage, tmp_path: Path) -> None:
    """Its name the provider sets back; a key of its metadata it never reads."""
    compute = stage.cloud.compute
    named, noted = compute.find_server("web-2"), compute.find_server("web-1")
    stage.edit("workloads.yaml", "workloads", "batch", "owner", value="others")
    compute.update_server(named, name="by-hand")
    compute.set_server_metadata(noted, ticket="by hand")
    try:
        done, review = reviewed(stage, tmp_path)
    finally:
        compute.update_server(named, name="web-2")
        compute.delete_server_metadata(noted, ["ticket"])

    assert done.exit_code == 1, done.output
    drifts = {one["subject"]: one for one in review["drifts"]}
    assert set(drifts) == {'server "web-1"', 'server "web-2"'}
    back, left = drifts['server "web-2"'], drifts['server "web-1"']
    assert (back["kind"], back["engine"], back["outside"]) == ("unexpected", "update", True)
    assert [(one["path"], one["old"], one["new"]) for one in back["properties"]] == [
        ("name", "by-hand", "web-2")
    ]
    assert (left["kind"], left["engine"]) == ("left", None)
    assert [(one["path"], one["new"]) for one in left["properties"]] == [("allMetadata.ticket", "by hand")]
    (preview,) = review["previews"]
    assert preview["failure"] is None
    steps = {one["name"]: [change["path"] for change in one["properties"]] for one in preview["steps"]}
    assert steps == {"batch": ["metadata.estate_owner"], "web-2": ["name"]}
    assert [one["name"] for one in review["resources"]] == ["batch"]
    for ending in ENDINGS:
        written = (tmp_path / f"review.{ending}").read_text()
        assert "web-2" in written
        assert not [one for one in secret(stage) if one in written]


def test_a_preview_that_a_gate_stops_half_way(stage: Stage, tmp_path: Path) -> None:
    """Nova keeps the zone of hosts with servers, and Cinder that of a type with volumes: the preview says the
    one that it comes to first, and ends there.
    """
    stage.edit("compute.yaml", "aggregates", "general", "availability_zone", value="az-other")

    done, review = reviewed(stage, tmp_path)

    assert done.exit_code == 2, done.output
    assert review["verdict"] == "incomplete"
    (preview,) = review["previews"]
    assert preview["failure"]
    refusals = ("cannot get zone az-other", "cannot change RESKEY:availability_zones")
    assert any(words in one["message"] for one in preview["diagnostics"] for words in refusals)
    assert any(one["environment"] for one in review["problems"])
    assert {one["kind"] for one in review["hazards"]} >= {"drain"}  # what documents say is said all the same
    assert "did not come to its end" in (tmp_path / "review.md").read_text()


def test_a_wrong_password(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    yaml, file = YAML(), tmp_path / "clouds.yaml"
    clouds = yaml.load(Path(stage.stack.environment["OS_CLIENT_CONFIG_FILE"]))
    clouds["clouds"]["estate"]["auth"]["password"] = "planted-wrong"
    yaml.dump(clouds, file)
    for name in ("OS_CLIENT_CONFIG_FILE", "ESTATE_VCENTERS"):
        monkeypatch.setenv(name, stage.stack.environment[name])
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
    monkeypatch.setenv("OS_CLOUD", "estate")

    done, review = reviewed(stage, tmp_path, "--cloud")

    assert done.exit_code == 2, done.output
    assert (review["verdict"], review["previews"]) == ("incomplete", [])
    assert ["Keystone refuses the login" in one["message"] for one in review["problems"]] == [True]
    assert "planted-wrong" not in "".join((tmp_path / f"review.{one}").read_text() for one in ENDINGS)
