"""Each rule hits what it should and leaves the smallest legal variant alone."""

from dataclasses import replace

import pytest

from estate.model import Hypervisor
from policies.facts import UNKNOWN, AggregateFacts, Facts, FlavorFacts, ImageFacts, ServerFacts, Unknown
from policies.rule import Rule, Severity
from policies.rules import RULES

V, K = "trait:CUSTOM_HV_VMWARE", "trait:CUSTOM_HV_KVM"
IMAGE = ImageFacts(
    origin=("i",),
    name="rhel9-esxi",
    disk_format="vmdk",
    properties={"hypervisor_type": "vmware", V: "required", "vmware_disktype": "sparse"},
)
KVM_IMAGE = ImageFacts(
    origin=("k",),
    name="rhel9-kvm",
    disk_format="qcow2",
    properties={"hypervisor_type": "qemu", K: "required"},
)
FLAVOR = FlavorFacts(origin=("f",), name="esxi-small", extra_specs={V: "required"}, public=False)
KVM_FLAVOR = FlavorFacts(origin=("g",), name="kvm-small", extra_specs={K: "required"}, public=True)
SERVER = ServerFacts(
    origin=("w",),
    kind="workload",
    name="ledger",
    workload="ledger",
    restricted=True,
    reason="licence",
    image=IMAGE,
    flavor=FLAVOR,
    zone="az-esxi",
)
ESXI = AggregateFacts(
    origin=("a",),
    name="vendor",
    zone="az-esxi",
    hosts=("nova-esx",),
    metadata={V: "required", "img_hv_type": "vmware"},
    hypervisor=Hypervisor.ESXI,
)
KVM = AggregateFacts(
    origin=("b",),
    name="general",
    zone="az-kvm",
    hosts=("kvm1",),
    metadata={K: "required", "img_hv_type": "qemu"},
    hypervisor=Hypervisor.KVM,
)


def rule(name: str) -> Rule:
    return next(one for one in RULES if one.name == name)


def judged(name: str, *facts: object) -> list[str]:
    """Messages of one rule over facts, beside the other blocks of a small estate."""

    def of(kind: type, *others: object) -> tuple[object, ...]:
        own = [one for one in facts if isinstance(one, kind)]
        return (*own, *(one for one in others if one.origin not in {other.origin for other in own}))  # type: ignore[attr-defined]

    everything = Facts(
        aggregates=of(AggregateFacts, ESXI, KVM),  # type: ignore[arg-type]
        images=of(ImageFacts, IMAGE, KVM_IMAGE),  # type: ignore[arg-type]
        flavors=of(FlavorFacts, FLAVOR, KVM_FLAVOR),  # type: ignore[arg-type]
        servers=of(ServerFacts),  # type: ignore[arg-type]
        workloads_expected=True,
    )
    return [one.message for one in rule(name).judge(everything)]


def image(**properties: str | Unknown) -> ServerFacts:
    """The restricted server with an image of these properties (``trait`` is that of ESXi)."""
    named = {V if key == "trait" else key: value for key, value in properties.items()}
    return replace(SERVER, image=replace(IMAGE, properties=named))


MUST = "the workload must stay on ESXi (restriction: licence)"

