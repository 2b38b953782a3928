"""Images of restricted servers that are not tagged as Nova reads it."""

from typing import Any

from tests.adversarial.kit import VMWARE, K, V
from tests.adversarial.rows.row import Row, without


def image(key: str, way: str, properties: Any, rule: str, disk_format: str = "vmdk") -> Row:
    """A restricted server whose image is not tagged as Nova reads it."""
    return Row(
        key=f"image-{key}",
        family="image",
        way=way,
        rule=rule,
        wrong=lambda kit: kit.restricted(
            kit.image(properties(kit) if callable(properties) else properties, disk_format)
        ),
        right=lambda kit: kit.restricted(),
        sibling="vmdk, hypervisor_type=vmware, the trait",
    )


IMAGES = (
    image("untagged", "no tag at all", {}, "esxi-image-boots"),
    image(
        "key-misspelt",
        "key `hypervisortype`",
        {**without(VMWARE, "hypervisor_type", V), "hypervisortype": "vmware"},
        "image-tag-read",
    ),
    image(
        "key-case",
        "key `Hypervisor_Type`",
        {**without(VMWARE, "hypervisor_type", V), "Hypervisor_Type": "vmware"},
        "image-tag-read",
    ),
    image(
        "value-space",
        "value with a leading space",
        {**VMWARE, "hypervisor_type": " vmware"},
        "image-tag-read",
    ),
    image(
        "value-esxi",
        "value `esxi`, which Nova does not know",
        {**VMWARE, "hypervisor_type": "esxi"},
        "image-tag-read",
    ),
    image(
        "value-kvm",
        "a VMDK that says `kvm`",
        {**without(VMWARE, V), "hypervisor_type": "kvm"},
        "kvm-image-tagged",
    ),
    image(
        "two-names",
        "`img_hv_type=qemu` beside `hypervisor_type=vmware`: the canonical name wins",
        {**without(VMWARE, V), "img_hv_type": "qemu"},
        "esxi-restricted-on-esxi",
    ),
    image("trait-value", "trait with the value `Required`", {**VMWARE, V: "Required"}, "image-tag-read"),
    image(
        "trait-case",
        "trait key in small letters",
        {**without(VMWARE, V), V.lower(): "required"},
        "image-tag-read",
    ),
    image(
        "trait-unscoped",
        "trait without `trait:`",
        {**without(VMWARE, V), "CUSTOM_HV_VMWARE": "required"},
        "esxi-image-boots",
    ),
    image("two-traits", "the traits of both sides", {**VMWARE, K: "required"}, "esxi-restricted-on-esxi"),
    image("qcow2", "a qcow2 with the tags of ESXi", VMWARE, "esxi-image-boots", "qcow2"),
    image(
        "iso",
        "an ISO, which both hypervisors boot, without the trait",
        without(VMWARE, V),
        "esxi-image-boots",
        "iso",
    ),
    image(
        "unknown",
        "properties that are known only during the update",
        lambda kit: kit.later({"hypervisor_type": "qemu"}),
        "image-tag-read",
    ),
)
