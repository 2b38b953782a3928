"""What workloads of a project's part stand in: the platform's stack has made it."""

from collections.abc import Mapping

import pulumi

from components.flavor import FlavorRef, flavor_facts
from components.host_aggregate import AggregateRef
from components.logical_network import NetworkRef
from components.tagged_image import ImageRef, image_facts
from components.workload import Surroundings
from estate.model import Estate
from estate.model.images import glance_name
from estate.openstack.existing import Existing


def surroundings(
    estate: Estate,
    existing: Existing,
    *,
    keypairs: Mapping[str, pulumi.Output[str]],
    server_group_ids: Mapping[str, pulumi.Output[str]],
) -> Surroundings:
    """By name; the last two are the part's own."""
    return Surroundings(
        images={
            (name, wanted): ImageRef(
                name=glance_name(name, version),
                id=known(existing.images[glance_name(name, version)]),
                virtual_size=image.size(version),
                facts=image_facts(image, version),
            )
            for name, image in estate.images.items()
            for wanted, version in [(None, image.version), *((one, one) for one in image.versions)]
            if glance_name(name, version) in existing.images
        },
        flavors={
            name: FlavorRef(name=name, id=known(id_), facts=flavor_facts(estate.flavors[name]))
            for name, id_ in existing.flavors.items()
        },
        networks={
            name: NetworkRef(name=name, id=known(id_), model=estate.networks[name])
            for name, id_ in existing.networks.items()
        },
        security_group_ids={name: known(id_) for name, id_ in existing.security_groups.items()},
        volume_types={name: known(there) for name, there in existing.volume_types.items()},
        keypairs=keypairs,
        server_group_ids=server_group_ids,
        port_ids={name: known(id_) for name, id_ in existing.ports.items()},
    )


def known(value: str) -> pulumi.Output[str]:
    """A value that waits for nothing."""
    return pulumi.Output.from_input(value)


def aggregates(estate: Estate) -> dict[str, AggregateRef]:
    """By name. That their hosts are isolated and open is the platform's: one that is not takes nothing."""
    return {
        name: AggregateRef(name=name, hypervisor=one.hypervisor, availability_zone=one.availability_zone)
        for name, one in estate.aggregates.items()
    }
