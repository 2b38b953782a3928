"""What KVM and ESXi aggregates have in common: hosts join when ready and open when isolated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_openstack as openstack

from components.component import Component
from components.gates.aggregate_isolation import AggregateIsolation
from components.gates.aggregate_open import AggregateOpen
from components.gates.compute_enabled import ComputeEnabled
from components.gates.compute_ready import ComputeReady
from components.gates.leaving_hosts import LeavingHosts
from estate.model import Aggregate, Hypervisor
from estate.placement.triple import TRAIT, aggregate_metadata


@dataclass(frozen=True, kw_only=True)
class AggregateRef:
    """What servers need of their aggregate."""

    name: str
    hypervisor: Hypervisor
    availability_zone: str
    enabled: tuple[pulumi.Resource, ...] = ()
    """Servers wait for these: the gate behind every host, each isolated and enabled."""


class HostAggregate(Component):
    """A host aggregate with its zone, trait and metadata.

    The order is the guarantee that no server is ever placed on a host that is not isolated:
    hosts ready → membership and metadata → isolation read back from placement → hosts enabled.
    New computes must start disabled (``enable_new_services = false`` in the rendered nova.conf).
    Hosts that leave are disabled first.
    """

    def __init__(
        self,
        aggregate: Aggregate,
        hosts: Mapping[str, pulumi.Input[str]],
        traits: Mapping[str, Sequence[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``hosts``: nova-compute host → managed object id of its vSphere cluster, empty for KVM.

        ``traits``: nova-compute host → what it is declared to have besides the trait of its hypervisor.
        """
        trait = TRAIT[aggregate.hypervisor]
        metadata = aggregate_metadata(aggregate)
        facts = {
            "hypervisor": aggregate.hypervisor.value,
            "availabilityZone": aggregate.availability_zone,
            "hosts": sorted(hosts),
            "traits": [trait],
            "metadata": metadata,
        }
        super().__init__(aggregate.name, facts, opts, was=aggregate.was)
        leaving = LeavingHosts(
            aggregate.name, zone=aggregate.availability_zone, hosts=list(hosts), opts=self.child()
        )
        ready = [
            ComputeReady(
                host,
                traits=[trait, *traits[host]],
                aggregate=aggregate.name,
                zone=aggregate.availability_zone,
                cluster_id=cluster_id,
                opts=self.child(depends_on=[leaving]),
            )
            for host, cluster_id in hosts.items()
        ]
        resource = openstack.compute.AggregateV2(
            aggregate.name,
            name=aggregate.name,
            zone=aggregate.availability_zone,
            # Plain names, so that policies see them at preview; the order comes from depends_on.
            hosts=sorted(hosts),
            metadata=metadata,
            opts=self.child(depends_on=[*ready, leaving]),
        )
        isolation = AggregateIsolation(
            aggregate.name,
            aggregate_id=resource.id,
            hosts=list(hosts),
            trait=trait,
            metadata=metadata,
            opts=self.child(depends_on=[resource]),
        )
        enabled = tuple(
            ComputeEnabled(
                host,
                aggregate=aggregate.name,
                aggregate_id=resource.id,
                opts=self.child(depends_on=[isolation]),
            )
            for host in hosts
        )
        opened = AggregateOpen(aggregate.name, hosts=list(hosts), opts=self.child(depends_on=enabled))
        self.ref = AggregateRef(
            name=aggregate.name,
            hypervisor=aggregate.hypervisor,
            availability_zone=aggregate.availability_zone,
            enabled=(opened,),
        )
        self.id = resource.id
        self.done(id=self.id)
