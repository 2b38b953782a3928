"""Act 3: what breaks the main rule is refused, with the pack and without it, and nothing changes anywhere."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from tests.rehearsal.stage import Stage

pytestmark = pytest.mark.usefixtures("applied")

SENTENCE = (
    'image "linux-kvm" runs on KVM only, but the workload must stay on ESXi (restriction: licence). '
    "Use an ESXi image: appliance-esxi, linux-esxi."
)


@pytest.fixture
def broken(stage: Stage, tmp_path: Path) -> Iterator[None]:
    """The restricted workload hsm-proxy gets a KVM image."""
    kept = copytree(stage.documents, tmp_path / "kept")
    stage.edit("workloads.yaml", "workloads", "hsm-proxy", "image", value="linux-kvm")
    yield
    copytree(kept, stage.documents, dirs_exist_ok=True)


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize(
    ("command", "policies"),
    [(("preview",), True), (("up", "--yes", "--skip-preview"), False)],
    ids=["preview-with-the-pack", "up-without"],
)
def test_a_restricted_workload_with_a_kvm_image(
    stage: Stage, command: tuple[str, ...], *, policies: bool
) -> None:
    before = {(one.id, one.updated_at) for one in stage.cloud.compute.servers()}

    said = stage.refused(*command, policies=policies)

    assert SENTENCE in said
    assert "[esxi-restricted-on-esxi]" in said
    assert 'workload "hsm-proxy"' in said
    assert "Traceback" not in said
    assert {(one.id, one.updated_at) for one in stage.cloud.compute.servers()} == before


def test_a_cloud_that_is_not_there(stage: Stage) -> None:
    done = stage.stack.pulumi("preview", quiet=True, extra={"OS_CLOUD": "elsewhere"})

    assert done.returncode != 0
    assert "Traceback" not in done.stdout
    assert "elsewhere" in done.stdout


def test_a_vcenter_that_is_not_there(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "vcenters.yaml"
    file.write_text("vc1: {server: '127.0.0.1:9', username: nobody, password: nothing}\n")
    file.chmod(0o600)

    done = stage.stack.pulumi("preview", quiet=True, extra={"ESTATE_VCENTERS": str(file)})

    assert done.returncode != 0
    assert "Traceback" not in done.stdout
    assert "127.0.0.1:9" in done.stdout


LIVE = {
    "volume type standard-esxi cannot change vmware:vmdk_type: volumes have it": (
        "storage.yaml",
        ("storage", "array1", "volume_types", "standard-esxi", "provisioning"),
        "eager-zeroed-thick",
    ),
    "CPU generation of esxi-b1.sandbox.example: expected intel-sapphirerapids, found intel-icelake": (
        "compute.yaml",
        ("clusters", "esx-b", "host_classes", "blade", "cpu"),
        "intel-sapphirerapids",
    ),
}
"""What a preview must say → the document, the key and the value that make it so."""


@pytest.mark.parametrize("sentence", LIVE)
def test_what_the_live_clouds_would_refuse(stage: Stage, tmp_path: Path, sentence: str) -> None:
    """Documents alone cannot tell; the gates look, at preview."""
    kept = copytree(stage.documents, tmp_path / "kept")
    file, keys, value = LIVE[sentence]
    stage.edit(file, *keys, value=value)
    try:
        said = stage.refused("preview")
    finally:
        copytree(kept, stage.documents, dirs_exist_ok=True)

    assert sentence in said
    assert "Traceback" not in said