RESTRICTED = [
    (
        replace(SERVER, image=KVM_IMAGE),
        f'image "rhel9-kvm" runs on KVM only, but {MUST}. Use an ESXi image: rhel9-esxi.',
    ),
    (
        image(hypervisor_type="vmware", img_hv_type="kvm", trait="required"),
        'image "rhel9-esxi" runs on KVM only',  # the canonical name wins
    ),
    (image(), "does not carry hypervisor_type=vmware and trait:CUSTOM_HV_VMWARE=required"),
    (image(hypervisor_type="vmware"), "does not carry trait:CUSTOM_HV_VMWARE=required"),
    (image(hypervisor_type="vmware", trait="Required"), "does not carry trait:CUSTOM_HV_VMWARE=required"),
    (image(hypervisor_type="vmware", trait=UNKNOWN), "does not carry trait:CUSTOM_HV_VMWARE=required"),
    (image(hypervisortype="vmware", trait="required"), "does not carry hypervisor_type=vmware"),
    (image(hypervisor_type="esxi", trait="required"), "does not carry hypervisor_type=vmware"),
    (image(hypervisor_type=" vmware", trait="required"), "does not carry hypervisor_type=vmware"),
    (image(hypervisor_type=UNKNOWN, trait="required"), "does not carry hypervisor_type=vmware"),
    (
        image(**{"hypervisor_type": "vmware", "trait": "required", K: "required"}),
        f'image "rhel9-esxi" carries {K}',
    ),
    (
        replace(SERVER, image=replace(IMAGE, disk_format="qcow2")),
        "has disk format qcow2, which ESXi cannot boot",
    ),
    (replace(SERVER, image=UNKNOWN), "the tags of its image cannot be known here"),
    (replace(SERVER, image=replace(IMAGE, properties=UNKNOWN)), "the tags of its image cannot be known here"),
    (
        replace(SERVER, flavor=KVM_FLAVOR),
        f'flavor "kvm-small" is for KVM ({K}), but {MUST}. Use an ESXi flavor: esxi-small.',
    ),
    (replace(SERVER, flavor=replace(FLAVOR, extra_specs={})), f"does not require {V}=required"),
    (replace(SERVER, flavor=replace(FLAVOR, extra_specs={V: "forbidden"})), f"does not require {V}=required"),
    (replace(SERVER, flavor=replace(FLAVOR, extra_specs={V: UNKNOWN})), f"does not require {V}=required"),
    (replace(SERVER, flavor=UNKNOWN), "the extra specs of its flavor cannot be known here"),
    (replace(SERVER, zone="az-kvm"), f'zone "az-kvm" is KVM, but {MUST}. Use an ESXi zone: az-esxi.'),
    (replace(SERVER, zone="az-esxi:kvm1"), "names a host, which makes Nova skip its filters"),
    (replace(SERVER, zone="az-esxi::node"), 'Name the zone alone: "az-esxi".'),
    (replace(SERVER, zone=UNKNOWN), "its availability zone cannot be known here"),
    (
        replace(SERVER, restricted=UNKNOWN, image=KVM_IMAGE, flavor=KVM_FLAVOR),
        "it is not known yet whether this server must stay on ESXi",
    ),
]


@pytest.mark.parametrize(("server", "says"), RESTRICTED, ids=[says[-45:] for _, says in RESTRICTED])
def test_a_restricted_server_that_could_leave_esxi(server: ServerFacts, says: str) -> None:
    (message,) = judged("esxi-restricted-on-esxi", server)
    assert says in message


@pytest.mark.parametrize(
    "server",
    [
        SERVER,
        replace(SERVER, zone=None),
        replace(SERVER, zone="az-of-another-stack"),
        replace(SERVER, restricted=UNKNOWN),
        replace(SERVER, image=replace(IMAGE, disk_format=None)),
        image(hypervisor_type="VMware", trait="required"),
        image(img_hv_type="vmware", trait="required"),
        replace(SERVER, restricted=False, image=KVM_IMAGE, flavor=KVM_FLAVOR, zone="az-kvm"),
        replace(SERVER, restricted=False, image=UNKNOWN, flavor=UNKNOWN, zone=UNKNOWN),
    ],
)
def test_a_server_that_stays_or_may_leave(server: ServerFacts) -> None:
    assert judged("esxi-restricted-on-esxi", server) == []


def test_every_fault_of_a_server_is_said() -> None:
    server = replace(SERVER, image=KVM_IMAGE, flavor=KVM_FLAVOR, zone="az-kvm")
    assert len(judged("esxi-restricted-on-esxi", server)) == 3


@pytest.mark.parametrize(
    ("metadata", "lacks"),
    [
        ({}, "trait:CUSTOM_HV_VMWARE=required and img_hv_type=vmware"),
        ({"img_hv_type": "vmware"}, "trait:CUSTOM_HV_VMWARE=required"),
        ({V: "required"}, "img_hv_type=vmware"),
        ({V: "required", "hypervisor_type": "vmware"}, "img_hv_type=vmware"),
        ({V: "true", "img_hv_type": "vmware"}, "trait:CUSTOM_HV_VMWARE=required"),
        ({V: UNKNOWN, "img_hv_type": "vmware"}, "trait:CUSTOM_HV_VMWARE=required"),
    ],
)
def test_an_esxi_aggregate_that_is_open(metadata: dict[str, str | Unknown], lacks: str) -> None:
    (message,) = judged("esxi-aggregate-isolated", replace(ESXI, metadata=metadata))
    assert f"its metadata lacks {lacks}." in message


