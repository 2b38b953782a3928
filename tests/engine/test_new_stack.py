"""A stack that an import makes, or makes again after it was lost."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from operations.adoption import _initialise
from operations.stack import PROGRAM, Stack
from toolchain.engine import install
from toolchain.progress import Progress

pytestmark = pytest.mark.engine


def test_its_configuration_is_the_one_it_was_given(tmp_path: Path) -> None:
    """Not one beside the documents, which is committed; and the salt of its secrets stays as it was."""
    toolchain = install(Progress())
    (tmp_path / "state").mkdir()
    environment = toolchain.environment() | {"PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}"}
    made = Stack(
        name="sandbox",
        documents=PROGRAM / "stacks" / "sandbox",
        cloud="sandbox",
        toolchain=toolchain,
        environment=environment,
        config_file=tmp_path / "Pulumi.sandbox.yaml",
    )
    committed = {file: file.read_bytes() for file in (PROGRAM / "stacks").glob("Pulumi.*")}

    _initialise(made)

    document = YAML(typ="safe").load(made.config_file)
    assert document["config"] == {"estate:environment": "sandbox"}
    salt = document["encryptionsalt"]
    made.pulumi("stack", "rm", "--force", "--yes", "--preserve-config", quiet=True)
    _initialise(made)
    assert made.pulumi("stack", "export", quiet=True).returncode == 0
    assert YAML(typ="safe").load(made.config_file)["encryptionsalt"] == salt
    assert {file: file.read_bytes() for file in (PROGRAM / "stacks").glob("Pulumi.*")} == committed
