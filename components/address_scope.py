"""Address scopes, and the subnet pools in them."""

import pulumi
import pulumi_openstack as openstack

from components.component import Component
from estate.model import AddressScope as Model
from estate.model import SubnetPool as PoolModel


class AddressScope(Component):
    """Addresses that are unique among themselves."""

    def __init__(self, scope: Model, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            scope.name, {"ipVersion": scope.ip_version, "shared": scope.shared}, opts, was=scope.was
        )
        resource = openstack.networking.AddressScope(
            scope.name,
            name=scope.name,
            ip_version=scope.ip_version,
            shared=scope.shared,
            opts=self.child(),
        )
        self.id = resource.id
        self.done(id=self.id)


class SubnetPool(Component):
    """Ranges that subnets are cut out of."""

    def __init__(
        self,
        pool: PoolModel,
        *,
        scope_id: pulumi.Output[str] | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        prefixes = [str(prefix) for prefix in pool.prefixes]
        super().__init__(pool.name, {"prefixes": prefixes, "scope": pool.scope}, opts, was=pool.was)
        resource = openstack.networking.SubnetPool(
            pool.name,
            name=pool.name,
            description=pool.description or "",
            prefixes=prefixes,
            address_scope_id=scope_id,
            # Neutron takes the smallest as the default, and 8 or 64 where nothing is said.
            min_prefixlen=pool.largest,
            max_prefixlen=pool.smallest,
            shared=pool.shared,
            opts=self.child(),
        )
        self.id = resource.id
        self.done(id=self.id)
