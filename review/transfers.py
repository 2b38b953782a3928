"""Which images must be copied where: to Glance, and to whatever boots from them for the first time.

Virtual sizes are the most that a copy takes; how long it takes depends on lines that no document describes.
"""

from estate.model import Estate, Hypervisor
from estate.model.images import glance_name
from estate.model.members import flat
from review.resources import ResourceDiff
from review.side import Side
from review.value import Landing, Operation, Transfer

IMAGE = "openstack:images/image:Image"
INSTANCE = "openstack:compute/instance:Instance"
_MAKES = (Operation.CREATE, Operation.REPLACE)


def transfers(
    environment: str, after: Side, diff: ResourceDiff, landings: tuple[Landing, ...]
) -> tuple[Transfer, ...]:
    """By image, in the order of the documents. Empty where resources could not be compared."""
    estate = after.estate
    if estate is None:
        return ()
    made = {(one.type, one.name) for one in diff.changes if one.operation in _MAKES}
    places: dict[str, list[str]] = {}
    caches: dict[str, list[str]] = {}
    copies: dict[str, int] = {}
    booting: dict[str, int] = {}
    """Servers that boot from a cache; each fills one, if no other has."""
    for one in landings:
        servers = [name for name in one.servers if (INSTANCE, name) in made]
        workload = flat(estate).workloads.get(one.workload) if servers else None
        if workload is None or one.after is None:
            continue
        image = estate.images[workload.image]
        name = glance_name(image.name, workload.image_version or image.version)
        if workload.boot_volume is not None:  # Cinder copies the image into every volume
            places.setdefault(name, []).extend(f"volume of {server}" for server in servers)
            copies[name] = copies.get(name, 0) + len(servers)
            continue
        caches.setdefault(name, []).extend(
            cache for cache in _caches(estate, one) if cache not in caches.get(name, ())
        )
        booting[name] = booting.get(name, 0) + len(servers)
    found = []
    for image in estate.images.values():
        for version in image.versions:
            name = glance_name(image.name, version)
            uploaded = (IMAGE, name) in made
            filled = caches.get(name, [])
            number = copies.get(name, 0) + min(booting.get(name, 0), len(filled)) + uploaded
            if number:
                found.append(
                    Transfer(
                        environment=environment,
                        image=name,
                        hypervisor=image.hypervisor.value,
                        disk_format=image.disk_format,
                        size=image.size(version),
                        to=(*(["Glance"] if uploaded else []), *places.get(name, ()), *filled),
                        copies=number,
                        total=number * image.size(version),
                    )
                )
    return tuple(found)


def _caches(estate: Estate, landing: Landing) -> list[str]:
    """KVM: the image cache of each compute host. ESXi: each datastore of the clusters (``vmware_base``)."""
    assert landing.after is not None
    if landing.after.hypervisor == Hypervisor.KVM:
        return list(landing.after.hosts)
    clusters = {name for name, one in estate.clusters.items() if one.compute_host in landing.after.hosts}
    return [
        store.name
        for array in estate.storage.values()
        for store in array.datastores.values()
        if clusters & set(store.clusters)
    ]