@pytest.mark.parametrize("hypervisor", [Hypervisor.ESXI, None])
def test_an_aggregate_whose_metadata_nobody_knows(hypervisor: Hypervisor | None) -> None:
    (message,) = judged("esxi-aggregate-isolated", replace(ESXI, metadata=UNKNOWN, hypervisor=hypervisor))
    assert "cannot be known here" in message


def test_an_aggregate_with_the_trait_of_the_other_side() -> None:
    (message,) = judged("esxi-aggregate-isolated", replace(ESXI, metadata={**ESXI.metadata, K: "required"}))  # type: ignore[dict-item]
    assert "carries trait:CUSTOM_HV_KVM, the trait of KVM" in message


def test_metadata_alone_tells_that_an_aggregate_is_esxi() -> None:
    raw = replace(ESXI, hypervisor=None, metadata={"img_hv_type": "vmware"})
    assert judged("esxi-aggregate-isolated", raw) != []
    assert judged("esxi-aggregate-isolated", replace(ESXI, hypervisor=None)) == []
    assert judged("esxi-aggregate-isolated", replace(KVM, hypervisor=None, metadata={"pinned": "true"})) == []


def test_a_kvm_aggregate_that_is_open() -> None:
    (message,) = judged("kvm-aggregate-isolated", replace(KVM, metadata={"img_hv_type": "qemu"}))
    assert "the KVM aggregate is not isolated: its metadata lacks trait:CUSTOM_HV_KVM=required." in message
    assert judged("kvm-aggregate-isolated") == []


def test_a_host_on_both_sides() -> None:
    (message,) = judged("host-on-one-side", replace(KVM, hosts=("kvm1", "nova-esx")))
    assert 'host "nova-esx" is also a member of the ESXi aggregate "vendor"' in message
    unsaid = replace(KVM, hosts=("nova-esx",), hypervisor=None, metadata={})
    assert len(judged("host-on-one-side", unsaid)) == 1


def test_a_host_on_one_side_in_several_aggregates() -> None:
    second = replace(ESXI, origin=("c",), name="second")
    assert judged("host-on-one-side", second) == []


@pytest.mark.parametrize(
    ("aggregate", "side", "sentence"),
    [
        # Nova finds a host in whatever letter case.
        (replace(KVM, hosts=("KVM1",)), Hypervisor.ESXI, 'host "KVM1" is on ESXi, as the catalogue says'),
        (replace(ESXI, hosts=("kvm1",)), Hypervisor.KVM, 'host "kvm1" is on KVM, as the catalogue says'),
        (KVM, Hypervisor.KVM, None),
        (replace(ESXI, hosts=("kvm1",)), Hypervisor.ESXI, None),
    ],
)
def test_a_host_of_another_programs_aggregate(
    aggregate: AggregateFacts, side: Hypervisor, sentence: str | None
) -> None:
    facts = Facts(aggregates=(aggregate,), hosts={"kvm1": side})
    said = " ".join(one.message for one in rule("host-on-one-side").judge(facts))
    assert sentence in said if sentence else said == ""


@pytest.mark.parametrize("hosts", [UNKNOWN, ("kvm1", UNKNOWN)])
def test_members_of_another_aggregate_that_nobody_knows(hosts: object) -> None:
    other = replace(KVM, hosts=hosts)  # type: ignore[arg-type]
    (message,) = judged("host-on-one-side", other)
    assert "may be those of an ESXi aggregate" in message
    assert list(rule("host-on-one-side").judge(Facts(aggregates=(other,)))) == []


@pytest.mark.parametrize("hosts", [UNKNOWN, ("nova-esx", UNKNOWN)])
def test_members_of_an_esxi_aggregate_that_nobody_knows(hosts: object) -> None:
    (message,) = judged("host-on-one-side", replace(ESXI, hosts=hosts))  # type: ignore[arg-type]
    assert "the members of this ESXi aggregate cannot be known here" in message


def test_an_esxi_flavor_for_everybody() -> None:
    (message,) = judged("esxi-flavor-private", replace(FLAVOR, public=True))
    assert 'flavor "esxi-small" requires trait:CUSTOM_HV_VMWARE and is public' in message
    (message,) = judged("esxi-flavor-private", replace(FLAVOR, public=UNKNOWN))
    assert "may be public" in message
    (message,) = judged("esxi-flavor-private", replace(FLAVOR, public=True, extra_specs=UNKNOWN))
    assert "cannot be known here" in message


