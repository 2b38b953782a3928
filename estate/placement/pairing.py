"""Which volumes go with which servers: back ends, their zones, and the extra specs of volume types.

Nova pairs neither volume type with hypervisor nor back end with host; only zones do. With
``[cinder] cross_az_attach = False`` a volume is attached only to a server of the zone that the volume
has (nova/volume/cinder.py ``check_availability_zone``), and a volume has the zone of its back end
(cinder/scheduler/filters/availability_zone_filter.py). So each back end stands in the zone of one
aggregate, and is named after it; a volume type that serves several zones has one back end in each.
"""

from dataclasses import dataclass

from estate.model import Aggregate, Estate, Hypervisor, StorageArray, VCenter, VolumeType
from estate.model.storage import Provisioning

_VMDK_TYPE = {
    Provisioning.THIN: "thin",
    Provisioning.THICK: "thick",
    Provisioning.EAGER_ZEROED_THICK: "eagerZeroedThick",
}


@dataclass(frozen=True, kw_only=True)
class BackEnd:
    """One Cinder back end: an array's volumes of one side, in one zone."""

    name: str
    """Its stanza in cinder.conf and its entry in ``enabled_backends``."""
    volume_backend_name: str
    """What volume types ask for; the same in every zone."""
    zone: str
    array: str
    hypervisor: Hypervisor
    vcenter: str | None
    """ESXi: the vCenter that it speaks to."""
    clusters: tuple[str, ...]
    """ESXi: clusters whose hosts mount its datastores."""
    datastores: tuple[str, ...]
    """ESXi: datastores on which its volumes lie."""


def name_in_cinder(volume_type: VolumeType) -> str:
    """A renamed type keeps its name there: volumes name it (``components.storage_array``)."""
    return volume_type.was or volume_type.name


def _stem(block: StorageArray | VCenter) -> str:
    """A name in that of a back end. A volume belongs to its back end by name, so it outlives a rename."""
    return block.was or block.name


def volume_backend_name(estate: Estate, array: StorageArray, volume_type: VolumeType) -> str:
    """``array1-kvm`` or ``array1-vc1``: an array has one name per side, and per vCenter on ESXi."""
    side = _stem(estate.vcenters[volume_type.vcenter]) if volume_type.vcenter else volume_type.serves
    return f"{_stem(array)}-{side}"


def back_ends(estate: Estate) -> tuple[BackEnd, ...]:
    """All back ends, one per array, side (or vCenter) and zone, sorted by name."""
    found = {}
    for array in estate.storage.values():
        for volume_type in array.volume_types.values():
            for aggregate in _aggregates(estate, array.name, volume_type):
                clusters = _mounting(estate, array.name, volume_type, aggregate)
                name = f"{_stem(array)}-{aggregate.availability_zone}"
                if volume_type.vcenter is not None:
                    vcenter = estate.vcenters[volume_type.vcenter]
                    name = f"{_stem(array)}-{_stem(vcenter)}-{aggregate.availability_zone}"
                found[name] = BackEnd(
                    name=name,
                    volume_backend_name=volume_backend_name(estate, array, volume_type),
                    zone=aggregate.availability_zone,
                    array=array.name,
                    hypervisor=volume_type.serves,
                    vcenter=volume_type.vcenter,
                    clusters=clusters,
                    datastores=tuple(
                        store.name
                        for store in array.datastores.values()
                        if set(store.clusters) & set(clusters)
                    ),
                )
    return tuple(found[name] for name in sorted(found))


def zones(estate: Estate, volume_type: str) -> tuple[str, ...]:
    """Zones in which volumes of that type can be made, sorted. ``KeyError``: no such type."""
    kind = estate.volume_types[volume_type]
    array = estate.array_of(volume_type)
    return tuple(sorted(one.availability_zone for one in _aggregates(estate, array, kind)))


def volume_type_extra_specs(estate: Estate, volume_type: str) -> dict[str, str]:
    """Extra specs that send a type's volumes to its back ends and into their zones.

    ``RESKEY:availability_zones`` gives a volume that names no zone the zone of its type
    (cinder/volume/volume_utils.py ``extract_availability_zones_from_volume_type``).
    """
    kind = estate.volume_types[volume_type]
    specs = {
        "volume_backend_name": volume_backend_name(
            estate, estate.storage[estate.array_of(volume_type)], kind
        ),
        "RESKEY:availability_zones": ",".join(zones(estate, volume_type)),
    }
    if kind.serves is Hypervisor.ESXI:
        # Read by the driver only, which knows these words (cinder/volume/drivers/vmware/vmdk.py).
        specs["vmware:vmdk_type"] = _VMDK_TYPE[kind.provisioning or Provisioning.THIN]
        if kind.adapter is not None:
            specs["vmware:adapter_type"] = kind.adapter.value
        if kind.storage_policy is not None:
            specs["vmware:storage_profile"] = kind.storage_policy
    return specs


def reaches(estate: Estate, volume_type: str, aggregate: Aggregate) -> tuple[str, ...]:
    """ESXi: clusters of the aggregate that mount a datastore on which volumes of that type lie."""
    return _mounting(estate, estate.array_of(volume_type), estate.volume_types[volume_type], aggregate)


def _aggregates(estate: Estate, array: str, volume_type: VolumeType) -> list[Aggregate]:
    if volume_type.serves is Hypervisor.KVM:
        return list(estate.aggregates_of(Hypervisor.KVM))
    return [
        one for one in estate.aggregates_of(Hypervisor.ESXI) if _mounting(estate, array, volume_type, one)
    ]


def _mounting(estate: Estate, array: str, volume_type: VolumeType, aggregate: Aggregate) -> tuple[str, ...]:
    presented = {cluster for store in estate.storage[array].datastores.values() for cluster in store.clusters}
    return tuple(
        name
        for name in aggregate.clusters
        if name in presented
        and name in estate.clusters
        and estate.clusters[name].vcenter == volume_type.vcenter
    )
