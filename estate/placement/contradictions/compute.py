"""Hosts, clusters and aggregates that contradict themselves."""

from collections.abc import Iterable, Iterator

from estate.model import Aggregate, Cluster, Estate, Finding, Hypervisor, Loc
from estate.model.clusters import DrsAutomation
from estate.model.subjects import subject
from estate.placement.triple import TRAIT


def check(estate: Estate) -> Iterator[Finding]:
    """Findings about clusters and aggregates, in the order of the documents."""
    for cluster in estate.clusters.values():
        yield from _cluster(cluster)
        yield from _traits(("clusters", cluster.name), (), cluster.traits, Hypervisor.ESXI)
    for aggregate in estate.aggregates.values():
        yield from _one_vcenter(estate, aggregate)
        for name, one in aggregate.host_classes.items():
            yield from _traits(
                ("aggregates", aggregate.name), ("host_classes", name), one.traits, Hypervisor.KVM
            )


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


def _traits(block: Loc, below: Loc, traits: Iterable[str], side: Hypervisor) -> Iterator[Finding]:
    """The trait of a hypervisor says what a host is: with that of the other one, placement would no longer
    keep requests for the other side off it (``required`` of ``estate.placement.nova.resource_request``).
    """
    for hypervisor, trait in TRAIT.items():
        if hypervisor is not side and trait in traits:
            yield Finding(
                rule="trait-of-hypervisor",
                message=f"expected traits of {side.label} hosts, found {trait}, which says that a host is "
                f"{hypervisor.label}: requests for {hypervisor.label} would no longer be kept off by it. "
                "Remove it.",
                loc=(*block, *below, "traits"),
                subject=subject(block),
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
