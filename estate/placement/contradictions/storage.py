"""Volumes that their servers cannot attach, and arrays that promise more than they have."""

from collections.abc import Iterator

from estate.model import Estate, Finding, Hypervisor, Image, StorageArray, Workload
from estate.placement.contradictions.words import about, use_one
from estate.placement.contradictions.workloads import candidates, root_volume, usable_image
from estate.placement.pairing import reaches


def check(estate: Estate) -> Iterator[Finding]:
    """Findings about volume types and volumes, in the order of the documents."""
    for array in estate.storage.values():
        yield from _array(estate, array)
    yield from _defaults_of_two(estate)
    for workload in estate.workloads.values():
        yield from _volumes(estate, workload)


def _array(estate: Estate, array: StorageArray) -> Iterator[Finding]:
    """Datastores are cut out of the array; what is left holds the volumes of the KVM side."""
    kvm = {kind.name for kind in array.volume_types.values() if kind.serves is Hypervisor.KVM}
    presented = sum(store.capacity for store in array.datastores.values())
    room = int((array.capacity - presented) * array.oversubscription)
    taken = sum(
        len(workload.servers) * size
        for workload in estate.workloads.values()
        for kind, size in _sizes(estate, workload)
        if kind in kvm
    )
    if taken > room:
        yield Finding(
            rule="array-capacity",
            message=f"expected room for the volumes of KVM servers, found {taken} GiB asked for and "
            f"{room} GiB to "
            f"give: {array.capacity} GiB less {presented} GiB of datastores, times "
            f"{array.oversubscription:g}.",
            loc=("storage", array.name, "capacity"),
            subject=f'array "{array.name}"',
        )


def _sizes(estate: Estate, workload: Workload) -> Iterator[tuple[str, int]]:
    """Type and size of each volume of a member, GiB."""
    yield from ((volume.type, volume.size) for volume in workload.volumes.values())
    boot, image = workload.boot_volume, estate.images.get(workload.image)
    if boot is not None and image is not None:
        yield boot.type, root_volume(workload, image)


def _defaults_of_two(estate: Estate) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for array in estate.storage.values():
        for kind in array.volume_types.values():
            for project in kind.default_for:
                if first.setdefault(project, kind.name) != kind.name:
                    yield Finding(
                        rule="one-default-type",
                        message=f'volume type "{first[project]}" is the default of project "{project}" '
                        "already.",
                        loc=("storage", array.name, "volume_types", kind.name, "default_for", project),
                        subject=f'volume type "{kind.name}"',
                    )


def _volumes(estate: Estate, workload: Workload) -> Iterator[Finding]:
    image = usable_image(estate, workload)
    if image is None:
        return
    boot = workload.boot_volume
    if boot is not None:
        size = _size_of(image, workload)
        if boot.size is not None and size is not None and boot.size < size:
            yield about(
                workload,
                "boot-volume-size",
                ("boot_volume", "size"),
                f'expected at least the {size} GiB of image "{image.name}", found {boot.size} GiB.',
            )
        yield from _volume(estate, workload, image, boot.type, ("boot_volume", "type"))
    for name, volume in workload.volumes.items():
        yield from _volume(estate, workload, image, volume.type, ("volumes", name, "type"))


def _size_of(image: Image, workload: Workload) -> int | None:
    version = workload.image_version or image.version
    return image.size(version) if version in image.versions else None


def _volume(
    estate: Estate, workload: Workload, image: Image, volume_type: str, field: tuple[str, ...]
) -> Iterator[Finding]:
    kind = estate.volume_types.get(volume_type)
    if kind is None:
        return
    if kind.serves is not image.hypervisor:
        others = (one for one, other in estate.volume_types.items() if other.serves is image.hypervisor)
        yield about(
            workload,
            "volume-type-side",
            field,
            f'volume type "{volume_type}" serves {kind.serves.label} servers, but image '
            f'"{image.name}" runs on '
            f"{image.hypervisor.label} only. {use_one('a volume type', image.hypervisor, others)}",
        )
        return
    for aggregate in candidates(estate, workload, image):
        missing = set(aggregate.clusters) & set(estate.clusters) - set(
            reaches(estate, volume_type, aggregate)
        )
        if missing:
            yield about(
                workload,
                "volume-type-reach",
                field,
                f'volumes of type "{volume_type}" lie on datastores of array '
                f'"{estate.array_of(volume_type)}" in '
                f"vCenter {kind.vcenter}, which cluster {' and '.join(sorted(missing))} of aggregate "
                f'"{aggregate.name}" does not mount. Name the cluster in one of the array\'s '
                "datastores, or use "
                "another volume type.",
            )
