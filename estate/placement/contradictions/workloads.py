"""Image, flavor and zone of a workload that do not go together."""

from collections.abc import Iterable, Iterator

from estate.model import Aggregate, Estate, Finding, Flavor, Hypervisor, Image, Workload
from estate.placement.contradictions.words import about, use_one


def check(estate: Estate) -> Iterator[Finding]:
    """Findings about workloads, in the order of the documents."""
    for workload in estate.workloads.values():
        yield from _workload(estate, workload)


def usable_image(estate: Estate, workload: Workload) -> Image | None:
    """The workload's image; ``None`` if there is none, or if the image itself must change.

    The policy pack says so of a restricted workload with a KVM image.
    """
    image = estate.images.get(workload.image)
    if image is None or (workload.restriction is not None and image.hypervisor is Hypervisor.KVM):
        return None
    return image


def candidates(estate: Estate, workload: Workload, image: Image) -> list[Aggregate]:
    """Aggregates of the image's hypervisor, in the workload's zone if it names one."""
    side = estate.aggregates_of(image.hypervisor)
    return [one for one in side if workload.availability_zone in (None, one.availability_zone)]


def root_volume(workload: Workload, image: Image) -> int:
    """GiB of the root volume of each server; 0 without one."""
    boot = workload.boot_volume
    if boot is None:
        return 0
    version = workload.image_version or image.version
    return boot.size or image.size(version if version in image.versions else image.version)


def _workload(estate: Estate, workload: Workload) -> Iterator[Finding]:
    image = usable_image(estate, workload)
    flavor = estate.flavors.get(workload.flavor)
    if image is None:
        return
    if flavor is not None:
        yield from _flavor_and_image(estate, workload, flavor, image)
    yield from _aggregate(workload, image, estate.aggregates_of(image.hypervisor), estate.aggregates.values())
    chosen = candidates(estate, workload, image)
    if flavor is not None and chosen:
        yield from _fits_a_host(estate, workload, flavor, chosen)


def _flavor_and_image(estate: Estate, workload: Workload, flavor: Flavor, image: Image) -> Iterator[Finding]:
    # A restricted workload with a flavor or a zone of KVM is the policy pack's to refuse.
    if flavor.hypervisor is not image.hypervisor and workload.restriction is None:
        others = (one.name for one in estate.flavors.values() if one.hypervisor is image.hypervisor)
        yield about(
            workload,
            "flavor-and-image",
            ("flavor",),
            f'flavor "{flavor.name}" is for {flavor.hypervisor.label}, but image "{image.name}" runs on '
            f"{image.hypervisor.label} only. {use_one('a flavor', image.hypervisor, others)}",
        )
    if workload.boot_volume is None and flavor.disk < image.virtual_size:
        yield about(
            workload,
            "flavor-disk",
            ("flavor",),
            f'flavor "{flavor.name}" has a root disk of {flavor.disk} GiB, smaller than the '
            f"{image.virtual_size} GiB "
            f'of image "{image.name}". Use a flavor with at least {image.virtual_size} GiB'
            f"{'.' if flavor.disk else ', or boot from a volume (boot_volume).'}",
        )


def _aggregate(
    workload: Workload, image: Image, side: tuple[Aggregate, ...], aggregates: Iterable[Aggregate]
) -> Iterator[Finding]:
    label = image.hypervisor.label
    zones = sorted({one.availability_zone for one in side})
    if not side:
        yield about(
            workload,
            "no-aggregate",
            ("image",),
            f'image "{image.name}" runs on {label} only, but there is no {label} aggregate. '
            f"Declare one (kind aggregates, hypervisor: {image.hypervisor}) or use an image of the other "
            "side.",
        )
    elif workload.availability_zone is None:
        if len(zones) > 1:  # a zone of two aggregates is said by itself, and naming it helps nobody
            yield about(
                workload,
                "ambiguous-aggregate",
                (),
                f'expected an availability_zone, found none: image "{image.name}" runs on {label}, and '
                "there are "
                f"{len(side)} {label} aggregates. Say availability_zone: one of {', '.join(zones)}.",
            )
    elif workload.restriction is None:
        for one in aggregates:
            if one.availability_zone == workload.availability_zone and one.hypervisor is not image.hypervisor:
                yield about(
                    workload,
                    "zone-hypervisor",
                    ("availability_zone",),
                    f'availability zone "{one.availability_zone}" is {one.hypervisor.label} (aggregate '
                    f'"{one.name}"), '
                    f'but image "{image.name}" '
                    f"runs on {label} only. Use one of {', '.join(zones)}, or "
                    "leave it out.",
                )


def _fits_a_host(
    estate: Estate, workload: Workload, flavor: Flavor, aggregates: list[Aggregate]
) -> Iterator[Finding]:
    """One server must fit on one host: placement's max_unit, which overcommitment does not raise."""
    sizes: list[tuple[int, int]] = []
    for one in aggregates:
        sizes += [(made.vcpus, made.memory) for made in one.host_classes.values()]
        sizes += [
            (made.threads, made.memory)
            for name in one.clusters
            if name in estate.clusters
            for made in estate.clusters[name].host_classes.values()
        ]
    if sizes and not any(flavor.vcpus <= vcpus and flavor.memory <= memory for vcpus, memory in sizes):
        vcpus, memory = max(sizes)
        yield about(
            workload,
            "flavor-fits-host",
            ("flavor",),
            f'flavor "{flavor.name}" ({flavor.vcpus} VCPUs, {flavor.memory} MiB) is larger than any '
            "single host that "
            f"may take it; the largest has {vcpus} VCPUs and {memory} MiB. Use a smaller flavor.",
        )
