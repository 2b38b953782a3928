"""Act 8, the last: what cannot be reached is said in one sentence, exit code 2, and nothing is changed."""

from pathlib import Path

import psutil
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from cli import app
from operations import rehearsal
from sandbox import lifecycle
from tests.rehearsal.stage import Stage

PARTS = ("vcenter-vc1", "cinder", "neutron", "glance", "nova", "keystone")
"""In this order, as each is killed for good: from what ``landing`` asks last to what it asks first."""


def said(stage: Stage, command: str, *options: str, files: dict[str, Path] | None = None) -> str:
    """The one line that a command says on stderr when it ends with exit code 2.

    With ``files`` it works on the sandbox as on a cloud of one's own.
    """
    target = {name: str(path) for name, path in (files or {}).items()}
    env = {**({"OS_CLOUD": "estate"} if files else {}), **target}
    done = CliRunner().invoke(app, [command, str(stage.documents), *options], env=env)
    assert isinstance(done.exception, SystemExit), repr(done.exception)
    assert done.exit_code == 2, done.output
    assert "Traceback" not in done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1, done.stderr
    return errors[0]


@pytest.fixture
def files(stage: Stage, tmp_path: Path) -> dict[str, Path]:
    """Copies of the sandbox's connections, as a person has them for a cloud."""
    copies = {}
    for variable in ("OS_CLIENT_CONFIG_FILE", "ESTATE_VCENTERS"):
        copies[variable] = tmp_path / variable
        copies[variable].write_text(Path(stage.stack.environment[variable]).read_text())
        copies[variable].chmod(0o600)
    return copies


@pytest.mark.parametrize("command", ["up", "landing"])
@pytest.mark.parametrize("whose", ["OpenStack", "vCenter"])
def test_a_wrong_password(stage: Stage, files: dict[str, Path], whose: str, command: str) -> None:
    file = files["OS_CLIENT_CONFIG_FILE" if whose == "OpenStack" else "ESTATE_VCENTERS"]
    yaml = YAML()
    whole = yaml.load(file)
    login = whole["clouds"]["estate"]["auth"] if whose == "OpenStack" else whole["vc1"]
    login["password"] = "wrong"
    yaml.dump(whole, file)

    sentence = "Keystone refuses the login" if whose == "OpenStack" else "vCenter vc1 refuses the login"
    assert sentence in said(stage, command, "--cloud", files=files)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_gone(stage: Stage, files: dict[str, Path], part: str) -> None:
    status = next(one for one in lifecycle.status(rehearsal.key(stage.documents)).parts if one.name == part)
    psutil.Process(status.pid).kill()
    psutil.wait_procs([psutil.Process(status.pid)] if psutil.pid_exists(status.pid) else [], timeout=10)

    assert f"{part}" in said(stage, "landing")  # the sandbox says itself what ended

    sentence = said(stage, "landing", "--cloud", files=files)
    assert "does not answer" in sentence
    named = any(f":{port}" in sentence or f"port={port}" in sentence for port in status.ports)
    assert named or (part == "glance" and "image service" in sentence)  # openstacksdk tells no address there
    if part in {"vcenter-vc1", "keystone"}:
        assert "does not answer" in said(stage, "up", "--cloud", files=files)


def test_a_sandbox_that_does_not_run(stage: Stage) -> None:
    lifecycle.stop(rehearsal.key(stage.documents))

    for command in ("preview", "up", "landing"):
        assert "estate sandbox start" in said(stage, command, "--sandbox")
