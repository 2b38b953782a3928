"""A Keystone project and how much it may have."""

from collections.abc import Mapping

import pulumi
import pulumi_openstack as openstack

from components.component import Component, Ref
from components.gates.volume_type_quota import VolumeTypeQuota
from components.look_up import id_of
from estate.model import Mode
from estate.model import Project as Model
from estate.model.projects import UNLIMITED, ComputeQuota, Limit, NetworkQuota, VolumeQuota


class Project(Component):
    """A project in the domain of the login; ``id`` is its Keystone id. If referenced, it is found by name."""

    def __init__(self, project: Model, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(project.name, {"mode": project.mode.value}, opts, was=project.was)
        self._project = project
        if project.mode is Mode.REFERENCED:
            self.id: pulumi.Output[str] = id_of(
                "openstack:identity/getProject:getProject",
                subject=f'project "{project.name}"',
                parent=self,
                name=project.name,
            )
        else:
            self.id = openstack.identity.Project(
                project.name, name=project.name, description=project.description or "", opts=self.child()
            ).id
        self.ref = Ref(id=self.id, was=project.was)
        self._quotas(project)
        self.done(id=self.id)

    def _quotas(self, project: Model) -> None:
        """One resource per service that has a limit. Deleting it gives the cloud's defaults back."""
        compute, network = project.quota.compute, project.quota.network
        if compute != ComputeQuota():
            openstack.compute.QuotaSetV2(
                f"{project.name}/compute",
                project_id=self.id,
                instances=_number(compute.instances),
                cores=_number(compute.cores),
                ram=_number(compute.memory),
                key_pairs=_number(compute.key_pairs),
                server_groups=_number(compute.server_groups),
                server_group_members=_number(compute.server_group_members),
                opts=self.child(),
            )
        if network != NetworkQuota():
            openstack.networking.QuotaV2(
                f"{project.name}/network",
                project_id=self.id,
                network=_number(network.networks),
                subnet=_number(network.subnets),
                port=_number(network.ports),
                router=_number(network.routers),
                floatingip=_number(network.floating_ips),
                security_group=_number(network.security_groups),
                security_group_rule=_number(network.security_group_rules),
                opts=self.child(),
            )

    def limit_volumes(self, volume_types: Mapping[str, pulumi.Output[str]]) -> None:
        """Set the quota of Cinder, which knows limits of a volume type only once the type exists."""
        name, volumes = self._project.name, self._project.quota.volumes
        if volumes.model_copy(update={"types": {}}) != VolumeQuota():
            openstack.blockstorage.QuoteSetV3(  # sic: the SDK's name
                f"{name}/volumes",
                project_id=self.id,
                volumes=_number(volumes.volumes),
                snapshots=_number(volumes.snapshots),
                gigabytes=_number(volumes.size),
                opts=self.child(),
            )
        limits = {
            (what, key): number
            for key, one in volumes.types.items()
            for what, limit in (("volumes", one.volumes), ("gigabytes", one.size))
            if (number := _number(limit)) is not None
        }
        if limits:
            # A renamed type has its old name in Cinder.
            named = pulumi.Output.all(**{key: volume_types[key] for key in volumes.types}).apply(
                lambda names: {f"{what}_{names[key]}": limit for (what, key), limit in limits.items()}
            )
            VolumeTypeQuota(name, project_id=self.id, limits=named, opts=self.child())


def _number(limit: Limit) -> int | None:
    """As Nova, Neutron and Cinder say it: -1 is no limit."""
    return -1 if limit == UNLIMITED else limit
