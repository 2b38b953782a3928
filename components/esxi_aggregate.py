"""A host aggregate of vSphere clusters."""

from collections.abc import Sequence

import pulumi

from components.esxi_cluster import ClusterRef
from components.host_aggregate import HostAggregate
from estate.model import Aggregate


class EsxiAggregate(HostAggregate):
    """vSphere clusters, one nova-compute each, which starts to work once its cluster exists."""

    def __init__(
        self,
        aggregate: Aggregate,
        *,
        clusters: Sequence[ClusterRef],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            aggregate,
            {one.compute_host: one.id for one in clusters},
            {one.compute_host: one.traits for one in clusters},
            opts,
        )
