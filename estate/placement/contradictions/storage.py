"""Volumes that their servers cannot attach."""

from collections.abc import Iterator

from estate.model import Estate, Finding, Workload
from estate.placement.contradictions.words import about, use_one
from estate.placement.contradictions.workloads import candidates, usable_image
from estate.placement.pairing import reaches


def check(estate: Estate) -> Iterator[Finding]:
    """Findings about volumes of workloads, in the order of the documents."""
    for workload in estate.workloads.values():
        yield from _volumes(estate, workload)


def _volumes(estate: Estate, workload: Workload) -> Iterator[Finding]:
    image = usable_image(estate, workload)
    if image is None:
        return
    for name, volume in workload.volumes.items():
        kind = estate.volume_types.get(volume.type)
        if kind is None:
            continue
        field = ("volumes", name, "type")
        if kind.serves is not image.hypervisor:
            others = (one for one, other in estate.volume_types.items() if other.serves is image.hypervisor)
            yield about(
                workload,
                "volume-type-side",
                field,
                f'volume type "{volume.type}" serves {kind.serves.label} servers, but image '
                f'"{image.name}" runs on '
                f"{image.hypervisor.label} only. {use_one('a volume type', image.hypervisor, others)}",
            )
            continue
        for aggregate in candidates(estate, workload, image):
            missing = set(aggregate.clusters) & set(estate.clusters) - set(
                reaches(estate, volume.type, aggregate)
            )
            if missing:
                yield about(
                    workload,
                    "volume-type-reach",
                    field,
                    f'volumes of type "{volume.type}" lie on datastores of array '
                    f'"{estate.array_of(volume.type)}" in '
                    f"vCenter {kind.vcenter}, which cluster {' and '.join(sorted(missing))} of aggregate "
                    f'"{aggregate.name}" does not mount. Name the cluster in one of the array\'s '
                    "datastores, or use "
                    "another volume type.",
                )
