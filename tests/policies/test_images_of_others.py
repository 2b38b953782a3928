"""The pack in the real engine where images are of another stack: programs that never heard of this project,
and stacks of workloads; at preview, and by an update that nobody previewed.

The cloud is as small as ``get_image`` needs it, and keeps what it was asked for.
"""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from policies.rules.image_and_flavor_known import NAME as CATALOGUED
from tests.estates import ROOT
from tests.policies.stacks import HEAD, Stack
from toolchain.engine import Toolchain, install
from toolchain.progress import Progress

# The first test may have to build the toolchain.
pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]

ID = "0f2b6c3e-0000-0000-0000-00000000e5c1"
KVM_ID = "0f2b6c3e-0000-0000-0000-00000000c0de"
NOBODYS = "0f2b6c3e-0000-0000-0000-00000000dead"
V, K = "trait:CUSTOM_HV_VMWARE", "trait:CUSTOM_HV_KVM"

CATALOGUE = {
    "images": {
        ID: {"diskFormat": "vmdk", "properties": {"hypervisor_type": "vmware", V: "required"}},
        KVM_ID: {"diskFormat": "qcow2", "properties": {"hypervisor_type": "qemu", K: "required"}},
    },
    "flavors": {
        "esxi-small": {"extraSpecs": {V: "required"}},
        "kvm-small": {"extraSpecs": {K: "required"}},
    },
    "zones": {"az-kvm": "kvm", "az-esxi": "esxi"},
    "restricted": {"in-the-register": "licence"},
    "exemptions": [{"rule": "ports-filtered", "subject": "networks/capture", "expires": "2027-06-30"}],
}

SOURCES = f"""
ID, KVM_ID = {ID!r}, {KVM_ID!r}
theirs = pulumi.StackReference("organization/trial/images")
look = pulumi.InvokeOutputOptions(provider=cloud)


def found(name):
    return openstack.images.get_image_output(name=name, opts=look).id


"""
"""Images of others: by literal id, stack reference, ``get_image``."""

FOREIGN = """
openstack.networking.Network("capture", port_security_enabled=False, opts=to)
server("resource", vmware.id, esxi.id, metadata=RESTRICTED)
server("id", ID, esxi.id, metadata=RESTRICTED)
server("reference", theirs.get_output("esxi"), esxi.id, metadata=RESTRICTED)
server("looked-up", found("esxi"), esxi.id, metadata=RESTRICTED)
"""
FOREIGN_WRONG = """
server("resource", plain.id, esxi.id, metadata=RESTRICTED)
server("id", KVM_ID, esxi.id, metadata=RESTRICTED)
server("reference", theirs.get_output("kvm"), esxi.id, metadata=RESTRICTED)
server("looked-up", found("kvm"), esxi.id, metadata=RESTRICTED)
later = pulumi.InvokeOutputOptions(provider=cloud, depends_on=[vmware])
server("looked-up-later", openstack.images.get_image_output(name="esxi", opts=later).id, esxi.id)
server("in-the-register", KVM_ID, esxi.id)
server("not-in-the-catalogue", "0f2b6c3e-0000-0000-0000-00000000dead", general.id)
"""

WORKLOADS = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from components.flavor import FlavorRef
from components.host_aggregate import AggregateRef
from components.logical_network import NetworkRef
from components.tagged_image import ImageRef, TaggedImage
from components.workload import Surroundings, Workload
from estate.model import Hypervisor, Image, Network
from estate.model import Workload as Model

APP = NetworkRef(
    name="app",
    id=pulumi.Output.from_input("net"),
    model=Network.model_validate({{"name": "app", "subnets": {{"v4": {{"cidr": "10.0.0.0/8"}}}}}}),
)
only_there = pulumi.ResourceOptions(providers=[cloud])
FLAVORS = {{
    name: FlavorRef(
        name=name, id=pulumi.Output.from_input(name),
        facts={{"name": name, "hypervisor": side, "extraSpecs": {{trait: "required"}}}},
    )
    for name, side, trait in (("esxi-small", "esxi", {V!r}), ("kvm-small", "kvm", {K!r}))
}}


