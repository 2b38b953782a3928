"""The pack in the real engine with the real provider: programs that never heard of this project, and our "
"types.

No cloud answers: a preview of new resources needs none, and what an update may not even try is noticed by
the provider's refused connection.
"""

from pathlib import Path

import pytest

from tests.estates import ROOT
from tests.trial import TrialStack
from toolchain.engine import Toolchain, install
from toolchain.progress import Progress

# The first test may have to build the toolchain.
pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]

HEAD = """
import pulumi
import pulumi_openstack as openstack

cloud = openstack.Provider(
    "cloud", auth_url="http://127.0.0.1:9/v3", user_name="u", password="p", tenant_name="t",
    domain_name="Default", region="r", delayed_auth=True,
)
to = pulumi.ResourceOptions(provider=cloud)
VMWARE = {
    "hypervisor_type": "vmware", "trait:CUSTOM_HV_VMWARE": "required", "vmware_disktype": "sparse",
}
QEMU = {"hypervisor_type": "qemu", "trait:CUSTOM_HV_KVM": "required"}
RESTRICTED = {"estate_restriction": "licence"}


def image(name, disk_format="vmdk", **properties):
    return openstack.images.Image(
        name, name=name, container_format="bare", disk_format=disk_format,
        image_source_url="http://127.0.0.1:9/image", properties=properties, opts=to,
    )


def flavor(name, **extra_specs):
    return openstack.compute.Flavor(
        name, name=name, vcpus=1, ram=1024, disk=1, is_public=False, extra_specs=extra_specs, opts=to
    )


def server(name, image_id, flavor_id, opts=to, **arguments):
    openstack.compute.Instance(
        name, name=name, image_id=image_id, flavor_id=flavor_id, networks=[{"name": "n"}], opts=opts,
        **arguments,
    )


vmware, plain = image("vmware", **VMWARE), image("plain", "qcow2", **QEMU)
esxi = flavor("esxi", **{"trait:CUSTOM_HV_VMWARE": "required"})
general = flavor("general", **{"trait:CUSTOM_HV_KVM": "required"})
"""

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

OURS = """
class Workload(pulumi.ComponentResource):
    def __init__(self, name, image_facts):
        flavor_facts = {"name": "esxi", "extraSpecs": {"trait:CUSTOM_HV_VMWARE": "required"}}
        facts = {
            "name": name, "servers": [name], "restricted": True, "restriction": {"reason": "licence"},
            "image": image_facts, "flavor": flavor_facts, "availabilityZone": "az-esxi",
        }
        super().__init__("estate:index:Workload", name, facts)
        inside = pulumi.ResourceOptions(parent=self, provider=cloud)
        server(name, "id-of-an-image", "id-of-a-flavor", inside, metadata=RESTRICTED)
        self.register_outputs(facts)
"""


class Stack(TrialStack):
    """A stack of a program that the pack judges."""

    def judged(self, *parts: str, command: tuple[str, ...] = ("preview",)) -> dict[str, str]:
        """Resource → the lines that follow its violation, for a program that the pack must refuse."""
        self.write(*parts)
        output = self.run(*command, "--policy-pack", str(ROOT / "policies"), fails=True)
        assert "Traceback" not in output
        assert "[advisory]" not in output
        found: dict[str, str] = {}
        for block in output.partition("Policies:")[2].split("- [mandatory]")[1:]:
            head, _, text = block.partition("\n")
            name = head.rpartition(": ")[2].rstrip(") ")
            found[name] = f"{found.get(name, '')}{head}\n{text}"
        assert found, output
        return found


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


def test_our_components_with_a_server_beside_them(stack: Stack) -> None:
    head = HEAD.partition("vmware, plain =")[0]
    good = 'Workload("ledger", {"name": "vmware", "properties": VMWARE})\n'
    stack.write(head, OURS, good)
    stack.run("preview", "--policy-pack", str(ROOT / "policies"))
    found = stack.judged(HEAD, OURS, good, 'server("beside", plain.id, general.id)\n')
    assert set(found) == {"beside", "vmware", "plain", "esxi", "general"}
    assert "server-inside-workload" in found["beside"]
    assert "resource-inside-component" in found["plain"]


def test_an_update_without_preview_does_not_even_try_a_wrong_workload(stack: Stack) -> None:
    wrong = 'Workload("ledger", {"name": "linux", "properties": {"hypervisor_type": "qemu"}})\n'
    update = ("up", "--skip-preview", "--yes")
    head = HEAD.partition("vmware, plain =")[0]  # nothing else that a cloud would have to answer
    found = stack.judged(head, OURS, wrong, command=update)
    assert set(found) == {"ledger"}
    assert 'image "linux" runs on KVM only, but the workload must stay on ESXi' in found["ledger"]
    output = stack.run(*update, "--policy-pack", str(ROOT / "policies"), fails=True)
    assert "connection refused" not in output
    assert "compute:Instance" not in output


def test_the_same_update_of_a_right_workload_goes_to_the_cloud(stack: Stack) -> None:
    """Else the test above would pass for the wrong reason."""
    head = HEAD.partition("vmware, plain =")[0]
    stack.write(head, OURS, 'Workload("ledger", {"name": "vmware", "properties": VMWARE})\n')
    output = stack.run("up", "--skip-preview", "--yes", "--policy-pack", str(ROOT / "policies"), fails=True)
    assert "[mandatory]" not in output
    assert "connection refused" in output
