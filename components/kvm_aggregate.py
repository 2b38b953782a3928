"""A host aggregate of KVM hosts."""

import pulumi

from components.host_aggregate import HostAggregate
from estate.model import Aggregate


class KvmAggregate(HostAggregate):
    """KVM hosts, one nova-compute each; they exist already."""

    def __init__(self, aggregate: Aggregate, opts: pulumi.ResourceOptions | None = None) -> None:
        traits = {host: one.traits for one in aggregate.host_classes.values() for host in one.hosts}
        super().__init__(aggregate, dict.fromkeys(aggregate.hosts, ""), traits, opts)