def tagged(name, side, **facts):
    made = Image.model_validate({{"name": name, "hypervisor": side, "virtual_size": "1 GiB", **facts}})
    return TaggedImage(made, files={{name: __file__}}, opts=only_there).refs[None]


def other(image_id, properties=VMWARE):
    facts = {{"name": "theirs", "hypervisor": "esxi", "properties": properties}}
    return ImageRef(name="theirs", id=pulumi.Output.from_input(image_id), virtual_size=1, facts=facts)


def workload(name, image, flavor="esxi-small", zone="az-esxi"):
    side = Hypervisor.ESXI if zone == "az-esxi" else Hypervisor.KVM
    Workload(
        Model.model_validate({{
            "name": name, "image": "image", "flavor": flavor, "networks": ["app"],
            "restriction": {{"reason": "licence", "evidence": "e", "owner": "o", "review": "2027-01-31"}},
        }}),
        aggregates={{name: AggregateRef(
            name="vendor", hypervisor=side, availability_zone=zone, enabled=(),
        )}},
        surroundings=Surroundings(
            images={{("image", None): image}}, flavors=FLAVORS, networks={{"app": APP}},
            security_group_ids={{}}, volume_types={{}}, keypairs={{}}, server_group_ids={{}},
        ),
        user_data={{}},
        turns={{}},
        opts=only_there,
    )


