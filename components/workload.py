"""Servers of a workload, each with its ports and data volumes."""

from collections.abc import Mapping

import pulumi
import pulumi_openstack as openstack

from components.component import Component
from components.flavor import FlavorRef
from components.host_aggregate import AggregateRef
from components.logical_network import NetworkRef
from components.tagged_image import ImageRef
from estate.model import Workload as Model
from estate.openstack.servers import RESTRICTION_KEY, WORKLOAD_KEY

_BOOT = pulumi.CustomTimeouts(create="30m")


class Workload(Component):
    """The members of a workload, in the zone of the aggregate that the documents lead to.

    ``server_ids``: member → Nova id.
    """

    def __init__(
        self,
        workload: Model,
        *,
        aggregate: AggregateRef,
        image: ImageRef,
        flavor: FlavorRef,
        networks: Mapping[str, NetworkRef],
        security_group_ids: Mapping[str, pulumi.Output[str]],
        volume_types: Mapping[str, pulumi.Output[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        restriction = workload.restriction
        facts = {
            "servers": list(workload.servers),
            "hypervisor": aggregate.hypervisor.value,
            "restricted": restriction is not None,
            "image": dict(image.facts),
            "flavor": dict(flavor.facts),
            "availabilityZone": aggregate.availability_zone,
            "volumeTypes": sorted({volume.type for volume in workload.volumes.values()}),
        }
        if restriction is not None:
            facts["restriction"] = {
                "reason": restriction.reason.value,
                "evidence": restriction.evidence,
                "owner": restriction.owner,
                "review": restriction.review.isoformat(),
            }
        super().__init__(workload.name, facts, opts)
        self._workload = workload
        self._zone = aggregate.availability_zone
        metadata = {WORKLOAD_KEY: workload.name}
        if restriction is not None:
            metadata[RESTRICTION_KEY] = restriction.reason.value
        self.server_ids: dict[str, pulumi.Output[str]] = {}
        for name in workload.servers:
            server = openstack.compute.Instance(
                name,
                name=name,
                image_id=image.id,
                flavor_id=flavor.id,
                availability_zone=self._zone,
                networks=[
                    {"port": self._port(name, networks[network], security_group_ids)}
                    for network in workload.networks
                ],
                metadata=metadata,
                opts=self.child(
                    depends_on=aggregate.enabled,
                    # Nova would rebuild in place, on the same host, whatever the new image is made for;
                    # and a server that came up in ERROR is made anew by the next `up`.
                    replace_on_changes=["imageId", "#initerror"],
                    delete_before_replace=True,  # its ports can be bound to one server only
                    custom_timeouts=_BOOT,
                ),
            )
            self._volumes(name, server, volume_types)
            self.server_ids[name] = server.id
        self.done(serverIds=self.server_ids)

    def _port(
        self, server: str, network: NetworkRef, security_group_ids: Mapping[str, pulumi.Output[str]]
    ) -> pulumi.Output[str]:
        name = f"{server}/{network.name}"
        return openstack.networking.Port(
            name,
            name=name,
            network_id=network.id,
            admin_state_up=True,
            security_group_ids=[security_group_ids[group] for group in self._workload.security_groups],
            # What no rule allows is refused: without this Neutron would add the project's default group.
            no_security_groups=not self._workload.security_groups,
            opts=self.child(),
        ).id

    def _volumes(
        self,
        server: str,
        instance: openstack.compute.Instance,
        volume_types: Mapping[str, pulumi.Output[str]],
    ) -> None:
        for key, volume in self._workload.volumes.items():
            name = f"{server}/{key}"
            made = openstack.blockstorage.Volume(
                name,
                name=name,
                size=volume.size,
                volume_type=volume_types[volume.type],
                # Nova attaches a volume only in the server's own zone ([cinder] cross_az_attach = False).
                availability_zone=self._zone,
                opts=self.child(),
            )
            openstack.compute.VolumeAttach(
                name,
                instance_id=instance.id,
                volume_id=made.id,
                opts=self.child(delete_before_replace=True),
            )
