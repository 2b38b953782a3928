"""The triple that Nova honours: aggregate metadata, flavor extra specs and image properties that agree.

An isolated aggregate (``trait:X=required``) takes only requests that carry the trait, and a request
that carries the trait goes only to resource providers that have it: both ways, decided in placement
(nova/scheduler/request_filter.py ``isolate_aggregates``). Everything that writes one leg of the
triple, or judges it, takes the words from here.
"""

from estate.model import Aggregate, Flavor, Hypervisor, Image

TRAIT = {Hypervisor.KVM: "CUSTOM_HV_KVM", Hypervisor.ESXI: "CUSTOM_HV_VMWARE"}
"""Trait of every resource provider of that hypervisor (provider.yaml)."""

IMAGE_TYPE = {Hypervisor.KVM: "qemu", Hypervisor.ESXI: "vmware"}
"""Value of ``hypervisor_type`` / ``img_hv_type`` (nova/objects/fields.py HVType; for KVM Nova documents "
"``qemu``)."""

REQUIRED = "required"


def trait_key(hypervisor: Hypervisor) -> str:
    """Key of the trait in aggregate metadata, extra specs and image properties alike."""
    return f"trait:{TRAIT[hypervisor]}"


def aggregate_metadata(aggregate: Aggregate) -> dict[str, str]:
    """What isolates the aggregate, and its declared metadata.

    ``img_hv_type`` and not ``hypervisor_type``: AggregateImagePropertiesIsolation reads the canonical
    name only (nova/scheduler/filters/aggregate_image_properties_isolation.py).
    """
    return {
        **aggregate.metadata,
        trait_key(aggregate.hypervisor): REQUIRED,
        "img_hv_type": IMAGE_TYPE[aggregate.hypervisor],
    }


def name_in_nova(flavor: Flavor) -> str:
    """A renamed flavor keeps its name there: Nova knows no rename (``components.flavor``)."""
    return flavor.was or flavor.name


def flavor_extra_specs(flavor: Flavor) -> dict[str, str]:
    """Extra specs that send the flavor's servers to its hypervisor only, and those that it declares."""
    return {
        **flavor.extra_specs,
        **{f"trait:{trait}": REQUIRED for trait in flavor.traits},
        trait_key(flavor.hypervisor): REQUIRED,
    }


def image_properties(image: Image) -> dict[str, str]:
    """Glance properties of a tagged image. No ``os_distro``: Nova would take it for the vSphere guest id."""
    properties = {
        "hypervisor_type": IMAGE_TYPE[image.hypervisor],
        trait_key(image.hypervisor): REQUIRED,
    }
    if image.disk_type is not None:
        properties["vmware_disktype"] = image.disk_type.value
    if image.adapter is not None:
        properties["vmware_adaptertype"] = image.adapter.value
    if image.guest is not None:
        properties["vmware_ostype"] = image.guest
    return properties