"""
RIGHT = """
vmdk = {"file": "x.vmdk", "disk_type": "sparse", "adapter": "lsiLogic", "guest": "otherLinux64Guest"}
workload("resource", tagged("own", "esxi", **vmdk))
workload("id", other(ID))
workload("reference", other(theirs.get_output("esxi")))
workload("looked-up", other(found("esxi")))
"""
WRONG = """
workload("resource", tagged("own", "kvm", file="x.qcow2"))
workload("id", other(KVM_ID, QEMU))
workload("reference", other(theirs.get_output("kvm"), QEMU))
workload("looked-up", other(found("kvm"), QEMU))
"""
WRONG_OTHERWISE = """
workload("not-what-it-says", other(KVM_ID))
workload("flavor", other(ID), flavor="kvm-small")
workload("zone", other(ID), zone="az-kvm")
server("beside", KVM_ID, "kvm-small")
"""
WITHOUT_RESOURCES = HEAD.partition("vmware, plain =")[0]


FLAVOR_ID = "0f2b6c3e-0000-0000-0000-0000000000f1"
FLAVOR = {"id": FLAVOR_ID, "name": "made", "ram": 1024, "vcpus": 1, "disk": 1, "rxtx_factor": 1, "swap": 0}
PORT = {"id": "p", "status": "ACTIVE", "network_id": "net", "security_groups": [], "fixed_ips": []}
NETWORK = {"id": "net", "name": "app", "status": "ACTIVE"}


class Asked(ThreadingHTTPServer):
    """A cloud, and what it was asked to make."""

    servers: ClassVar[list[str]] = []
    """Names of servers that Nova was asked to make."""


class Answers(BaseHTTPRequestHandler):
    """Keystone, Glance as far as ``get_image`` asks it (two images), Neutron with one network and port, one
    flavor for ESXi that is made.
    """

    def do_POST(self) -> None:
        """A token, and where the services are: here."""
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
        if "server" in body:
            Asked.servers.append(body["server"]["name"])
        if "/flavors" in self.path:
            self._answer(200, {"flavor": FLAVOR, "extra_specs": {V: "required"}})
            return
        if self.path.endswith("/ports"):
            self._answer(201, {"port": PORT})
            return
        if "/auth/tokens" not in self.path:
            self._answer(404, {})
            return
        here = f"http://{self.headers['Host']}"
        catalog = [
            {
                "type": kind,
                "name": kind,
                "id": kind,
                "endpoints": [
                    {
                        "interface": "public",
                        "region": "r",
                        "region_id": "r",
                        "id": kind,
                        "url": f"{here}/{kind}/",
                    }
                ],
            }
            for kind in ("image", "compute", "network")
        ]
        token = {"expires_at": "2099-01-01T00:00:00.000000Z", "catalog": catalog, "methods": ["password"]}
        self._answer(201, {"token": token})

    def do_GET(self) -> None:
        """The image of that name; nothing else is there."""
        for one, known in (("port", PORT), ("network", NETWORK)):
            if f"/{one}s?" in self.path or f"/{one}s/" in self.path:
                self._answer(200, {f"{one}s": [known], one: known})
                return
        if "/flavors/" in self.path:
            self._answer(200, {"flavor": FLAVOR, "extra_specs": {V: "required"}})
            return
        if "/images" not in self.path:
            self._answer(404, {})
            return
        (name,) = parse_qs(urlsplit(self.path).query).get("name", ["esxi"])
        when = "2026-01-01T00:00:00Z"
        image = {
            "id": KVM_ID if name == "kvm" else ID,
            "name": name,
            "status": "active",
            "created_at": when,
            "updated_at": when,
        }
        self._answer(200, {"images": [image]})

    def _answer(self, status: int, body: object) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("X-Subject-Token", "t")
        self.end_headers()
        self.wfile.write(text)

    def do_DELETE(self) -> None:
        """It is gone."""
        self._answer(202, {})

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def toolchain() -> Toolchain:
    return install(Progress())


@pytest.fixture(scope="module")
def cloud() -> Iterator[str]:
    """Address of the cloud."""
    with Asked(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="module")
def stack(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """A stack, and one of images, whose ids it exports."""
    made = Stack(toolchain, tmp_path_factory.mktemp("stack"))
    made.run("stack", "init", "images")
    made.write(f'import pulumi\npulumi.export("esxi", "{ID}")\npulumi.export("kvm", "{KVM_ID}")\n')
    made.run("up", "--yes", "--skip-preview", "--stack", "images")
    return made


def options(stack: Stack, *command: str) -> tuple[str, ...]:
    """The command on the stack, with the catalogue."""
    return (*command, "--stack", "trial", *stack.configuration({CATALOGUED: CATALOGUE}))


def at(cloud: str, *parts: str) -> tuple[str, ...]:
    """A program for the cloud."""
    return tuple(part.replace("http://127.0.0.1:9/v3", f"{cloud}/v3/") for part in parts)


def passes(stack: Stack, *program: str) -> None:
    stack.write(*program)
    output = stack.run(*options(stack, "preview"), "--policy-pack", str(ROOT / "policies"))
    assert "[mandatory]" not in output


def test_a_foreign_program(stack: Stack, cloud: str) -> None:
    passes(stack, *at(cloud, HEAD, SOURCES, FOREIGN))
    found = stack.judged(*at(cloud, HEAD, SOURCES, FOREIGN_WRONG), command=options(stack, "preview"))
    for name in ("resource", "id", "reference", "looked-up", "in-the-register"):
        assert "runs on KVM only, but the server must stay on ESXi (restriction: licence)" in found[name]
    assert "is neither in this stack nor in the catalogue" in found["not-in-the-catalogue"]
    assert f'"images": {{"{NOBODYS}": ' in found["not-in-the-catalogue"]
    assert "its image cannot be known here" in found["looked-up-later"]
    assert len(found) == 7


def test_a_flavor_that_is_there_already(stack: Stack, cloud: str) -> None:
    """Its id is known: what ``apply`` makes of it is judged by itself, and the id is that of the resource."""
    program = at(cloud, WITHOUT_RESOURCES, SOURCES, f'made = flavor("made", **{{"{V}": "required"}})\n')
    stack.write(*program)
    up = options(stack, "up", "--skip-preview", "--yes")
    stack.run(*up, "--policy-pack", str(ROOT / "policies"))
    passes(stack, *program, 'server("its-id", ID, made.id, metadata=RESTRICTED)\n')
    applied = """
