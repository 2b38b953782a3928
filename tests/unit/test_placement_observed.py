"""What a real nova-scheduler of 2026.2 did with five KVM hosts and one vSphere cluster, case by case.

Each row was tried with the services themselves, seven servers a time; the engine must say the same.
"""

from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from estate.placement.nova import Cloud, Operation, Request, ServerGroup, Source, decide
from tests.clouds import (
    ESXI,
    EVERYWHERE,
    KVM,
    NOWHERE,
    aggregate,
    cloud,
    flavor,
    image,
    isolated,
    request,
)

TYPES = {"query_placement_for_image_type_support": True}


def member(**changed: Any) -> Request:
    """A request of somebody who is no administrator."""
    return request(admin=False, **changed)


class Case(NamedTuple):
    what: str
    cloud: Cloud
    request: Request
    lands: frozenset[str]


CASES = [
    Case("hypervisor_type=vmware", cloud(), request(image=image(hypervisor_type="vmware")), ESXI),
    Case("img_hv_type in any case", cloud(), request(image=image(img_hv_type="VMware")), ESXI),
    Case("kvm", cloud(), request(image=image(hypervisor_type="kvm")), KVM),
    Case("qemu", cloud(), request(image=image(hypervisor_type="qemu")), KVM),
    Case("no property", cloud(), request(), EVERYWHERE),
    Case("misspelt key", cloud(), request(image=image(hypervisortype="vmware")), EVERYWHERE),
    Case("upper case key", cloud(), request(image=image(Hypervisor_type="vmware")), EVERYWHERE),
    Case(
        "disk type and format only",
        cloud(),
        request(image=image("vmdk", vmware_disktype="sparse")),
        EVERYWHERE,
    ),
    Case("value esxi", cloud(), request(image=image(hypervisor_type="esxi")), NOWHERE),
    Case("value as shown", cloud(), request(image=image(hypervisor_type="VMware vCenter Server")), NOWHERE),
    Case("leading space", cloud(), request(image=image(hypervisor_type=" vmware")), NOWHERE),
    Case("empty value", cloud(), request(image=image(hypervisor_type="")), NOWHERE),
    Case(
        "both, different",
        cloud(),
        request(image=image(hypervisor_type="qemu", img_hv_type="vmware")),
        ESXI,
    ),
    Case(
        "forced host, VMware image",
        cloud(),
        request(image=image(hypervisor_type="vmware"), zone="az-kvm:kvm1"),
        frozenset({"kvm1"}),
    ),
    Case(
        "forced node, VMware image",
        cloud(),
        request(image=image(hypervisor_type="vmware"), zone="az-kvm::node-kvm1"),
        frozenset({"kvm1"}),
    ),
    Case(
        "host of 2.74, VMware image",
        cloud(),
        request(image=image(hypervisor_type="vmware"), host="kvm1"),
        NOWHERE,
    ),
    Case(
        "volume from VMware image",
        cloud(),
        request(image=image(hypervisor_type="vmware"), source=Source.VOLUME),
        ESXI,
    ),
    Case("blank volume", cloud(), request(image=None, source=Source.BLANK), EVERYWHERE),
    Case(
        "flavor and aggregate key",
        cloud(
            aggregate("general", KVM),
            aggregate("vendor", ESXI, hypervisor="vmware"),
        ),
        request(flavor=flavor(aggregate_instance_extra_specs__hypervisor="vmware")),
        ESXI,
    ),
    Case(
        "a KVM host in both aggregates",
        cloud(aggregate("general", KVM), aggregate("vendor", ESXI | {"kvm3"}, hypervisor="vmware")),
        request(flavor=flavor(aggregate_instance_extra_specs__hypervisor="vmware")),
        ESXI | {"kvm3"},
    ),
    Case(
        "aggregate metadata removed",
        cloud(),
        request(flavor=flavor(aggregate_instance_extra_specs__hypervisor="vmware")),
        NOWHERE,
    ),
    Case(
        "aggregate key hypervisor_type is ignored",
        cloud(aggregate("general", KVM, hypervisor_type="vmware"), aggregate("vendor", ESXI)),
        request(image=image(hypervisor_type="qemu")),
        KVM,
    ),
    Case("isolated, plain flavor", isolated(), request(), KVM),
    Case(
        "isolated, trait in the flavor",
        isolated(),
        request(flavor=flavor(trait__CUSTOM_HV_VMWARE="required")),
        ESXI,
    ),
    Case(
        "isolated, trait in the image",
        isolated(),
        request(image=image(trait__CUSTOM_HV_VMWARE="required")),
        ESXI,
    ),
    Case(
        "isolated, trait, forced to KVM",
        isolated(),
        request(flavor=flavor(trait__CUSTOM_HV_VMWARE="required"), zone="az-kvm:kvm1"),
        NOWHERE,
    ),
    Case(
        "isolated, forced to KVM, VMware image without trait",
        isolated(),
        request(image=image(hypervisor_type="vmware"), zone="az-kvm:kvm1"),
        frozenset({"kvm1"}),
    ),
    Case(
        "isolated, plain flavor, VMware image without trait",
        isolated(),
        request(image=image(hypervisor_type="vmware")),
        NOWHERE,
    ),
    Case("vmdk", cloud(**TYPES), request(image=image("vmdk")), ESXI),
    Case("qcow2", cloud(**TYPES), request(image=image("qcow2")), KVM),
    Case("iso", cloud(**TYPES), request(image=image("iso")), EVERYWHERE),
    Case("forced, vmdk", cloud(**TYPES), request(image=image("vmdk"), zone="az-kvm:kvm1"), NOWHERE),
    Case(
        "rebuild on KVM with a VMware image",
        cloud(),
        request(operation=Operation.REBUILD, on="kvm1", image=image(hypervisor_type="vmware")),
        NOWHERE,
    ),
    Case(
        "capabilities s== compares one word",
        cloud(),
        request(flavor=flavor(capabilities__hypervisor_type="s== VMware vCenter Server")),
        NOWHERE,
    ),
    Case(
        "capabilities as plain text",
        cloud(enabled_filters=("ComputeCapabilitiesFilter",)),
        request(flavor=flavor(capabilities__hypervisor_type="VMware vCenter Server")),
        ESXI,
    ),
    Case(
        "capabilities <in>",
        cloud(enabled_filters=("ComputeCapabilitiesFilter",)),
        request(flavor=flavor(capabilities__hypervisor_type="<in> vCenter")),
        ESXI,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what.replace(" ", "-"))
def test_the_engine_says_what_the_scheduler_did(case: Case) -> None:
    decision = decide(case.cloud, case.request)
    assert decision.accepted == case.lands
    for name in case.cloud.by_name:
        rejection = decision.rejected_by(name)
        assert (rejection is None) == (name in case.lands)


class Refused(NamedTuple):
    """A request that engine and Nova once refused differently: found by ``make fidelity``."""

    what: str
    cloud: Cloud
    request: Request
    words: str


SMALL = replace(flavor("small"), memory_mb=512)
PRIVATE = replace(flavor("large"), projects=frozenset({"p3"}))
UNKNOWN = image(hypervisor_type="esxi")
FORCED = "Policy doesn't allow os_compute_api:servers:create:forced_host to be performed. (HTTP 403)"
NAMED = "Policy doesn't allow compute:servers:create:requested_destination to be performed. (HTTP 403)"
NO_ZONE = "The requested availability zone is not available (HTTP 400)"

REFUSED = [
    Refused(
        "a value that Nova does not know",
        cloud(),
        request(image=UNKNOWN),
        "Invalid image metadata. Error: Hypervisor virt type 'esxi' is not valid (HTTP 400)",
    ),
    Refused(
        "an architecture that Nova does not know",
        cloud(),
        request(image=image(architecture="x64")),
        "Invalid image metadata. Error: Architecture name 'x64' is not valid (HTTP 400)",
    ),
    Refused(
        "an old name before a canonical one",
        cloud(),
        request(image=image(img_hv_type="esxi", architecture="x64")),
        "Invalid image metadata. Error: Architecture name 'x64' is not valid (HTTP 400)",
    ),
    Refused(
        "an old name, though the canonical one is right",
        cloud(),
        request(image=image(img_hv_type="qemu", hypervisor_type="esxi")),
        "Invalid image metadata. Error: Hypervisor virt type 'esxi' is not valid (HTTP 400)",
    ),
    Refused("a forced host before the flavor", cloud(), member(flavor=PRIVATE, zone="az-kvm:kvm1"), FORCED),
    Refused(
        "a forced host before the image", cloud(), member(image=UNKNOWN, zone="az-kvm::node-kvm1"), FORCED
    ),
    Refused("a named node before the flavor", cloud(), member(flavor=PRIVATE, node="node-kvm1"), NAMED),
    Refused(
        "the default zone before the root disk",
        cloud(default_schedule_zone="az-none"),
        request(image=replace(image(), min_disk_gb=6)),
        NO_ZONE,
    ),
    Refused(
        "the default zone before the image",
        cloud(default_schedule_zone="az-none"),
        request(image=UNKNOWN),
        NO_ZONE,
    ),
    Refused(
        "the image before a host that is not there",
        cloud(),
        request(image=image(architecture="x64"), node="unknown"),
        "Invalid image metadata. Error: Architecture name 'x64' is not valid (HTTP 400)",
    ),
    Refused(
        "the image before the root disk",
        cloud(),
        request(image=replace(UNKNOWN, min_disk_gb=6)),
        "Invalid image metadata. Error: Hypervisor virt type 'esxi' is not valid (HTTP 400)",
    ),
    Refused(
        "memory before the image, in a rebuild",
        cloud(),
        request(
            operation=Operation.REBUILD, on="kvm1", flavor=SMALL, image=replace(UNKNOWN, min_ram_mb=1024)
        ),
        "Flavor's memory is too small for requested image. (HTTP 400)",
    ),
    Refused(
        "the root disk, in bytes",
        cloud(),
        request(image=replace(image(), min_disk_gb=6)),
        "Flavor's disk is smaller than the minimum size specified in image metadata. Flavor disk is "
        "5368709120 bytes, minimum size is 6442450944 bytes. (HTTP 400)",
    ),
    Refused(
        "volumes of two zones, in their order",
        cloud(cross_az_attach=False),
        request(volume_zones=("nova", "az-kvm")),
        "The availability zone between the server and its attached volumes do not match: Volumes are in "
        "different availability zones: nova,az-kvm. (HTTP 400)",
    ),
    Refused(
        "a group without the filter of its policy",
        cloud(enabled_filters=("ComputeFilter",)),
        request(group=ServerGroup(policy="affinity")),
        "ServerGroup policy is not supported: ServerGroupAffinityFilter not configured",
    ),
    Refused(
        "an evacuation by a member",
        cloud(),
        member(operation=Operation.EVACUATE, on="kvm1"),
        "Policy doesn't allow os_compute_api:os-evacuate to be performed. (HTTP 403)",
    ),
    Refused(
        "a cold migration to its own host",
        cloud(),
        request(operation=Operation.MIGRATE, on="kvm1", host="kvm1"),
        "Cannot migrate to the host where the server exists. (HTTP 400)",
    ),
    Refused(
        "an unshelving outside the zone",
        cloud(),
        request(operation=Operation.UNSHELVE, on="esx", zone="az-esx", host="kvm1"),
        'Host "kvm1" is not in the availability zone "az-esx". (HTTP 409)',
    ),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.what.replace(" ", "-"))
def test_what_nova_refuses_is_said_in_its_words(case: Refused) -> None:
    refusal = decide(case.cloud, case.request).refusal
    assert refusal is not None
    assert refusal.words == case.words
