"""Whether an aggregate really isolates its hosts, read back from placement, and mended where it does not.

Nova keeps membership twice: in its own database and, mirrored, in placement, where the scheduler
decides. It writes its own first. If the host has no compute node yet, the call then fails with the
membership written; if the node has no resource provider yet, only a warning goes to the log
(nova/compute/api.py ``AggregateAPI.add_host_to_aggregate``). Either way isolation is silently off.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from estate.openstack import placement, sdk
from estate.openstack.computes import close, nodes
from estate.openstack.errors import CloudError
from estate.openstack.sdk import Connection
from estate.openstack.waiting import Report, wait_for


@dataclass(frozen=True, kw_only=True)
class Isolation:
    """What an aggregate lacks so that it isolates; empty everywhere if it does."""

    aggregate: str
    uuid: str
    metadata: Mapping[str, str]
    """Metadata that is missing or differs, with the value that it should have."""
    strangers: tuple[str, ...]
    """Hosts that Nova has in the aggregate and that do not belong there."""
    not_members: tuple[str, ...]
    """Hosts that Nova does not have in the aggregate."""
    without_node: tuple[str, ...]
    """Hosts without a compute node."""
    not_mirrored: Mapping[str, str]
    """Hosts that placement does not have in the aggregate, with their resource provider."""
    without_trait: tuple[str, ...]
    """Hosts whose resource provider lacks the trait, or that have none."""
    trait: str

    @property
    def missing(self) -> str | None:
        """All that is missing, a sentence; ``None`` if the aggregate isolates all its hosts."""
        said = []
        if self.metadata:
            said.append(
                f"its metadata lacks {', '.join(f'{key}={value}' for key, value in self.metadata.items())}"
            )
        if self.strangers:
            said.append(f"Nova has {', '.join(self.strangers)} in it, which the documents do not")
        if self.not_members:
            said.append(f"Nova does not have {', '.join(self.not_members)} in it")
        if self.without_node:
            said.append(
                f"{', '.join(self.without_node)} has no compute node: look at the log of its nova-compute"
            )
        if self.not_mirrored:
            said.append(f"placement does not have {', '.join(self.not_mirrored)} in it")
        if self.without_trait:
            said.append(
                f"{', '.join(self.without_trait)} has no resource provider with the trait {self.trait}: put "
                "the rendered provider.yaml into [compute] provider_config_location and restart nova-compute"
            )
        return f"aggregate {self.aggregate} does not isolate: {'; '.join(said)}" if said else None


def examine(
    cloud: Connection, aggregate_id: str, hosts: list[str], trait: str, metadata: Mapping[str, str]
) -> Isolation:
    """Compare an aggregate (by its number) with what it should be; five lists, whatever the number of hosts.

    :raises CloudError: if there is no such aggregate.
    """
    try:
        aggregate = cloud.compute.get_aggregate(aggregate_id)
    except sdk.exceptions.NotFoundException as error:
        raise CloudError(f"Nova has no aggregate {aggregate_id} any more; run `pulumi refresh`") from error
    computes = nodes(cloud)
    with_trait = placement.providers_with_trait(cloud, trait)
    mirrored = placement.providers_of_aggregate(cloud, aggregate.uuid)
    there: dict[str, str] = aggregate.metadata or {}
    providers = {host: uuid for host in hosts for uuid, _ in computes.get(host, [])}
    return Isolation(
        aggregate=aggregate.name,
        uuid=aggregate.uuid,
        metadata={key: value for key, value in metadata.items() if there.get(key) != value},
        strangers=tuple(host for host in aggregate.hosts or [] if host not in hosts),
        not_members=tuple(host for host in hosts if host not in (aggregate.hosts or [])),
        without_node=tuple(host for host in hosts if host not in providers),
        not_mirrored={host: uuid for host, uuid in providers.items() if uuid not in mirrored},
        without_trait=tuple(host for host, uuid in providers.items() if uuid not in with_trait),
        trait=trait,
    )


def mend(
    cloud: Connection,
    aggregate_id: str,
    hosts: list[str],
    trait: str,
    metadata: Mapping[str, str],
    *,
    seconds: float,
    report: Report,
) -> None:
    """Make the aggregate isolate its hosts and read it back: metadata, membership, mirror in placement.

    The trait comes from nova-compute's provider.yaml; it is waited for. Hosts that do not belong there
    are closed and removed.

    :raises CloudError: after ``seconds``, with what is missing still; or a host to be removed has servers.
    """

    def look() -> Isolation:
        found = examine(cloud, aggregate_id, hosts, trait, metadata)
        if not found.missing:
            return found
        if found.metadata:
            report(f"aggregate {found.aggregate}: setting metadata {', '.join(found.metadata)}")
            cloud.compute.set_aggregate_metadata(aggregate_id, dict(found.metadata))
        for host in found.strangers:
            report(f"aggregate {found.aggregate}: removing host {host}")
            close(cloud, host, f"leaves aggregate {found.aggregate}")
            cloud.compute.remove_host_from_aggregate(aggregate_id, host)
        for host in found.not_members:
            if host not in found.without_node:
                report(f"aggregate {found.aggregate}: adding host {host}")
                cloud.compute.add_host_to_aggregate(aggregate_id, host)
        for host, provider in found.not_mirrored.items():
            if host not in found.not_members:
                report(f"aggregate {found.aggregate}: mirroring host {host} to placement")
                placement.join_aggregate(cloud, provider, found.uuid)
        return examine(cloud, aggregate_id, hosts, trait, metadata)

    wait_for(look, lambda found: found.missing, seconds=seconds, report=report)


def has_member(cloud: Connection, aggregate_id: str, host: str) -> bool:
    """Whether Nova has ``host`` in an aggregate; no if there is no such aggregate."""
    try:
        return host in (cloud.compute.get_aggregate(aggregate_id).hosts or [])
    except sdk.exceptions.NotFoundException:
        return False
