"""An image for KVM says so, in a format that KVM boots."""

from collections.abc import Iterator

from estate.model import Hypervisor
from estate.placement.triple import REQUIRED, trait_key
from policies.facts import Facts, ImageFacts, Unknown, image_side
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules.words import violation


def _judge(facts: Facts) -> Iterator[Violation]:
    for image in facts.images:
        if image_side(image) is Hypervisor.KVM:
            yield from (violation(image, "properties", message) for message in _faults(image))


def _faults(image: ImageFacts) -> Iterator[str]:
    if image.disk_format not in ("qcow2", "raw"):
        shown = (
            "one that cannot be known here" if isinstance(image.disk_format, Unknown) else image.disk_format
        )
        yield f"expected disk format qcow2 or raw for KVM, found {shown}. Convert the image."
    properties = image.properties
    assert not isinstance(properties, Unknown), "else its side were unknown"
    lacks = [] if {"img_hv_type", "hypervisor_type"} & properties.keys() else ["hypervisor_type=qemu"]
    if properties.get(trait_key(Hypervisor.KVM)) != REQUIRED:
        lacks.append(f"{trait_key(Hypervisor.KVM)}={REQUIRED}")
    if lacks:
        yield (
            f"the KVM image does not carry {' and '.join(lacks)}. Set it as a plain value, spelt exactly so."
        )
    if trait_key(Hypervisor.ESXI) in properties:
        yield f"the KVM image carries {trait_key(Hypervisor.ESXI)}, the trait of ESXi. Remove it."
    ours = sorted(key for key in properties if key.startswith("vmware_"))
    if ours:
        yield f"the KVM image carries {', '.join(ours)}, which only the VMware driver reads. Remove it."


RULE = Rule(
    name="kvm-image-tagged",
    severity=Severity.HIGH,
    scope=Scope.RESOURCE,
    description="An image for KVM is qcow2 or raw, with the tags of KVM and none of ESXi.",
    why="A rebuild asks neither request filters nor placement for the flavor's traits: only the image's own "
    "tags keep a KVM image off a server on ESXi.",
    what_to_do="Disk format qcow2 or raw; hypervisor_type=qemu and trait:CUSTOM_HV_KVM=required.",
    source="nova/scheduler/filters/image_props_filter.py (RUN_ON_REBUILD); nova/conductor/manager.py "
    "_validate_image_traits_for_rebuild",
    judge=_judge,
    by_components=True,
)