server("another", ID, made.id.apply(lambda _: "kvm-small"), metadata=RESTRICTED)
server("nobodys", ID, made.id.apply(lambda _: "nobodys"), metadata=RESTRICTED)
"""
    for command in (options(stack, "preview"), up):
        found = stack.judged(*program, applied, command=command)
        assert 'flavor "kvm-small" is for KVM' in found["another"]
        if "preview" in command:
            assert 'flavor "nobodys" is neither' in found["nobodys"]
    stack.run("destroy", "--yes", "--stack", "trial", "--skip-preview")


def test_without_the_catalogue_the_same_is_refused(stack: Stack, cloud: str) -> None:
    found = stack.judged(*at(cloud, HEAD, SOURCES, FOREIGN), command=("preview", "--stack", "trial"))
    assert set(found) == {"id", "reference", "looked-up", "capture"}


def test_a_stack_of_workloads(stack: Stack, cloud: str) -> None:
    head = at(cloud, WITHOUT_RESOURCES, SOURCES, WORKLOADS)
    passes(stack, *head, RIGHT)
    found = stack.judged(*head, WRONG, WRONG_OTHERWISE, command=options(stack, "preview"))
    for name in ("resource", "id", "reference", "looked-up"):
        assert "runs on KVM only, but the workload must stay on ESXi" in found[name]
    assert f'image "{KVM_ID}" runs on KVM only, but the server must stay' in found["not-what-it-says"]
    assert 'flavor "kvm-small" is for KVM' in found["flavor"]
    assert 'availability zone "az-kvm" is KVM' in found["zone"]
    assert "server-inside-workload" in found["beside"]


@pytest.mark.parametrize(
    ("wrong", "refused"),
    [
        ('workload("image", other(KVM_ID, QEMU))', "image"),
        ('workload("not-what-it-says", other(KVM_ID))', "not-what-it-says"),
        ('workload("flavor", other(ID), flavor="kvm-small")', "flavor"),
        ('workload("zone", other(ID), zone="az-kvm")', "zone"),
        (
            'seen = pulumi.ComponentResource("estate:index:Estate", "seen")\n'
            # One that is registered before the estate's first component says that it belongs to one.
            'server("beside", seen.urn.apply(lambda _: KVM_ID), "kvm-small")',
            "beside",
        ),
    ],
)
def test_an_update_that_nobody_previewed_sends_no_wrong_server_to_nova(
    stack: Stack, cloud: str, wrong: str, refused: str
) -> None:
    """The components' props tell what is wrong before their servers are asked for."""
    Asked.servers.clear()
    head = at(cloud, WITHOUT_RESOURCES, SOURCES, WORKLOADS)
    found = stack.judged(*head, wrong, command=options(stack, "up", "--skip-preview", "--yes"))
    assert set(found) == {refused}
    assert Asked.servers == []


def test_the_same_update_of_a_right_workload_goes_to_nova(stack: Stack, cloud: str) -> None:
    """Else the test above would pass for the wrong reason."""
    Asked.servers.clear()
    stack.write(*at(cloud, WITHOUT_RESOURCES, SOURCES, WORKLOADS), 'workload("legal", other(ID))')
    command = options(stack, "up", "--skip-preview", "--yes")
    output = stack.run(*command, "--policy-pack", str(ROOT / "policies"), fails=True)
    assert "[mandatory]" not in output
    assert Asked.servers == ["legal"], output


def test_what_up_alone_stops_of_a_foreign_program_and_what_not(stack: Stack, cloud: str) -> None:
    """An image of the catalogue is judged before Nova is asked; one that nobody knows is not."""
    arguments = "metadata=RESTRICTED, network_mode='none'"
    program = (
        HEAD.partition("def server(")[0] + "def server(name, image_id, **arguments):\n"
        "    openstack.compute.Instance(name, name=name, image_id=image_id, flavor_id='esxi-small',\n"
        "        opts=to, **arguments)\n\n\n"
    )
    command = options(stack, "up", "--skip-preview", "--yes")
    for image, sent in ((KVM_ID, False), (NOBODYS, True)):
        Asked.servers.clear()
        stack.write(*at(cloud, program, f"server('one', {image!r}, {arguments})\n"))
        output = stack.run(*command, "--policy-pack", str(ROOT / "policies"), fails=True)
        assert ("[mandatory]" in output) != sent
        assert Asked.servers == (["one"] if sent else [])