@pytest.mark.parametrize(
    "flavor", [FLAVOR, replace(FLAVOR, public=None), KVM_FLAVOR, replace(KVM_FLAVOR, extra_specs={})]
)
def test_a_flavor_that_opens_nothing(flavor: FlavorFacts) -> None:
    assert judged("esxi-flavor-private", flavor) == []


def test_a_server_by_hand() -> None:
    server = replace(SERVER, kind="server", name="extra", workload=None, restricted=False)
    (message,) = judged("server-inside-workload", server)
    assert 'server "extra" belongs to no workload' in message
    assert judged("server-inside-workload", SERVER) == []
    foreign = Facts(servers=(server,), workloads_expected=False)
    assert list(rule("server-inside-workload").judge(foreign)) == []


def test_every_rule_says_what_people_need() -> None:
    assert len({one.name for one in RULES}) == len(RULES)
    for one in RULES:
        assert one.name == one.name.lower()
        assert one.severity in Severity
        for text in (one.description, one.why, one.what_to_do):
            assert text.endswith(".")
        assert one.source


def tagged(image: ImageFacts, /, **tags: object) -> ImageFacts:
    """With further properties; ``None`` removes one."""
    assert not isinstance(image.properties, Unknown)
    merged = {**image.properties, **{key.replace("__", ":"): value for key, value in tags.items()}}
    return replace(image, properties={key: one for key, one in merged.items() if one is not None})  # type: ignore[misc]


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (replace(IMAGE, disk_format="qcow2"), "expected disk format vmdk, found qcow2"),
        (replace(IMAGE, disk_format=UNKNOWN), "one that cannot be known here"),
        (tagged(IMAGE, trait__CUSTOM_HV_VMWARE=None), f"does not carry {V}=required"),
        (tagged(IMAGE, hypervisor_type=None), "does not carry hypervisor_type=vmware"),
        (tagged(IMAGE, vmware_disktype=None), "found none: without it Nova takes the file for a flat extent"),
        (tagged(IMAGE, vmware_disktype="preallocated"), "found preallocated"),
        (tagged(IMAGE, vmware_disktype="Sparse"), "found Sparse"),
        (tagged(IMAGE, vmware_disktype=UNKNOWN), "found one that cannot be known here"),
        (tagged(IMAGE, vmware_adaptertype="lsilogic"), "found lsilogic"),
        (tagged(IMAGE, hw_disk_bus="scsi"), "without hw_scsi_model"),
        (tagged(IMAGE, hw_vif_model="virtio"), "found virtio"),
        (tagged(IMAGE, os_distro="ubuntu"), "becomes the vSphere guest id"),
    ],
)
def test_an_image_that_esxi_does_not_boot(image: ImageFacts, says: str) -> None:
    (message,) = judged("esxi-image-boots", image)
    assert says in message


@pytest.mark.parametrize(
    "image",
    [
        IMAGE,
        tagged(
            IMAGE, vmware_adaptertype="paraVirtual", hw_vif_model="vmxnet3", vmware_ostype="rhel9_64Guest"
        ),
        tagged(IMAGE, vmware_disktype=None, hw_disk_type="streamOptimized"),
        tagged(IMAGE, hw_disk_bus="scsi", hw_scsi_model="vmpvscsi"),
        tagged(KVM_IMAGE, os_distro="ubuntu"),
    ],
)
def test_an_image_that_boots(image: ImageFacts) -> None:
    assert judged("esxi-image-boots", image) == []


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (replace(KVM_IMAGE, disk_format="vmdk"), "expected disk format qcow2 or raw for KVM, found vmdk"),
        (tagged(KVM_IMAGE, trait__CUSTOM_HV_KVM=None), f"does not carry {K}=required"),
        (tagged(KVM_IMAGE, hypervisor_type=None), "does not carry hypervisor_type=qemu"),
        (tagged(KVM_IMAGE, trait__CUSTOM_HV_VMWARE="required"), "the trait of ESXi"),
        (tagged(KVM_IMAGE, vmware_ostype="otherGuest"), "vmware_ostype, which only the VMware driver reads"),
    ],
)
def test_a_kvm_image_that_is_half_tagged(image: ImageFacts, says: str) -> None:
    (message,) = judged("kvm-image-tagged", image)
    assert says in message
    assert judged("kvm-image-tagged", KVM_IMAGE, tagged(KVM_IMAGE, hypervisor_type="kvm")) == []


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (
            tagged(IMAGE, hypervisor_type=None, **{"hypervisor-type": "vmware"}),
            "Did you mean hypervisor_type?",
        ),
        (tagged(IMAGE, Hypervisor_Type="vmware"), "Did you mean hypervisor_type?"),
        (tagged(IMAGE, trait__custom_hv_vmware="required"), f"Did you mean {V}?"),
        (tagged(IMAGE, vmware_disk_type="sparse"), "Did you mean vmware_disktype?"),
        (tagged(IMAGE, trait__CUSTOM_HV_VMWARE="Required"), f"Nova reads only {V}=required"),
        (tagged(IMAGE, hypervisor_type="esxi"), "expected hypervisor_type qemu or vmware, found 'esxi'"),
        (replace(IMAGE, disk_format="iso", properties={}), "nothing says for which hypervisor"),
        (replace(IMAGE, properties=UNKNOWN), "cannot be known here"),
        (tagged(IMAGE, hypervisor_type=UNKNOWN), "its hypervisor_type cannot be known here"),
    ],
)
def test_a_tag_that_nova_does_not_read(image: ImageFacts, says: str) -> None:
    (message,) = judged("image-tag-read", image)
    assert says in message


