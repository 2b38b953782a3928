"""A flavor that sends its servers to one hypervisor."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_openstack as openstack

from components.component import Component, Ref, formerly
from estate.model import Flavor as Model
from estate.model import Hypervisor
from estate.placement.triple import flavor_extra_specs


@dataclass(frozen=True, kw_only=True)
class FlavorRef:
    """What servers need of their flavor."""

    name: str
    id: pulumi.Output[str]
    facts: Mapping[str, Any]


def flavor_facts(flavor: Model) -> dict[str, Any]:
    """What the component of a workload says of its flavor."""
    return {
        "name": flavor.name,
        "hypervisor": flavor.hypervisor.value,
        "extraSpecs": flavor_extra_specs(flavor),
    }


class Flavor(Component):
    """Private, and open to the projects that the documents name; a KVM flavor that names none is public.

    Nova cannot change a flavor's size: it is made anew under another id, and the servers that have it are
    resized to it. Its extra specs change in place, but a server keeps those that it was booted with.
    """

    def __init__(
        self,
        flavor: Model,
        *,
        projects: Mapping[str, Ref],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        extra_specs = flavor_extra_specs(flavor)
        is_public = flavor.hypervisor is Hypervisor.KVM and not flavor.projects
        facts = {"hypervisor": flavor.hypervisor.value, "extraSpecs": extra_specs, "isPublic": is_public}
        super().__init__(flavor.name, facts, opts, was=flavor.was)
        resource = openstack.compute.Flavor(
            flavor.name,
            name=flavor.name,
            description=flavor.description or "",
            vcpus=flavor.vcpus,
            ram=flavor.memory,
            disk=flavor.disk,
            is_public=is_public,
            # Always the whole map: the provider deletes all keys before it writes the new ones.
            extra_specs=extra_specs,
            # Nova allows a name once, and cannot rename a flavor: another one would resize all its servers.
            opts=self.child(delete_before_replace=True, ignore_changes=["name"]),
        )
        for project in flavor.projects:
            openstack.compute.FlavorAccess(
                f"{flavor.name}/{project}",
                flavor_id=resource.id,
                tenant_id=projects[project].id,
                opts=self.child(
                    delete_before_replace=True, was=formerly(f"{flavor.name}/", projects[project].was)
                ),
            )
        self.ref = FlavorRef(name=flavor.name, id=resource.id, facts=flavor_facts(flavor))
        self.done(id=resource.id)
