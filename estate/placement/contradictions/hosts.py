"""Hosts that lack what they need: network cards of their own for storage and data, VMkernel adapters, EVC."""

from collections.abc import Iterator, Mapping

from estate.model import Cluster, Estate, Finding, HostClass, Loc
from estate.model.clusters import EsxiHostClass
from estate.model.hosts import NicRole
from estate.model.subjects import subject

_WHY = {
    NicRole.STORAGE: "volumes and datastores would share a wire with the servers' traffic",
    NicRole.DATA: "the servers' networks would have no wire of their own",
}


def check(estate: Estate) -> Iterator[Finding]:
    """Findings about host classes, then about what the hosts of a cluster have in common."""
    for aggregate in estate.aggregates.values():
        yield from _cards(("aggregates", aggregate.name), aggregate.host_classes)
    for cluster in estate.clusters.values():
        yield from _cards(("clusters", cluster.name), cluster.host_classes)
        yield from _vmkernel(cluster)
        yield from _evc(cluster)


def _cards(above: Loc, classes: Mapping[str, HostClass] | Mapping[str, EsxiHostClass]) -> Iterator[Finding]:
    for name, one in classes.items():
        for role, why in _WHY.items():
            if not one.nics.of(role):
                example = "vmnic2, vmnic3" if isinstance(one, EsxiHostClass) else "ens2f0, ens2f1"
                yield Finding(
                    rule="dedicated-nic",
                    message=f"expected network cards for {role} alone on hosts of class {name}, found none: "
                    f"{why}. Say nics: {{{role}: [{example}]}}.",
                    loc=(*above, "host_classes", name),
                    subject=subject(above),
                )


def _vmkernel(cluster: Cluster) -> Iterator[Finding]:
    for use, why in (
        ("management", "vCenter would not reach the hosts"),
        ("vmotion", "DRS could move no server, and no host could be emptied for maintenance"),
    ):
        if getattr(cluster.vmkernel, use) is None:
            yield Finding(
                rule="cluster-vmkernel",
                message=f"expected a VMkernel adapter for {use} on every host, found none: {why}. "
                f"Say vmkernel: {{{use}: vmk{0 if use == 'management' else 1}}}.",
                loc=("clusters", cluster.name),
                subject=f'cluster "{cluster.name}"',
            )


def _evc(cluster: Cluster) -> Iterator[Finding]:
    cpus = sorted({one.cpu for one in cluster.host_classes.values() if one.cpu is not None})
    makers = sorted({cpu.partition("-")[0] for cpu in cpus})
    about = f'cluster "{cluster.name}"'
    if len(makers) > 1:
        yield Finding(
            rule="cluster-evc",
            message=f"expected CPUs of one maker, found {' and '.join(cpus)}: no EVC mode lets a running "
            "server move between them. Make a cluster of each.",
            loc=("clusters", cluster.name, "host_classes"),
            subject=about,
        )
    elif len(cpus) > 1 and cluster.evc is None:
        yield Finding(
            rule="cluster-evc",
            message=f"expected an EVC mode, found none for hosts with {' and '.join(cpus)}: a server that "
            "started on the newer CPU cannot move to the older. Say evc: the mode of the oldest.",
            loc=("clusters", cluster.name),
            subject=about,
        )
    elif cluster.evc is not None and makers and not cluster.evc.startswith(f"{makers[0]}-"):
        yield Finding(
            rule="cluster-evc",
            message=f"expected an EVC mode of {makers[0]}, found {cluster.evc}: its hosts have {cpus[0]}.",
            loc=("clusters", cluster.name, "evc"),
            subject=about,
        )
