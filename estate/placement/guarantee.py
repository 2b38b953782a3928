"""What the guarantee asks of Nova, Cinder and Glance, as values: ``estate.rendering`` writes them for
operators, the proof takes them away one by one.
"""

from dataclasses import dataclass

from estate.model import Estate, Hypervisor
from estate.placement.nova import Conf

FILTERS = (
    "ComputeFilter",
    "ComputeCapabilitiesFilter",
    "ImagePropertiesFilter",
    "ServerGroupAntiAffinityFilter",
    "ServerGroupAffinityFilter",
    "AggregateImagePropertiesIsolation",
)
"""Nova's default filters, and the one that reads ``img_hv_type`` of aggregates."""

PROTECTED_PROPERTIES = ("^hypervisor_type$", "^img_hv_type$", "^trait:CUSTOM_HV_.*")
"""Image properties that operators alone may set: patterns, matched at the start as Glance does."""

DISK_FORMATS = ("qcow2", "raw", "vmdk")
"""Glance's ``disk_formats``: each says on which side it boots. Not ``iso``, which boots on both."""


@dataclass(frozen=True, kw_only=True)
class Rights:
    """What decides which images and volumes a member of a project can make."""

    protected_properties: tuple[str, ...]
    """Patterns of Glance's property protections that leave a property to administrators."""
    disk_formats: tuple[str, ...]
    """Glance's ``[image_format] disk_formats``."""
    volume_image_metadata: bool
    """Whether members may set properties on their bootable volumes: Glance's protections do not reach there
    (cinder/policies/volume_metadata.py ``volume_extension:volume_image_metadata:set``)."""


RIGHTS = Rights(
    protected_properties=PROTECTED_PROPERTIES,
    disk_formats=DISK_FORMATS,
    volume_image_metadata=False,
)
"""As rendered."""


def default_zone(estate: Estate) -> str | None:
    """``default_schedule_zone``: a request that names no zone is a general one, if there is one KVM zone
    only.
    """
    kvm = estate.aggregates_of(Hypervisor.KVM)
    return kvm[0].availability_zone if len(kvm) == 1 else None


def conf(estate: Estate) -> Conf:
    """The lines of nova.conf that decide where servers land."""
    return Conf(
        enable_isolated_aggregate_filtering=True,
        query_placement_for_image_type_support=True,
        image_metadata_prefilter=False,
        enabled_filters=FILTERS,
        default_schedule_zone=default_zone(estate),
        cross_az_attach=False,
        allow_resize_to_same_host=True,
        rebuild=False,
    )
