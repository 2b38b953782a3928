"""Documents that contradict themselves: what can be placed nowhere, or not where it must be.

Names that do not resolve are judged by ``estate.model.references`` and skipped here. The duty to stay on
ESXi is the policy pack's own subject (``policies``), which says it in the same words everywhere.
"""

from collections.abc import Iterable, Iterator

from estate.model import Aggregate, Cluster, Estate, Finding, Flavor, Hypervisor, Image, Loc, Workload
from estate.model.clusters import DrsAutomation
from estate.placement.pairing import reaches


def check(estate: Estate) -> list[Finding]:
    """All contradictions, in the order of the documents; empty if there is none."""
    found: list[Finding] = []
    for cluster in estate.clusters.values():
        found += _cluster(cluster)
    for aggregate in estate.aggregates.values():
        found += _one_vcenter(estate, aggregate)
    for workload in estate.workloads.values():
        found += _workload(estate, workload)
    return found


def _cluster(cluster: Cluster) -> Iterator[Finding]:
    subject = f'cluster "{cluster.name}"'
    if cluster.drs.automation is not DrsAutomation.FULLY_AUTOMATED:
        yield Finding(
            rule="cluster-drs",
            message=f"expected drs automation fully-automated, found {cluster.drs.automation}: Nova names "
            "no ESXi "
            "host at boot, so DRS must place servers by itself. Remove drs, or say automation: "
            "fully-automated.",
            loc=("clusters", cluster.name, "drs", "automation"),
            subject=subject,
        )
    if not cluster.ha.enabled:
        yield Finding(
            rule="cluster-ha",
            message="expected vSphere HA on, found it off: servers of a lost ESXi host would stay down, "
            "and Nova "
            "cannot evacuate them. Remove ha, or say enabled: true.",
            loc=("clusters", cluster.name, "ha", "enabled"),
            subject=subject,
        )
    elif cluster.ha.admission_control is None:
        yield Finding(
            rule="cluster-ha",
            message="expected admission control, found null: without it nothing is kept free for the "
            "servers of a "
            "lost ESXi host. Say admission_control: {host_failures: 1}.",
            loc=("clusters", cluster.name, "ha", "admission_control"),
            subject=subject,
        )
    elif cluster.ha.admission_control.host_failures >= len(cluster.hosts):
        failures = cluster.ha.admission_control.host_failures
        yield Finding(
            rule="cluster-ha",
            message=f"expected host_failures below the cluster's {len(cluster.hosts)} hosts, found "
            f"{failures}: "
            "nothing would be left to run on.",
            loc=("clusters", cluster.name, "ha", "admission_control", "host_failures"),
            subject=subject,
        )


def _one_vcenter(estate: Estate, aggregate: Aggregate) -> Iterator[Finding]:
    vcenters = sorted(
        {estate.clusters[name].vcenter for name in aggregate.clusters if name in estate.clusters}
    )
    if len(vcenters) > 1:
        yield Finding(
            rule="aggregate-one-vcenter",
            message=f"expected clusters of one vCenter, found {' and '.join(vcenters)}: a volume of one "
            "vCenter "
            "cannot be attached in the other, so each vCenter needs an aggregate and a zone of its own.",
            loc=("aggregates", aggregate.name, "clusters"),
            subject=f'aggregate "{aggregate.name}"',
        )


def _workload(estate: Estate, workload: Workload) -> Iterator[Finding]:
    image = estate.images.get(workload.image)
    flavor = estate.flavors.get(workload.flavor)
    if image is None or (workload.restriction is not None and image.hypervisor is Hypervisor.KVM):
        return  # the image itself must change: the policy pack says so
    if flavor is not None:
        yield from _flavor_and_image(estate, workload, flavor, image)
    side = estate.aggregates_of(image.hypervisor)
    yield from _aggregate(workload, image, side, estate.aggregates.values())
    chosen = [one for one in side if workload.availability_zone in (None, one.availability_zone)]
    if flavor is not None and chosen:
        yield from _fits_a_host(estate, workload, flavor, chosen)
    yield from _volumes(estate, workload, image, chosen)


def _finding(workload: Workload, rule: str, field: Loc, message: str) -> Finding:
    return Finding(
        rule=rule,
        message=message,
        loc=("workloads", workload.name, *field),
        subject=f'workload "{workload.name}"',
    )


def _use_one(kind: str, hypervisor: Hypervisor, names: Iterable[str]) -> str:
    shown = ", ".join(sorted(names))
    return (
        f"Use {kind} for {hypervisor.label}: {shown}."
        if shown
        else f"There is no {kind} for {hypervisor.label}."
    )


