"""The proof holds for the sandbox's documents, and takes away each setting to see what it is for."""

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from estate.placement.guarantee import conf
from estate.placement.nova import Conf, Image, Operation, Request, Source, decide
from estate.placement.proof import (
    ASSUMPTIONS,
    Claim,
    Counterexample,
    Proof,
    Situation,
    Step,
    prove,
    settings,
    situation_of,
    svg,
)
from estate.placement.proof.claims import step
from estate.placement.proof.requests import Who
from estate.rendering import render
from tests.estates import changed, sandbox

BASE = situation_of(sandbox())
ROOT = {"type": "standard-esxi", "size": "10 GiB"}
VOLUMES = situation_of(
    changed(("workloads/ledger-db/boot_volume", ROOT), ("workloads/swift-gateway/boot_volume", ROOT))
)
"""As the sandbox, with restricted servers whose root disk is a volume."""

NEEDED = {
    "nova.conf [scheduler] enable_isolated_aggregate_filtering = true": Claim.ESXI_BY_GRANT,
    "nova.conf [scheduler] image_metadata_prefilter = false": Claim.LANDS,
    'aggregate "general": trait:CUSTOM_HV_KVM': Claim.UNTAGGED_NOWHERE,
    'aggregate "general": availability_zone': Claim.LANDS,
    'aggregate "vendor": trait:CUSTOM_HV_VMWARE': Claim.ESXI_BY_GRANT,
    'aggregate "vendor": availability_zone': Claim.LANDS,
    "provider.yaml of kvm01.sandbox.example: CUSTOM_HV_KVM": Claim.LANDS,
    "provider.yaml of nova-esx-a: CUSTOM_HV_VMWARE": Claim.LANDS,
    "provider.yaml of nova-esx-b: CUSTOM_HV_VMWARE": Claim.LANDS,
    'flavor "kvm-small": extra spec trait:CUSTOM_HV_KVM': Claim.ESXI_BY_GRANT,
    'flavor "kvm-medium": extra spec trait:CUSTOM_HV_KVM': Claim.ESXI_BY_GRANT,
    'flavor "esxi-small": extra spec trait:CUSTOM_HV_VMWARE': Claim.LANDS,
    'flavor "esxi-medium": extra spec trait:CUSTOM_HV_VMWARE': Claim.LANDS,
    'flavor "esxi-small": access for its projects only': Claim.ESXI_BY_GRANT,
    'flavor "esxi-medium": access for its projects only': Claim.ESXI_BY_GRANT,
    "property-protections.conf ^trait:CUSTOM_HV_.*": Claim.ESXI_BY_GRANT,
    "cinder policy volume_extension:volume_image_metadata:set": Claim.ESXI_BY_GRANT,
    "nova policy os_compute_api:servers:rebuild": Claim.RESTRICTED_STAYS,
}
"""Setting → the claim that is first broken without it."""

SECOND = {
    "nova.conf [scheduler] query_placement_for_image_type_support = true",
    "nova.conf [DEFAULT] default_schedule_zone",
    "nova.conf [filter_scheduler] enabled_filters: ImagePropertiesFilter",
    "nova.conf [filter_scheduler] enabled_filters: AggregateImagePropertiesIsolation",
    'aggregate "vendor": img_hv_type',
    'aggregate "general": img_hv_type',
    'image "linux-kvm": hypervisor_type',
    'image "linux-kvm": trait:CUSTOM_HV_KVM',
    'image "batch-kvm": hypervisor_type',
    'image "batch-kvm": trait:CUSTOM_HV_KVM',
    'image "linux-esxi": hypervisor_type',
    'image "linux-esxi": trait:CUSTOM_HV_VMWARE',
    'image "appliance-esxi": hypervisor_type',
    'image "appliance-esxi": trait:CUSTOM_HV_VMWARE',
}
"""Second barriers: without one of them alone the guarantee holds; tests below show what each stops
nevertheless.
"""


def without(situation: Situation, *names: str) -> Situation:
    for name in names:
        (found,) = [one for one in settings(situation) if one.name == name]
        situation = found.without
    return situation


def run(found: Counterexample, situation: Situation) -> frozenset[str]:
    """Where the last step lands, asked of the engine on the whole cloud."""
    last = found.steps[-1].request
    assert last is not None
    return decide(situation.cloud, last).accepted


