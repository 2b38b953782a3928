"""Servers of a workload, each with its ports and volumes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_openstack as openstack
from pulumi_openstack.compute import InstanceBlockDeviceArgsDict

from components.component import Component, formerly
from components.flavor import FlavorRef
from components.host_aggregate import AggregateRef
from components.logical_network import NetworkRef
from components.server_port import port_name, server_port
from components.tagged_image import ImageRef
from components.turns import Turns
from estate.model import Hypervisor
from estate.model import Workload as Model
from estate.openstack.servers import DESCRIPTION_KEY, OWNER_KEY, RESTRICTION_KEY, WORKLOAD_KEY

_BOOT = pulumi.CustomTimeouts(create="30m")


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What workloads stand in, by the names that documents give to it."""

    images: Mapping[tuple[str, str | None], ImageRef]
    """By name and version; ``None`` is the newest."""
    flavors: Mapping[str, FlavorRef]
    networks: Mapping[str, NetworkRef]
    security_group_ids: Mapping[str, pulumi.Output[str]]
    volume_types: Mapping[str, pulumi.Output[str]]
    keypairs: Mapping[str, pulumi.Output[str]]
    server_group_ids: Mapping[str, pulumi.Output[str]]
    port_ids: Mapping[str, pulumi.Output[str]] | None = None
    """Ports with fixed addresses, which another part has made; ``None``: made here."""

    def image_of(self, workload: Model) -> ImageRef:
        """The version of its image that a workload names, or the newest."""
        return self.images[workload.image, workload.image_version]


