"""The gate through which servers enter an aggregate."""

from collections.abc import Sequence

import pulumi
from pulumi.dynamic import Resource

from components.gates.gate import Gate, Props
from estate.openstack import computes
from estate.openstack.errors import CloudError
from estate.openstack.sdk import Connection


class AggregateOpenProvider(Gate):
    """One step behind all hosts of an aggregate, so that servers need not wait for each host by itself.

    300 servers on 20 hosts would make 6,000 dependencies in the state; with it there are 320.
    """

    def settle(self, cloud: Connection, olds: Props | None, props: Props) -> None:  # noqa: ARG002
        """Refuse if none of the hosts takes servers: Nova would put each of them into error."""
        services = computes.services(cloud)
        if not any(services[host].enabled for host in props["hosts"] if host in services):
            raise CloudError(
                f"no host of aggregate {props['aggregate']} is enabled, so that Nova has none for its "
                f"servers; enable one of {', '.join(props['hosts'])} (openstack compute service set --enable)"
            )


class AggregateOpen(Resource, module="estate", name="AggregateOpen"):
    """Named ``AGGREGATE-open``."""

    def __init__(self, aggregate: str, *, hosts: Sequence[str], opts: pulumi.ResourceOptions) -> None:
        super().__init__(
            AggregateOpenProvider(),
            f"{aggregate}-open",
            {"aggregate": aggregate, "hosts": sorted(hosts)},
            opts,
        )
