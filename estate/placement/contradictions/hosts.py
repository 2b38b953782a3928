"""Hosts that lack what they need: network cards of their own for storage and data, VMkernel adapters, EVC."""

from collections.abc import Iterator, Mapping, Sequence

from estate.model import Cluster, Estate, Finding, HostClass, Loc
from estate.model.clusters import EVC_MODES, EsxiHostClass
from estate.model.hosts import NicRole
from estate.model.nearest import nearest
from estate.model.subjects import subject

_WHY = {
    NicRole.STORAGE: "volumes and datastores would share a wire with the servers' traffic",
    NicRole.DATA: "the servers' networks would have no wire of their own",
}


def check(estate: Estate) -> Iterator[Finding]:
    """Findings about host classes, then about what the hosts of a cluster have in common."""
    for aggregate in estate.aggregates.values():
        yield from _cards(("aggregates", aggregate.name), aggregate.host_classes)
    modes = [*(mode for known in EVC_MODES.values() for mode in known), *estate.estate.evc_modes]
    for cluster in estate.clusters.values():
        yield from _cards(("clusters", cluster.name), cluster.host_classes)
        yield from _vmkernel(cluster)
        yield from _evc(cluster, modes)


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


def _evc(cluster: Cluster, modes: Sequence[str]) -> Iterator[Finding]:
    """``modes``: all that there are; of each maker from old to new."""
    loc: Loc = ("clusters", cluster.name)
    named: dict[Loc, str | None] = {
        (*loc, "host_classes", name, "cpu"): one.cpu for name, one in cluster.host_classes.items()
    }
    unknown = {
        place: mode for place, mode in {**named, (*loc, "evc"): cluster.evc}.items() if mode not in modes
    }
    for place, mode in unknown.items():
        if mode is not None:
            yield _no_mode(place, mode, modes)
    if not any(unknown.values()):
        yield from _fitting(cluster, modes)


def _no_mode(loc: Loc, mode: str, modes: Sequence[str]) -> Finding:
    of_maker = [one for one in modes if one.startswith(f"{mode.partition('-')[0]}-")]
    return Finding(
        rule="cluster-evc",
        message=f"expected an EVC mode that vCenter has, found {mode}.{nearest(mode, of_maker)} A newer one "
        f"of your vCenter is named first: estate: {{evc_modes: [{mode}]}}.",
        loc=loc,
        subject=subject(loc),
    )


def _fitting(cluster: Cluster, modes: Sequence[str]) -> Iterator[Finding]:
    """Whether the modes of hosts and cluster, all known, go together."""
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
            f"started on the newer CPU cannot move to the older. Say evc: {min(cpus, key=modes.index)}.",
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
    elif cluster.evc is not None and cpus:
        oldest = min(cpus, key=modes.index)
        if modes.index(cluster.evc) > modes.index(oldest):
            # vCenter lets no host into the cluster whose CPU lacks what the mode promises (vim.EVCMode).
            yield Finding(
                rule="cluster-evc",
                message=f"expected an EVC mode that the oldest CPU of its hosts has, {oldest} or an older "
                f"one, found {cluster.evc}. Say evc: {oldest}.",
                loc=("clusters", cluster.name, "evc"),
                subject=about,
            )