@pytest.mark.parametrize("situation", [BASE, VOLUMES], ids=["images", "root volumes"])
def test_the_guarantee_holds(situation: Situation) -> None:
    proof = prove(situation)
    assert proof.counterexamples == ()
    assert proof.holds
    claims = {row.claim for row in proof.rows}
    assert claims == set(Claim)
    assert all(row.holds for row in proof.rows)
    assert not any(row.kvm for row in proof.rows if row.claim is Claim.RESTRICTED_STAYS)
    assert not any(row.esxi for row in proof.rows if row.claim is Claim.ESXI_BY_GRANT)
    assert any(row.esxi for row in proof.rows if row.claim is Claim.RESTRICTED_STAYS)


@pytest.mark.parametrize("base", [BASE, VOLUMES], ids=["images", "root volumes"])
@pytest.mark.parametrize("name", NEEDED)
def test_without_a_setting_there_is_a_counterexample(name: str, base: Situation) -> None:
    situation = without(base, name)
    proof = prove(situation)
    assert not proof.holds
    first = proof.counterexamples[0]
    assert first.claim is NEEDED[name]
    lands = run(first, situation)
    match first.claim:
        case Claim.RESTRICTED_STAYS:
            assert lands & situation.kvm
        case Claim.ESXI_BY_GRANT:
            assert lands & situation.esxi
        case Claim.UNTAGGED_NOWHERE:
            assert lands
        case Claim.LANDS:
            assert first.workload is not None
            assert set(first.lands) <= lands
            assert first.why


def test_every_setting_is_needed_or_a_second_barrier() -> None:
    spare = {one.name for one in (*settings(BASE), *settings(VOLUMES))} - set(NEEDED)
    assert spare - SECOND == {
        # They narrow what a request may do, and open nothing.
        "property-protections.conf ^hypervisor_type$",
        "property-protections.conf ^img_hv_type$",
        "glance-api.conf [image_format] disk_formats",
        # They are about volumes, disabled services and server groups, not about sides.
        "nova.conf [cinder] cross_az_attach = false",
        "nova.conf [filter_scheduler] enabled_filters: ComputeFilter",
        "nova.conf [filter_scheduler] enabled_filters: ComputeCapabilitiesFilter",
        "nova.conf [filter_scheduler] enabled_filters: ServerGroupAntiAffinityFilter",
        "nova.conf [filter_scheduler] enabled_filters: ServerGroupAffinityFilter",
    }
    assert spare >= SECOND


@pytest.mark.parametrize("name", sorted(SECOND))
def test_without_a_second_barrier_the_guarantee_holds(name: str) -> None:
    assert prove(without(BASE, name)).holds
    assert prove(without(VOLUMES, name)).holds


FORMATS = "nova.conf [scheduler] query_placement_for_image_type_support = true"
REBUILD = "nova policy os_compute_api:servers:rebuild"
ISOLATION = "nova.conf [scheduler] enable_isolated_aggregate_filtering = true"
IMAGE_FILTER = "nova.conf [filter_scheduler] enabled_filters: ImagePropertiesFilter"
AGGREGATE_FILTER = "nova.conf [filter_scheduler] enabled_filters: AggregateImagePropertiesIsolation"
KVM_TRAIT = 'image "linux-kvm": trait:CUSTOM_HV_KVM'
KVM_TYPE = 'image "linux-kvm": hypervisor_type'
BATCH_TRAIT = 'image "batch-kvm": trait:CUSTOM_HV_KVM'
BATCH_TYPE = 'image "batch-kvm": hypervisor_type'
ESXI_TRAIT = 'image "{}": trait:CUSTOM_HV_VMWARE'
ESXI_TYPE = 'image "{}": hypervisor_type'
ON_ESXI = [ESXI_TRAIT.format("linux-esxi"), ESXI_TRAIT.format("appliance-esxi")]

