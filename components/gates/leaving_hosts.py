"""The gate before an aggregate is made, and before hosts leave it."""

from collections.abc import Sequence

import pulumi
from pulumi.dynamic import Resource

from components.gates.gate import Gate, Props
from estate.openstack import computes, joining
from estate.openstack.sdk import Connection


class LeavingHostsProvider(Gate):
    """Closes hosts that are taken out of an aggregate, before the aggregate lets them go.

    Pulumi deletes at the end of an update: by then a host's ``ComputeEnabled`` would come too late,
    and the host would stand enabled outside every isolated aggregate. A host with servers fails here:
    Nova would refuse the aggregate's update, which the OpenStack provider takes for done at the next.
    """

    def refusal(self, cloud: Connection, olds: Props | None, props: Props) -> str | None:
        """An aggregate of that name that somebody else made stays as it is; so does a zone with servers."""
        if olds is None:
            return joining.name_taken(cloud, props["aggregate"])
        if olds.get("zone", props["zone"]) != props["zone"]:
            return joining.zone_held(cloud, props["aggregate"], olds["hosts"], props["zone"])
        return None

    def hazard(self, cloud: Connection, olds: Props, props: Props) -> str | None:
        """Servers on hosts that leave."""
        return joining.leaving_with_servers(
            cloud, props["aggregate"], [host for host in olds["hosts"] if host not in props["hosts"]]
        )

    def settle(self, cloud: Connection, olds: Props | None, props: Props) -> None:
        """Close the hosts that were in the aggregate and no longer shall be."""
        for host in (olds or {}).get("hosts", []):
            if host not in props["hosts"]:
                self.say(f"{host} is disabled: it leaves aggregate {props['aggregate']}")
                computes.close(cloud, host, f"leaves aggregate {props['aggregate']}")


class LeavingHosts(Resource, module="estate", name="LeavingHosts"):
    """Named ``AGGREGATE-leaving-hosts``."""

    def __init__(
        self, aggregate: str, *, zone: str, hosts: Sequence[str], opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__(
            LeavingHostsProvider(),
            f"{aggregate}-leaving-hosts",
            {"aggregate": aggregate, "zone": zone, "hosts": sorted(hosts)},
            opts,
        )
