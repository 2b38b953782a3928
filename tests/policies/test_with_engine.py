"""The pack in the real engine with the real provider: programs that never heard of this project, and ours.

No cloud answers: a preview of new resources needs none.
"""

from pathlib import Path

import pytest

from tests.estates import ROOT
from tests.policies.stacks import HEAD, Stack
from toolchain.engine import Toolchain, install
from toolchain.progress import Progress

# The first test may have to build the toolchain.
pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]

PASSING = """
server("restricted", vmware.id, esxi.id, metadata=RESTRICTED)
server("zoned", vmware.id, esxi.id, metadata=RESTRICTED, availability_zone="az-esxi")
server("through-apply", vmware.id.apply(lambda one: one), esxi.id, metadata=RESTRICTED)
server("free", plain.id, general.id)
"""

FAILING = """
server("free", plain.id, general.id)
server("wrong-image", plain.id, esxi.id, metadata=RESTRICTED)
server("wrong-flavor", vmware.id, general.id, metadata=RESTRICTED)
server("literal", "0f2b6c3e-0000-0000-0000-000000000000", esxi.id, metadata=RESTRICTED)
either = pulumi.Output.all(vmware.id, plain.id).apply(lambda both: both[0])
server("either", either, esxi.id, metadata=RESTRICTED)
unknown = image("unknown", **{**VMWARE, "hypervisor_type": vmware.id})
server("unknown-tag", unknown.id, esxi.id, metadata=RESTRICTED)
server("unknown-duty", plain.id, general.id, metadata=vmware.id.apply(lambda one: {"image": one}))
server("unknown-zone", vmware.id, esxi.id, metadata=RESTRICTED, availability_zone=vmware.id)
"""

OUR_PROGRAM = f"""
import runpy, sys
sys.path.insert(0, {str(ROOT)!r})
runpy.run_path({str(ROOT / "__main__.py")!r}, run_name="__main__")
"""


@pytest.fixture(scope="module")
def toolchain() -> Toolchain:
    return install(Progress())


@pytest.fixture
def stack(toolchain: Toolchain, tmp_path: Path) -> Stack:
    return Stack(toolchain, tmp_path)


def test_a_foreign_program_that_keeps_the_rules(stack: Stack) -> None:
    stack.write(HEAD, PASSING)
    output = stack.run("preview", "--policy-pack", str(ROOT / "policies"))
    assert "estate@v0.1.0" in output
    assert "[mandatory]" not in output
    assert "[advisory]" not in output


def test_a_foreign_program_that_breaks_them_or_leaves_open_whether_it_does(stack: Stack) -> None:
    found = stack.judged(HEAD, FAILING)
    assert set(found) == {
        "wrong-image",
        "wrong-flavor",
        "literal",
        "either",
        "unknown",
        "unknown-tag",
        "unknown-duty",
        "unknown-zone",
    }
    assert "image-tag-read" in found.pop("unknown")
    assert all("esxi-restricted-on-esxi" in text for text in found.values())
    assert "image-and-flavor-known" in found["literal"]
    assert (
        'image "plain" runs on KVM only, but the server must stay on ESXi (restriction: licence). '
        "Use an ESXi image: vmware." in found["wrong-image"]
    )
    assert "the tags of its image cannot be known here" in found["literal"]


def test_a_configuration_that_does_not_fit_stops_the_preview(stack: Stack) -> None:
    stack.write(HEAD, PASSING)
    wrong = stack.configuration({"image-and-flavor-known": {"images": {"some": {"properties": {}}}}})
    output = stack.run("preview", "--policy-pack", str(ROOT / "policies"), *wrong, fails=True)
    assert "diskFormat is required" in output


def test_a_rule_that_is_advisory_is_shown_and_stops_nothing(stack: Stack) -> None:
    stack.write(HEAD, 'server("wrong-image", plain.id, esxi.id, metadata=RESTRICTED)\n')
    advisory = stack.configuration({"esxi-restricted-on-esxi": "advisory"})
    output = stack.run("preview", "--policy-pack", str(ROOT / "policies"), *advisory)
    assert "[advisory]" in output
    assert 'image "plain" runs on KVM only' in output


@pytest.mark.parametrize("pack", [None, {"all": "disabled"}, {"esxi-restricted-on-esxi": "advisory"}])
def test_our_own_program_refuses_whatever_the_pack_is_told(
    stack: Stack, pack: dict[str, object] | None
) -> None:
    documents = stack.folder / "documents"
    documents.mkdir()
    (documents / "wrong.yaml").write_text(
        f"extends: {ROOT / 'stacks' / 'sandbox'}\nworkloads: {{ledger-db: {{image: linux-kvm}}}}\n"
    )
    stack.write(OUR_PROGRAM)
    stack.run("config", "set", "estate:environment", str(documents))
    policies = ("--policy-pack", str(ROOT / "policies"), *stack.configuration(pack)) if pack else ()
    output = stack.run("up", "--skip-preview", "--yes", *policies, fails=True)
    assert 'image "linux-kvm" runs on KVM only, but the workload must stay on ESXi' in output
    assert "openstack:" not in output
