"""What a real nova-scheduler of 2026.2 did with five KVM hosts and one vSphere cluster, case by case.

Each row was tried with the services themselves, seven servers a time; the engine must say the same.
"""

from typing import NamedTuple

import pytest

from estate.placement.nova import Cloud, Operation, Request, Source, decide
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


def test_what_nova_refuses_at_once_is_said_in_its_words() -> None:
    decision = decide(cloud(), request(image=image(hypervisor_type="esxi")))
    assert decision.refusal is not None
    assert decision.refusal.rule == "image_property_values"
    assert "HTTP 400" in decision.refusal.words