class Workload(Component):
    """The members of a workload, in the zone of the aggregate that the documents lead to.

    What changes a server, and how (terraform-provider-openstack, resource_openstack_compute_instance_v2.go):

    - another image makes it anew: Nova would rebuild it in place, on the same host, whatever the new
      image is made for, and wipe its disk without saying so;
    - another flavor resizes it in place, with one stop;
    - other user data or another key makes no server anew: cloud-init reads them at the first boot only;
    - another name, description, metadata, address or security group is changed as it runs.

    ``server_ids``: member → Nova id.
    """

    def __init__(
        self,
        workload: Model,
        *,
        aggregates: Mapping[str, AggregateRef],
        surroundings: Surroundings,
        user_data: Mapping[str, pulumi.Input[str]],
        turns: Mapping[str, Turns],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``aggregates``, ``user_data``: by member; who has no user data is not in there.

        ``turns``: by server group.
        """
        restriction = workload.restriction
        aggregate = aggregates[workload.servers[0]]
        facts: dict[str, Any] = {
            "servers": list(workload.servers),
            "hypervisor": aggregate.hypervisor.value,
            "restricted": restriction is not None,
            "image": dict(surroundings.image_of(workload).facts),
            "flavor": dict(surroundings.flavors[workload.flavor].facts),
            "availabilityZone": aggregate.availability_zone,
            "volumeTypes": _volume_types(workload),
        }
        if restriction is not None:
            facts["restriction"] = {
                "reason": restriction.reason.value,
                "evidence": restriction.evidence,
                "owner": restriction.owner,
                "review": restriction.review.isoformat(),
            }
        super().__init__(workload.name, facts, opts, was=workload.was)
        self._in = surroundings
        self.server_ids: dict[str, pulumi.Output[str]] = {}
        for variant in workload.variants:
            for name in variant.servers:
                turn = turns[group] if (group := variant.workload.server_group) else None
                waits = turn.before if turn else ()
                server = self._server(name, variant.workload, aggregates[name], user_data.get(name), waits)
                if turn:
                    turn.took(server)
                self._volumes(name, variant.workload, server, aggregates[name])
                self.server_ids[name] = server.id
        self.done(serverIds=self.server_ids)

    def _server(
        self,
        name: str,
        workload: Model,
        aggregate: AggregateRef,
        user_data: pulumi.Input[str] | None,
        waits: Sequence[pulumi.Resource],
    ) -> openstack.compute.Instance:
        image = self._in.image_of(workload)
        return openstack.compute.Instance(
            name,
            name=name,
            image_id=image.id if workload.boot_volume is None else None,
            block_devices=self._boot_volume(workload, image),
            flavor_id=self._in.flavors[workload.flavor].id,
            availability_zone=aggregate.availability_zone,
            networks=[
                {"port": self._port(name, workload, self._in.networks[network])}
                for network in workload.networks
            ],
            key_pair=self._in.keypairs[workload.keypair] if workload.keypair else None,
            user_data=user_data,
            config_drive=workload.config_drive,
            metadata=_metadata(workload),
            tags=list(workload.tags) or None,
            scheduler_hints=(
                [{"group": self._in.server_group_ids[workload.server_group]}]
                if workload.server_group
                else None
            ),
            opts=self.child(
                depends_on=[*aggregate.enabled, *waits],
                # A server that came up in ERROR is made anew by the next `up`.
                replace_on_changes=["imageId", "#initerror"],
                ignore_changes=["userData", "keyPair"],
                delete_before_replace=True,  # its ports can be bound to one server only
                custom_timeouts=_BOOT,
            ),
        )

    def _boot_volume(self, workload: Model, image: ImageRef) -> list[InstanceBlockDeviceArgsDict] | None:
        """The root disk as a volume that Nova makes from the image, so that it honours the image's tags."""
        boot = workload.boot_volume
        if boot is None:
            return None
        return [
            {
                "source_type": "image",
                "uuid": image.id,
                "destination_type": "volume",
                "boot_index": 0,
                "volume_size": boot.size or image.virtual_size,
                "volume_type": self._in.volume_types[boot.type],
                "delete_on_termination": True,  # as a root disk on the host would go
            }
        ]

    def _port(self, server: str, workload: Model, network: NetworkRef) -> pulumi.Output[str]:
        if self._in.port_ids is not None and workload.addresses.get(network.name):
            return self._in.port_ids[port_name(server, network.name)]
        groups = self._in.security_group_ids
        return server_port(server, workload, network, security_group_ids=groups, within=self).id

    def _volumes(
        self, server: str, workload: Model, instance: openstack.compute.Instance, aggregate: AggregateRef
    ) -> None:
        for key, volume in workload.volumes.items():
            name, was = f"{server}/{key}", formerly(f"{server}/", volume.was)
            made = openstack.blockstorage.Volume(
                name,
                name=name,
                size=volume.size,
                volume_type=self._in.volume_types[volume.type],
                # Another type moves the data; without this Cinder refuses what must move to another back end.
                volume_retype_policy="on-demand",
                # Nova's VMware driver cannot grow a volume that is attached (no extend_volume).
                enable_online_resize=True if aggregate.hypervisor is Hypervisor.KVM else None,
                # Nova attaches a volume only in the server's own zone ([cinder] cross_az_attach = False).
                availability_zone=aggregate.availability_zone,
                opts=self.child(was=was),
            )
            openstack.compute.VolumeAttach(
                name,
                instance_id=instance.id,
                volume_id=made.id,
                opts=self.child(delete_before_replace=True, was=was),
            )


def _volume_types(workload: Model) -> list[str]:
    boot = [workload.boot_volume.type] if workload.boot_volume is not None else []
    return sorted({*boot, *(volume.type for volume in workload.volumes.values())})


def _metadata(workload: Model) -> dict[str, str]:
    """Server metadata: whose it is and, if it must stay on ESXi, why."""
    ours = {
        WORKLOAD_KEY: workload.name,
        DESCRIPTION_KEY: workload.description,
        OWNER_KEY: workload.owner,
        RESTRICTION_KEY: workload.restriction.reason.value if workload.restriction else None,
    }
    return {**workload.metadata, **{key: value for key, value in ours.items() if value is not None}}
