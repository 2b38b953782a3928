"""A Keystone project and how much it may have."""

from collections.abc import Mapping

import pulumi
import pulumi_openstack as openstack

from components.component import Component
from components.gates.volume_type_quota import VolumeTypeQuota
from estate.model import Mode
from estate.model import Project as Model
from estate.model.projects import ComputeQuota, NetworkQuota, VolumeQuota


class Project(Component):
    """A project in the domain of the login; ``id`` is its Keystone id. If referenced, it is found by name."""

    def __init__(self, project: Model, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(project.name, {"mode": project.mode.value}, opts)
        self._project = project
        if project.mode is Mode.REFERENCED:
            found = openstack.identity.get_project_output(
                name=project.name, opts=pulumi.InvokeOutputOptions(parent=self)
            )
            self.id: pulumi.Output[str] = found.id
        else:
            self.id = openstack.identity.Project(
                project.name, name=project.name, description=project.description or "", opts=self.child()
            ).id
        self._quotas(project)
        self.done(id=self.id)

    def _quotas(self, project: Model) -> None:
        """One resource per service that has a limit. Deleting it gives the cloud's defaults back."""
        compute, network = project.quota.compute, project.quota.network
        if compute != ComputeQuota():
            openstack.compute.QuotaSetV2(
                f"{project.name}/compute",
                project_id=self.id,
                instances=compute.instances,
                cores=compute.cores,
                ram=compute.memory,
                key_pairs=compute.key_pairs,
                server_groups=compute.server_groups,
                server_group_members=compute.server_group_members,
                opts=self.child(),
            )
        if network != NetworkQuota():
            openstack.networking.QuotaV2(
                f"{project.name}/network",
                project_id=self.id,
                network=network.networks,
                subnet=network.subnets,
                port=network.ports,
                router=network.routers,
                floatingip=network.floating_ips,
                security_group=network.security_groups,
                security_group_rule=network.security_group_rules,
                opts=self.child(),
            )

    def limit_volumes(self, volume_types: Mapping[str, pulumi.Output[str]]) -> None:
        """Set the quota of Cinder, which knows limits of a volume type only once the type exists."""
        name, volumes = self._project.name, self._project.quota.volumes
        if volumes.model_copy(update={"types": {}}) != VolumeQuota():
            openstack.blockstorage.QuoteSetV3(  # sic: the SDK's name
                f"{name}/volumes",
                project_id=self.id,
                volumes=volumes.volumes,
                snapshots=volumes.snapshots,
                gigabytes=volumes.size,
                opts=self.child(),
            )
        limits = {
            f"{what}_{key}": limit
            for key, one in volumes.types.items()
            for what, limit in (("volumes", one.volumes), ("gigabytes", one.size))
            if limit is not None
        }
        if limits:
            # The project's id, known only once all the types are: the limits need them.
            project_id = pulumi.Output.all(self.id, *(volume_types[key] for key in volumes.types)).apply(
                lambda ids: str(ids[0])
            )
            VolumeTypeQuota(name, project_id=project_id, limits=limits, opts=self.child())