def _flavor_and_image(estate: Estate, workload: Workload, flavor: Flavor, image: Image) -> Iterator[Finding]:
    # A restricted workload with a flavor or a zone of KVM is the policy pack's to refuse.
    if flavor.hypervisor is not image.hypervisor and workload.restriction is None:
        others = (one.name for one in estate.flavors.values() if one.hypervisor is image.hypervisor)
        yield _finding(
            workload,
            "flavor-and-image",
            ("flavor",),
            f'flavor "{flavor.name}" is for {flavor.hypervisor.label}, but image "{image.name}" runs on '
            f"{image.hypervisor.label} only. {_use_one('a flavor', image.hypervisor, others)}",
        )
    if flavor.disk < image.virtual_size:
        yield _finding(
            workload,
            "flavor-disk",
            ("flavor",),
            f'flavor "{flavor.name}" has a root disk of {flavor.disk} GiB, smaller than the '
            f"{image.virtual_size} GiB "
            f'of image "{image.name}". Use a flavor with at least {image.virtual_size} GiB.',
        )


def _aggregate(
    workload: Workload, image: Image, side: tuple[Aggregate, ...], aggregates: Iterable[Aggregate]
) -> Iterator[Finding]:
    label = image.hypervisor.label
    if not side:
        yield _finding(
            workload,
            "no-aggregate",
            ("image",),
            f'image "{image.name}" runs on {label} only, but there is no {label} aggregate. '
            f"Declare one (kind aggregates, hypervisor: {image.hypervisor}) or use an image of the other "
            "side.",
        )
    elif workload.availability_zone is None:
        if len(side) > 1:
            zones = ", ".join(sorted(one.availability_zone for one in side))
            yield _finding(
                workload,
                "ambiguous-aggregate",
                (),
                f'expected an availability_zone, found none: image "{image.name}" runs on {label}, and '
                "there are "
                f"{len(side)} {label} aggregates. Say availability_zone: one of {zones}.",
            )
    elif workload.restriction is None:
        for one in aggregates:
            if one.availability_zone == workload.availability_zone and one.hypervisor is not image.hypervisor:
                zones = ", ".join(sorted(other.availability_zone for other in side))
                yield _finding(
                    workload,
                    "zone-hypervisor",
                    ("availability_zone",),
                    f'availability zone "{one.availability_zone}" is {one.hypervisor.label} (aggregate '
                    f'"{one.name}"), '
                    f'but image "{image.name}" runs on {label} only. Use one of {zones}, or leave it out.',
                )


def _fits_a_host(
    estate: Estate, workload: Workload, flavor: Flavor, aggregates: list[Aggregate]
) -> Iterator[Finding]:
    """One server must fit on one host: placement's max_unit, which overcommitment does not raise."""
    sizes: list[tuple[int, int]] = []
    for one in aggregates:
        if one.host is not None:
            sizes.append((one.host.vcpus, one.host.memory))
        sizes += [
            (estate.clusters[name].host.threads, estate.clusters[name].host.memory)
            for name in one.clusters
            if name in estate.clusters
        ]
    if sizes and not any(flavor.vcpus <= vcpus and flavor.memory <= memory for vcpus, memory in sizes):
        vcpus, memory = max(sizes)
        yield _finding(
            workload,
            "flavor-fits-host",
            ("flavor",),
            f'flavor "{flavor.name}" ({flavor.vcpus} VCPUs, {flavor.memory} MiB) is larger than any '
            "single host that "
            f"may take it; the largest has {vcpus} VCPUs and {memory} MiB. Use a smaller flavor.",
        )


def _volumes(
    estate: Estate, workload: Workload, image: Image, aggregates: list[Aggregate]
) -> Iterator[Finding]:
    for name, volume in workload.volumes.items():
        kind = estate.volume_types.get(volume.type)
        if kind is None:
            continue
        field = ("volumes", name, "type")
        if kind.serves is not image.hypervisor:
            others = (one for one, other in estate.volume_types.items() if other.serves is image.hypervisor)
            yield _finding(
                workload,
                "volume-type-side",
                field,
                f'volume type "{volume.type}" serves {kind.serves.label} servers, but image '
                f'"{image.name}" runs on '
                f"{image.hypervisor.label} only. {_use_one('a volume type', image.hypervisor, others)}",
            )
            continue
        for aggregate in aggregates:
            missing = set(aggregate.clusters) & set(estate.clusters) - set(
                reaches(estate, volume.type, aggregate)
            )
            if missing:
                yield _finding(
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