def test_tags_that_nova_reads() -> None:
    assert judged("image-tag-read", tagged(IMAGE, hw_qemu_guest_agent="yes", hypervisor_type="VMware")) == []


def test_memory_of_an_esxi_flavor() -> None:
    (message,) = judged("esxi-flavor-memory", replace(FLAVOR, memory=1022))
    assert message == "expected a multiple of 4 MiB, found 1022 MiB. Use 1024 MiB."
    assert len(judged("esxi-flavor-memory", replace(FLAVOR, memory=UNKNOWN))) == 1
    assert judged("esxi-flavor-memory", replace(FLAVOR, memory=1024)) == []
    assert judged("esxi-flavor-memory", replace(KVM_FLAVOR, memory=1022)) == []


@pytest.mark.parametrize(
    "specs", [{}, {V: "required", K: "required"}, {V: "Required"}, UNKNOWN, {V: UNKNOWN}]
)
def test_a_flavor_that_leads_to_no_side(specs: object) -> None:
    assert len(judged("flavor-on-one-side", replace(FLAVOR, extra_specs=specs))) == 1  # type: ignore[arg-type]
    assert judged("flavor-on-one-side") == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hypervisor_type", "vmware"),
        ("img-hv-type", "vmware"),
        ("Trait:CUSTOM_HV_VMWARE", "required"),
        ("trait:CUSTOM_HV_VMWARE", "true"),
        ("trait:CUSTOM_GPU", UNKNOWN),
    ],
)
def test_metadata_of_an_aggregate_that_nova_does_not_read(key: str, value: str | Unknown) -> None:
    assert len(judged("aggregate-metadata-read", replace(ESXI, metadata={key: value}))) == 1
    assert judged("aggregate-metadata-read", replace(ESXI, metadata={"pinned": "true", V: "required"})) == []


def test_a_zone_of_both_sides() -> None:
    (message,) = judged("zone-on-one-side", replace(KVM, zone="az-esxi"))
    assert 'zone "az-esxi" is that of aggregate "general", which is on another side' in message
    assert len(judged("zone-on-one-side", replace(ESXI, zone=UNKNOWN))) == 1
    (message,) = judged("zone-on-one-side", replace(KVM, zone=UNKNOWN))
    assert "may be one of ESXi" in message
    alone = Facts(aggregates=(replace(KVM, zone=UNKNOWN),))
    assert list(rule("zone-on-one-side").judge(alone)) == []
    assert len(list(rule("zone-on-one-side").judge(replace(alone, zones={"az": Hypervisor.ESXI})))) == 1
    assert judged("zone-on-one-side", replace(ESXI, origin=("c",), name="second")) == []


def test_a_host_that_a_server_names() -> None:
    free = replace(SERVER, restricted=False, zone="az-kvm:kvm1")
    (message,) = judged("host-not-named", free)
    assert 'Name the zone alone: "az-kvm".' in message
    assert len(judged("host-not-named", replace(SERVER, host="kvm1"))) == 1
    assert judged("host-not-named", SERVER, replace(free, origin=("x",), zone="az-kvm")) == []