BARRIERS = {
    ESXI_TRAIT.format("linux-esxi"): [ESXI_TYPE.format("linux-esxi")],
    ESXI_TYPE.format("linux-esxi"): [ESXI_TRAIT.format("linux-esxi")],
    ESXI_TRAIT.format("appliance-esxi"): [ESXI_TYPE.format("appliance-esxi")],
    ESXI_TYPE.format("appliance-esxi"): [ESXI_TRAIT.format("appliance-esxi")],
    IMAGE_FILTER: [*ON_ESXI, AGGREGATE_FILTER],
    AGGREGATE_FILTER: [*ON_ESXI, IMAGE_FILTER],
    'aggregate "general": img_hv_type': [*ON_ESXI, IMAGE_FILTER],
    'aggregate "vendor": img_hv_type': [KVM_TRAIT, IMAGE_FILTER, ISOLATION],
    KVM_TRAIT: [KVM_TYPE, ISOLATION],
    KVM_TYPE: [KVM_TRAIT, ISOLATION],
    BATCH_TRAIT: [BATCH_TYPE, ISOLATION],
    BATCH_TYPE: [BATCH_TRAIT, ISOLATION],
}
"""Second barrier → what must be gone before it alone holds."""


def broken(proof: Proof) -> set[tuple[str, str, str, str]]:
    return {(row.claim, row.who, row.flavor, row.boot) for row in proof.rows if not row.holds}


@pytest.mark.parametrize("name", BARRIERS)
def test_a_second_barrier_holds_where_the_first_is_gone(name: str) -> None:
    first = without(VOLUMES, *BARRIERS[name])
    assert broken(prove(first)) < broken(prove(without(first, name)))


def test_every_second_barrier_is_tried() -> None:
    assert set(BARRIERS) | {FORMATS, "nova.conf [DEFAULT] default_schedule_zone"} == SECOND


def test_the_format_of_an_image_keeps_it_off_the_other_side_once_isolation_is_off() -> None:
    asked = Request(
        flavor=BASE.offer["plain"].flavor,
        image=Image(name="own", disk_format="qcow2"),
        project="any-other-project",
        zone="az-esxi",
    )
    assert decide(without(BASE, ISOLATION).cloud, asked).accepted == frozenset()
    assert decide(without(BASE, ISOLATION, FORMATS).cloud, asked).accepted == BASE.esxi


def test_the_default_zone_stops_requests_that_name_none_once_isolation_is_off() -> None:
    first = "nova.conf [scheduler] enable_isolated_aggregate_filtering = true"
    zone = "nova.conf [DEFAULT] default_schedule_zone"
    blank = replace(BASE.offer["plain"].flavor)

    def lands(situation: Situation) -> frozenset[str]:
        request = next(
            step.request
            for one in prove(situation).counterexamples
            for step in one.steps
            if step.request is not None and step.request.source is Source.BLANK
        )
        return decide(situation.cloud, replace(request, flavor=blank, zone=None)).accepted & BASE.esxi

    assert not lands(without(BASE, first))
    assert lands(without(BASE, first, zone)) == BASE.esxi


def test_the_shortest_way_around_is_found() -> None:
    proof = prove(without(BASE, REBUILD))
    first = proof.counterexamples[0]
    assert [step.operation for step in first.steps] == ["create", "unpin", "rebuild", "rebuild", "resize"]
    assert not first.who.admin
    other, own = (step.request for step in first.steps[2:4])
    assert other is not None
    assert own is not None
    assert decide(without(BASE, REBUILD).cloud, other).accepted == frozenset()
    assert own.image == BASE.picture["linux-esxi"].image


def test_administrators_evacuate_what_a_rebuild_left_in_error() -> None:
    """Nova lets them; the image that was refused then counts."""
    ways = {
        tuple(step.operation for step in one.steps)
        for one in prove(without(BASE, REBUILD)).counterexamples
        if one.who.admin
    }
    assert ("create", "unpin", "resize", "rebuild", "evacuate") in ways


def of_a_blank_volume() -> Counterexample:
    """No counterexample, but what the proof takes for granted: ``ASSUMPTIONS``."""
    made = Request(
        flavor=BASE.offer["esxi-small"].flavor,
        image=None,
        source=Source.BLANK,
        project="payments",
        zone="az-esxi",
    )
    resized = replace(
        made, operation=Operation.RESIZE, flavor=BASE.offer["kvm-small"].flavor, zone=None, on="nova-esx-a"
    )
    return Counterexample(
        claim=Claim.RESTRICTED_STAYS,
        who=Who(project="payments"),
        workload=None,
        steps=(step(made), Step(operation="unpin", request=None), step(resized)),
        lands=tuple(sorted(decide(BASE.cloud, resized).accepted)),
        why="nothing but its flavor says where it belongs",
    )


