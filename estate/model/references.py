"""What a block names must exist, and what belongs together must agree. Pure; no placement."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from estate.model.estate import Estate
from estate.model.finding import Finding, Loc
from estate.model.hypervisor import Hypervisor


def nearest(name: str, known: Iterable[str]) -> str:
    """``" Did you mean …?"`` or the list of what there is; empty if there is nothing to offer."""
    names = sorted(known)
    close = get_close_matches(name, names, n=3, cutoff=0.6)
    if close:
        return f" Did you mean {' or '.join(close)}?"
    if names:
        shown = ", ".join(names[:8])
        return f" There is: {shown}{', …' if len(names) > 8 else ''}."
    return " There is none."


def check(estate: Estate) -> list[Finding]:
    """All findings about references, membership and names that must be unique; empty if it fits together."""
    return [
        *_unknown_names(estate),
        *_cluster_membership(estate),
        *_host_membership(estate),
        *_zones(estate),
        *_unique_names(estate),
    ]


def _unknown_names(estate: Estate) -> Iterator[Finding]:
    def missing(loc: Loc, subject: str, kind: str, name: str, known: Iterable[str]) -> Iterator[Finding]:
        if name not in (names := set(known)):
            yield Finding(
                rule="unknown-reference",
                message=f'there is no {kind} "{name}".{nearest(name, names)}',
                loc=loc,
                subject=subject,
            )

    for name, cluster in estate.clusters.items():
        loc, subject = ("clusters", name), f'cluster "{name}"'
        yield from missing((*loc, "vcenter"), subject, "vcenter", cluster.vcenter, estate.vcenters)
    for name, aggregate in estate.aggregates.items():
        for member in aggregate.clusters:
            yield from missing(
                ("aggregates", name, "clusters"), f'aggregate "{name}"', "cluster", member, estate.clusters
            )
    for name, router in estate.routers.items():
        for network in router.networks:
            yield from missing(
                ("routers", name, "networks"), f'router "{name}"', "network", network, estate.networks
            )
    for name, group in estate.security_groups.items():
        for index, rule in enumerate(group.rules):
            if rule.group is not None:
                loc = ("security_groups", name, "rules", index, "group")
                yield from missing(
                    loc, f'security group "{name}"', "security group", rule.group, estate.security_groups
                )
    for name, array in estate.storage.items():
        for type_name, volume_type in array.volume_types.items():
            if volume_type.vcenter is not None:
                loc = ("storage", name, "volume_types", type_name, "vcenter")
                yield from missing(
                    loc, f'volume type "{type_name}"', "vcenter", volume_type.vcenter, estate.vcenters
                )
        for store_name, datastore in array.datastores.items():
            for cluster_name in datastore.clusters:
                loc = ("storage", name, "datastores", store_name, "clusters")
                yield from missing(loc, f'datastore "{store_name}"', "cluster", cluster_name, estate.clusters)
    for name, flavor in estate.flavors.items():
        for project in flavor.projects:
            yield from missing(
                ("flavors", name, "projects"), f'flavor "{name}"', "project", project, estate.projects
            )
    for name, workload in estate.workloads.items():
        loc, subject = ("workloads", name), f'workload "{name}"'
        yield from missing((*loc, "image"), subject, "image", workload.image, estate.images)
        yield from missing((*loc, "flavor"), subject, "flavor", workload.flavor, estate.flavors)
        for network in workload.networks:
            yield from missing((*loc, "networks"), subject, "network", network, estate.networks)
        for group_name in workload.security_groups:
            yield from missing(
                (*loc, "security_groups"), subject, "security group", group_name, estate.security_groups
            )
        for volume_name, volume in workload.volumes.items():
            yield from missing(
                (*loc, "volumes", volume_name, "type"),
                subject,
                "volume type",
                volume.type,
                estate.volume_types,
            )


def _owners(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    owners: dict[str, list[str]] = {}
    for member, owner in pairs:
        owners.setdefault(member, []).append(owner)
    return owners


def _cluster_membership(estate: Estate) -> Iterator[Finding]:
    owners = _owners((member, name) for name, one in estate.aggregates.items() for member in one.clusters)
    for name in estate.clusters:
        holders = owners.get(name, [])
        if len(holders) != 1:
            found = f"in {' and '.join(holders)}" if holders else "in none"
            yield Finding(
                rule="cluster-in-one-aggregate",
                message=f"expected the cluster in exactly one esxi aggregate, found it {found}.",
                loc=("clusters", name),
                subject=f'cluster "{name}"',
            )
    for name in estate.clusters:
        if not any(
            name in store.clusters for array in estate.storage.values() for store in array.datastores.values()
        ):
            yield Finding(
                rule="cluster-has-datastore",
                message="expected at least one shared datastore for the cluster, found none; "
                "name the cluster in a datastore's clusters (kind storage).",
                loc=("clusters", name),
                subject=f'cluster "{name}"',
            )


def _host_membership(estate: Estate) -> Iterator[Finding]:
    pairs = [(host, ("aggregates", name)) for name, one in estate.aggregates.items() for host in one.hosts]
    for name, cluster in estate.clusters.items():
        pairs.append((cluster.compute_host, ("clusters", name)))
        pairs += [(host, ("clusters", name)) for host in cluster.hosts]
    seen: dict[str, tuple[str, str]] = {}
    for host, owner in pairs:
        if host in seen:
            yield Finding(
                rule="host-has-one-owner",
                message=f'host "{host}" is also a member of {seen[host][0][:-1]} "{seen[host][1]}"; '
                "a host belongs to exactly one.",
                loc=owner,
                subject=f'{owner[0][:-1]} "{owner[1]}"',
            )
        seen.setdefault(host, owner)


def _zones(estate: Estate) -> Iterator[Finding]:
    zones = _owners((one.availability_zone, name) for name, one in estate.aggregates.items())
    for name, one in estate.aggregates.items():
        first = zones[one.availability_zone][0]
        if first != name:
            yield Finding(
                rule="zone-of-one-aggregate",
                message=f'availability zone "{one.availability_zone}" is already the zone of aggregate "{first}"; '
                "a zone that two aggregates share says nothing about the hypervisor.",
                loc=("aggregates", name, "availability_zone"),
                subject=f'aggregate "{name}"',
            )
    for name, workload in estate.workloads.items():
        if workload.availability_zone is not None and workload.availability_zone not in zones:
            yield Finding(
                rule="unknown-reference",
                message=f'no aggregate has the availability zone "{workload.availability_zone}".'
                f"{nearest(workload.availability_zone, zones)}",
                loc=("workloads", name, "availability_zone"),
                subject=f'workload "{name}"',
            )


def _unique_names(estate: Estate) -> Iterator[Finding]:
    servers = _owners((server, name) for name, one in estate.workloads.items() for server in one.servers)
    for server, owners in servers.items():
        for owner in owners[1:]:
            yield Finding(
                rule="unique-server",
                message=f'server "{server}" is also a member of workload "{owners[0]}".',
                loc=("workloads", owner),
                subject=f'workload "{owner}"',
            )
    types = _owners((kind, array) for array, one in estate.storage.items() for kind in one.volume_types)
    for kind, arrays in types.items():
        for array in arrays[1:]:
            yield Finding(
                rule="unique-volume-type",
                message=f'array "{arrays[0]}" has a volume type of that name too.',
                loc=("storage", array, "volume_types", kind),
                subject=f'volume type "{kind}"',
            )
    for name, array_block in estate.storage.items():
        for kind, volume_type in array_block.volume_types.items():
            mounted = {
                estate.clusters[cluster].vcenter
                for store in array_block.datastores.values()
                for cluster in store.clusters
                if cluster in estate.clusters
            }
            if volume_type.serves is Hypervisor.ESXI and volume_type.vcenter not in mounted:
                yield Finding(
                    rule="volume-type-has-datastore",
                    message=f'array "{name}" presents no datastore to a cluster of vcenter "{volume_type.vcenter}", '
                    "so volumes of this type have no place.",
                    loc=("storage", name, "volume_types", kind),
                    subject=f'volume type "{kind}"',
                )
