"""The pack in the real engine with the real provider: programs that never heard of this project, and our "
"types.

No cloud answers: a preview of new resources needs none, and what an update may not even try is noticed by
the provider's refused connection.
"""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

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


ID = "0f2b6c3e-0000-0000-0000-00000000e5c1"
KVM_ID = "0f2b6c3e-0000-0000-0000-00000000c0de"

OUTSIDE = """
images = pulumi.StackReference("organization/trial/images")
look = pulumi.InvokeOutputOptions(provider=cloud)
later = pulumi.InvokeOutputOptions(provider=cloud, depends_on=[vmware])
openstack.networking.Network("capture", port_security_enabled=False, opts=to)
server("by-id", ID, esxi.id, metadata=RESTRICTED)
server("by-reference", images.get_output("image"), esxi.id, metadata=RESTRICTED)
theirs = openstack.images.get_image_output(name="theirs", opts=look)
server("by-get-image", theirs.id, esxi.id, metadata=RESTRICTED)
server("looked-up-later", openstack.images.get_image_output(name="vmware", opts=later).id, esxi.id)
server("wrong-by-id", KVM_ID, esxi.id, metadata=RESTRICTED)
server("in-the-register", KVM_ID, esxi.id)
server("not-in-the-catalogue", "0f2b6c3e-0000-0000-0000-00000000dead", general.id)
"""

CATALOGUE = {
    "images": {
        ID: {
            "diskFormat": "vmdk",
            "properties": {"hypervisor_type": "vmware", "trait:CUSTOM_HV_VMWARE": "required"},
        },
        KVM_ID: {"diskFormat": "qcow2", "properties": {"hypervisor_type": "qemu"}},
    },
    "restricted": {"in-the-register": "licence"},
    "exemptions": [{"rule": "ports-filtered", "subject": "networks/capture", "expires": "2027-06-30"}],
}

OUR_PROGRAM = f"""
import runpy, sys
sys.path.insert(0, {str(ROOT)!r})
runpy.run_path({str(ROOT / "__main__.py")!r}, run_name="__main__")
"""


class Stack(TrialStack):
    """A stack of a program that the pack judges."""

    def configuration(self, rules: dict[str, object]) -> tuple[str, ...]:
        """Options that configure the pack."""
        file = self.folder / "pack.json"
        file.write_text(json.dumps(rules))
        return ("--policy-pack-config", str(file))

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


class Glance(BaseHTTPRequestHandler):
    """Keystone and Glance as far as ``get_image`` asks them: one image."""

    def do_POST(self) -> None:
        """A token, and where Glance is: here."""
        here = f"http://{self.headers['Host']}/image/"
        endpoint = {"interface": "public", "region": "r", "region_id": "r", "id": "e", "url": here}
        catalog = [{"type": "image", "name": "glance", "id": "s", "endpoints": [endpoint]}]
        token = {"expires_at": "2099-01-01T00:00:00.000000Z", "catalog": catalog, "methods": ["password"]}
        self._answer(201, {"token": token})

    def do_GET(self) -> None:
        """The image, whatever is asked."""
        when = "2026-01-01T00:00:00Z"
        image = {"id": ID, "name": "theirs", "status": "active", "created_at": when, "updated_at": when}
        self._answer(200, {"images": [image]})

    def _answer(self, status: int, body: object) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("X-Subject-Token", "t")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def glance() -> Iterator[str]:
    """Address of a cloud that has one image."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Glance) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_images_outside_of_the_stack_by_the_catalogue(stack: Stack, glance: str) -> None:
    stack.run("stack", "init", "images")
    stack.write(f'import pulumi\npulumi.export("image", "{ID}")\n')
    stack.run("up", "--yes", "--skip-preview", "--stack", "images")
    known = stack.configuration({"image-and-flavor-known": CATALOGUE})
    program = (
        HEAD.replace("http://127.0.0.1:9/v3", f"{glance}/v3/"),
        f"ID, KVM_ID = {ID!r}, {KVM_ID!r}\n",
        OUTSIDE,
    )
    found = stack.judged(*program, command=("preview", "--stack", "trial", *known))
    assert set(found) == {"wrong-by-id", "in-the-register", "not-in-the-catalogue", "looked-up-later"}
    assert f'image "{KVM_ID}" runs on KVM only' in found["wrong-by-id"]
    assert "(restriction: licence)" in found["in-the-register"]
    assert "is neither in this stack nor in the catalogue" in found["not-in-the-catalogue"]
    assert "its image cannot be known here" in found["looked-up-later"]
    without = stack.judged(*program, command=("preview", "--stack", "trial"))
    assert {"by-id", "by-reference", "by-get-image", "capture"} <= set(without)


def test_a_configuration_that_does_not_fit_stops_the_preview(stack: Stack) -> None:
    stack.write(HEAD, PASSING)
    wrong = stack.configuration({"image-and-flavor-known": {"images": {ID: {"properties": {}}}}})
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