def test_a_server_of_a_blank_volume_is_held_by_its_flavor_alone() -> None:
    found = of_a_blank_volume()
    assert set(found.lands) == BASE.kvm
    assert any("blank volume" in one for one in ASSUMPTIONS)


def test_the_picture_has_every_row_of_the_matrix() -> None:
    proof = prove(without(BASE, "property-protections.conf ^trait:CUSTOM_HV_.*"))
    picture = ElementTree.fromstring(svg(proof, "sandbox <&>"))  # noqa: S314 - our own
    space = "{http://www.w3.org/2000/svg}"
    cells = picture.findall(f"{space}g")
    assert len(cells) == len(proof.rows)
    broken = [one for one in cells if (one.findtext(f"{space}title") or "").endswith("broken")]
    assert len(broken) == sum(not row.holds for row in proof.rows) > 0
    for one in picture.iter(f"{space}text"):
        assert 0 < float(one.attrib["y"]) < float(picture.attrib["viewBox"].split()[3])


def test_members_may_not_use_what_they_were_not_granted() -> None:
    proof = prove(without(BASE, 'flavor "esxi-small": access for its projects only'))
    first = proof.counterexamples[0]
    assert first.who.project == "any-other-project"
    assert [step.operation for step in first.steps] == ["create"]


@pytest.mark.parametrize(
    "change",
    [
        ("workloads/web-1/image", "linux-esxi"),
        ("workloads/ledger-db/image", "linux-kvm"),
        ("workloads/ledger-db/flavor", "kvm-small"),
    ],
    ids=lambda one: one[0],
)
def test_documents_that_break_the_guarantee_break_the_proof(change: tuple[str, Any]) -> None:
    proof = prove(situation_of(changed(change)))
    assert not proof.holds
    assert {one.claim for one in proof.counterexamples} <= {Claim.LANDS, Claim.RESTRICTED_STAYS}


def test_what_is_rendered_is_what_is_proven() -> None:
    rendered = {one.name: one for one in render(sandbox())}
    written = rendered["nova-control/etc/nova/nova.conf.d/50-estate.conf"].settings
    proven = conf(sandbox())
    assert proven == Conf(
        enable_isolated_aggregate_filtering=written["scheduler", "enable_isolated_aggregate_filtering"]
        == "true",
        query_placement_for_image_type_support=written["scheduler", "query_placement_for_image_type_support"]
        == "true",
        image_metadata_prefilter=written["scheduler", "image_metadata_prefilter"] == "true",
        enabled_filters=tuple(written["filter_scheduler", "enabled_filters"].split(",")),
        default_schedule_zone=written["DEFAULT", "default_schedule_zone"],
        cross_az_attach=written["cinder", "cross_az_attach"] == "true",
        allow_resize_to_same_host=written["DEFAULT", "allow_resize_to_same_host"] == "true",
        rebuild=False,
    )
    glance = rendered["glance-api/etc/glance/glance-api.conf.d/50-estate.conf"].settings
    assert tuple(glance["image_format", "disk_formats"].split(",")) == BASE.rights.disk_formats
    protections = rendered["glance-api/etc/glance/property-protections.conf"].text
    assert all(f"[{pattern}]\ncreate = admin" in protections for pattern in BASE.rights.protected_properties)
    policy = rendered["cinder-api/etc/cinder/policy.d/50-estate.yaml"].text
    assert '"volume_extension:volume_image_metadata:set": "rule:admin_api"' in policy
    nova_policy = rendered["nova-control/etc/nova/policy.d/50-estate.yaml"].text
    assert '"os_compute_api:servers:rebuild": "!"' in nova_policy


def test_members_that_differ_are_declared_each_as_they_are() -> None:
    made = situation_of(
        changed(
            ("workloads/web-1/members", "web-[1,3]"),
            ("workloads/web-1/differences", {"web-3": {"flavor": "kvm-medium"}}),
        )
    )
    flavors = {name: one.flavor for one in made.declared for name in one.names if name.startswith("web-1")}
    assert flavors == {"web-1": "kvm-small", "web-1/web-3": "kvm-medium"}
