"""The pack in the real engine with the real provider: programs that never heard of this project, and ours.

No cloud answers: a preview of new resources needs none.
"""

from pathlib import Path

import pytest

from policies.catalogue import config_of
from policies.rules.image_and_flavor_known import NAME as CATALOGUED
from tests.estates import ROOT, sandbox
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

NOT_WHAT_IT_SEEMS = """
NOBODYS = "0f2b6c3e-0000-0000-0000-00000000dead"


def other(urn, metadata=RESTRICTED, opts=to, **arguments):
    openstack.compute.Instance(
        urn, networks=[{"name": "n"}], metadata=metadata, opts=opts, **{"name": urn, **arguments}
    )


def device(source="image", **more):
    return {"source_type": source, "destination_type": "local", "delete_on_termination": True, **more}


ids = {"image_id": NOBODYS, "flavor_id": NOBODYS}
other("names-of-the-catalogue", **ids, image_name="linux-esxi", flavor_name="esxi-small")
other("names-of-the-stack", **ids, image_name=vmware.name, flavor_name=esxi.name)
other("name-applied", image_id=vmware.id, flavor_name=esxi.name.apply(lambda n: "general"))
other("name-joined", image_name=pulumi.Output.concat(vmware.name, "-kvm"), flavor_id=esxi.id)
other(
    "names-applied",
    image_name=vmware.name.apply(lambda n: "linux-kvm"), flavor_name=esxi.name.apply(lambda n: "kvm-small"),
)
other("name-of-an-id", image_name=vmware.id.apply(lambda one: "linux-kvm"), flavor_id=esxi.id)
other(
    "device", image_id=NOBODYS, flavor_id=esxi.id, block_devices=[device(uuid=vmware.id, boot_index=0)]
)
workload = pulumi.ComponentResource("estate:index:Workload", "trial", {
    "name": "trial", "servers": ["made"], "restricted": False,
    "image": {"name": "i", "properties": VMWARE},
    "flavor": {"name": "f", "extraSpecs": {"trait:CUSTOM_HV_VMWARE": "required"}},
})
other("below-a-workload", opts=pulumi.ResourceOptions(provider=cloud, parent=workload), **ids)
other("LEDGER-DB", metadata=None, image_name="linux-kvm", flavor_name="kvm-small")
other("ledger", name="ledger-db ", metadata=None, image_name="linux-kvm", flavor_name="kvm-small")
other("named-later", name=vmware.id.apply(lambda one: "ledger-db"), metadata=None,
    image_name="linux-kvm", flavor_name="kvm-small")
other("hinted", metadata=None, image_name="linux-kvm", flavor_name="kvm-small",
    scheduler_hints=[{"additional_properties": {"_nova_check_type": "rebuild"}}])
openstack.compute.AggregateV2("joins-kvm", name="joins-kvm", zone="az-esxi", hosts=["nova-esx"], metadata={
    "trait:CUSTOM_HV_VMWARE": "required", "img_hv_type": "vmware", "availability_zone": "az-kvm",
}, opts=to)
"""
WHAT_IT_SEEMS = """
other("names", image_name=vmware.name, flavor_name=esxi.name)
other("both", image_id=vmware.id, image_name=vmware.name, flavor_id=esxi.id)
root = device(uuid=vmware.id, boot_index=0, destination_type="volume", volume_size=1)
data = device("blank", boot_index=-1, destination_type="volume", volume_size=1)
other("data-disk", flavor_id=esxi.id, block_devices=[root, data])
local = device(uuid=vmware.id, boot_index=0)
more = device("blank", boot_index=-1, volume_size=1)
other("local", image_id=vmware.id, flavor_id=esxi.id, block_devices=[local, more])
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


def test_a_foreign_program_that_asks_the_provider_for_something_else_than_it_seems(stack: Stack) -> None:
    known = ("preview", *stack.configuration({CATALOGUED: config_of(sandbox())}))
    found = stack.judged(HEAD, NOT_WHAT_IT_SEEMS, command=known)
    rules = {
        "names-of-the-catalogue": CATALOGUED,
        "names-of-the-stack": CATALOGUED,
        "name-applied": "esxi-restricted-on-esxi",
        "name-joined": CATALOGUED,
        "names-applied": "esxi-restricted-on-esxi",
        "name-of-an-id": CATALOGUED,
        "device": CATALOGUED,
        "below-a-workload": CATALOGUED,
        "LEDGER-DB": "restriction-key-read",
        "ledger": "restriction-key-read",
        "named-later": "esxi-restricted-on-esxi",
        "hinted": "hint-not-internal",
        "joins-kvm": "zone-on-one-side",
    }
    assert {name: rule for name, rule in rules.items() if rule not in found.get(name, "")} == {}
    legal = NOT_WHAT_IT_SEEMS.partition("ids = ")[0]
    stack.write(HEAD, legal, WHAT_IT_SEEMS)
    output = stack.run(*known, "--policy-pack", str(ROOT / "policies"))
    assert "[mandatory]" not in output


def test_what_the_provider_takes_from_the_environment_of_the_engine(stack: Stack) -> None:
    known = ("preview", *stack.configuration({CATALOGUED: config_of(sandbox())}))
    stack.environment |= {"OS_IMAGE_NAME": "linux-kvm", "OS_FLAVOR_ID": "kvm-small"}
    bare = """
def bare(name, **arguments):
    openstack.compute.Instance(
        name, name=name, networks=[{"name": "n"}], metadata=RESTRICTED, opts=to, **arguments
    )


bare("nothing")
bare("named", image_id=vmware.id, flavor_name=esxi.name)
bare("right", image_id=vmware.id, flavor_id=esxi.id)
"""
    found = stack.judged(HEAD, bare, command=known)
    assert set(found) == {"nothing", "named"}
    assert 'image "linux-kvm" runs on KVM only' in found["nothing"]
    assert 'flavor "kvm-small" is for KVM' in found["named"]


@pytest.mark.parametrize(
    ("told", "says"),
    [
        # By the schema that the pack gives the engine.
        ({CATALOGUED: {"images": {"some": {"properties": {}}}}}, "diskFormat is required"),
        # The pack's (test_over_resources has all).
        ({"cluster-dsr": "advisory"}, 'no rule "cluster-dsr". Did you mean cluster-drs'),
        # The engine's own words, which docs/policies.md explains.
        ({"image-and-flavors-known": {"images": {}}}, 'invalid enforcement level ""'),
    ],
)
def test_a_configuration_that_does_not_fit_stops_the_preview(
    stack: Stack, told: dict[str, object], says: str
) -> None:
    stack.write(HEAD, PASSING)
    wrong = stack.configuration(told)
    output = stack.run("preview", "--policy-pack", str(ROOT / "policies"), *wrong, fails=True)
    assert says in output
    assert "Traceback" not in output


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
