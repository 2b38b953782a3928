"""What Nova's VMware driver reads of an image is what it can use."""

from collections.abc import Iterator

from estate.model import Hypervisor
from estate.model.images import Adapter, DiskType
from estate.placement.triple import REQUIRED, trait_key
from policies.facts import Facts, ImageFacts, Unknown, image_side
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules.words import violation

_DISK_TYPES = tuple(DiskType)
_ADAPTERS = tuple(Adapter)
_CARDS = ("e1000", "e1000e", "pcnet", "sriov", "vmxnet", "vmxnet3")
"""``hw_vif_model``; the legacy names begin with Virtual (nova/virt/vmwareapi/vm_util.py)."""


def _judge(facts: Facts) -> Iterator[Violation]:
    for image in facts.images:
        if image_side(image) is Hypervisor.ESXI:
            yield from (violation(image, "properties", message) for message in _faults(image))


def _faults(image: ImageFacts) -> Iterator[str]:
    if image.disk_format != "vmdk":
        shown = (
            "one that cannot be known here" if isinstance(image.disk_format, Unknown) else image.disk_format
        )
        yield f"expected disk format vmdk, found {shown}: ESXi boots nothing else. Convert the image."
    properties = image.properties
    assert not isinstance(properties, Unknown), "else its side were unknown"
    tag = properties.get("img_hv_type", properties.get("hypervisor_type"))
    lacks = [] if tag is not None else ["hypervisor_type=vmware"]
    if properties.get(trait_key(Hypervisor.ESXI)) != REQUIRED:
        lacks.append(f"{trait_key(Hypervisor.ESXI)}={REQUIRED}")
    if lacks:
        yield (
            f"the ESXi image does not carry {' and '.join(lacks)}. Set it as a plain value, spelt exactly so."
        )
    # The canonical names win over the legacy ones (nova/objects/image_meta.py).
    disk_type = properties.get("hw_disk_type", properties.get("vmware_disktype"))
    if disk_type not in _DISK_TYPES:
        yield (
            f"expected vmware_disktype {' or '.join(_DISK_TYPES)}, found {_shown(disk_type)}: without "
            f"it Nova "
            "takes the file for a flat extent, which Glance refuses as vmdk. Say what the file is."
        )
    adapter = properties.get("vmware_adaptertype")
    if adapter is not None and adapter not in _ADAPTERS:
        yield f"expected vmware_adaptertype {', '.join(_ADAPTERS)}, found {_shown(adapter)}. Use one of them."
    if properties.get("hw_disk_bus") == "scsi" and "hw_scsi_model" not in properties:
        yield (
            "hw_disk_bus=scsi without hw_scsi_model leaves Nova without a controller. Remove it, and say "
            "vmware_adaptertype."
        )
    card = properties.get("hw_vif_model")
    if card is not None and card not in _CARDS and not str(card).startswith("Virtual"):
        yield f"expected hw_vif_model {', '.join(_CARDS)}, found {_shown(card)}. Use one of them."
    if "os_distro" in properties:
        yield (
            "os_distro wins over vmware_ostype and becomes the vSphere guest id, which vCenter refuses. "
            "Remove it; say vmware_ostype."
        )


def _shown(value: object) -> str:
    if isinstance(value, Unknown):
        return "one that cannot be known here"
    return "none" if value is None else str(value)


RULE = Rule(
    name="esxi-image-boots",
    severity=Severity.HIGH,
    scope=Scope.RESOURCE,
    description="An image for ESXi is a VMDK with its tags, and with properties that the VMware driver "
    "knows.",
    why="A server from another image fails when it is built, or, untagged, is built elsewhere. os_distro "
    "silently becomes the guest id.",
    what_to_do="Disk format vmdk; hypervisor_type=vmware, trait:CUSTOM_HV_VMWARE=required and "
    "vmware_disktype; "
    "vmware_ostype instead of os_distro.",
    source="nova/virt/vmwareapi/images.py; nova/virt/vmwareapi/constants.py; nova/objects/image_meta.py; "
    "glance/location.py (require_image_format_match)",
    judge=_judge,
    by_components=True,
)
