"""Restricted servers that are asked for in another way: by an image that is named otherwise."""

from typing import Any

import pulumi
import pulumi_openstack as openstack

from tests.adversarial.kit import ESXI_ID, KVM_ID, Kit
from tests.adversarial.rows.row import Program, Row


def server(
    key: str, family: str, way: str, wrong: Program, rule: str = "esxi-restricted-on-esxi", **more: Any
) -> Row:
    """A restricted server that is asked for in another way."""
    return Row(
        key=key,
        family=family,
        way=way,
        rule=rule,
        wrong=wrong,
        **{
            "right": lambda kit: kit.restricted(),
            "sibling": "image and flavor resources for ESXi, and its zone",
            **more,
        },
    )


def either(kit: Kit) -> object:
    """One of two images, which one depends on what only the update knows."""
    ids = pulumi.Output.all(kit.linux().id, kit.image().id)
    return kit.restricted(image_id=ids.apply(lambda found: found[0]))


def local(kit: Kit) -> dict[str, Any]:
    """An image for ESXi as root disk on the host."""
    return {"source_type": "image", "uuid": kit.image().id, "destination_type": "local", "boot_index": 0}


SERVERS = (
    server(
        "image-id",
        "image of a server",
        "the id of a KVM image",
        lambda kit: kit.restricted(image_id=KVM_ID),
        right=lambda kit: kit.restricted(image_id=ESXI_ID),
        sibling="the id of an ESXi image in the catalogue",
    ),
    server(
        "image-id-unknown",
        "image of a server",
        "an id that nobody knows",
        lambda kit: kit.restricted(image_id="0f2b6c3e"),
        "image-and-flavor-known",
        right=lambda kit: kit.restricted(image_id=ESXI_ID),
        sibling="an id in the catalogue",
    ),
    server(
        "image-name",
        "image of a server",
        "the name of a KVM image",
        lambda kit: kit.restricted(image_name="linux"),
    ),
    server(
        "image-id-and-name",
        "image of a server",
        "an id that nobody knows, beside the name of an ESXi image, which the provider does not read",
        lambda kit: kit.restricted(image_id="0f2b6c3e", image_name=kit.image().name),
        "image-and-flavor-known",
        right=lambda kit: kit.restricted(image_name=kit.image().name),
        sibling="the name alone",
    ),
    server(
        "image-device",
        "image of a server",
        "the id of a KVM image, beside an ESXi image as local device, which Nova does not read",
        lambda kit: kit.restricted(image_id=KVM_ID, block_devices=[local(kit)]),
        right=lambda kit: kit.restricted(image_id=ESXI_ID, block_devices=[local(kit)]),
        sibling="the id of an ESXi image",
    ),
    server(
        "image-name-applied",
        "image of a server",
        "the name of a KVM image, made of the name of an ESXi image by `apply`",
        lambda kit: kit.restricted(image_name=kit.image().name.apply(lambda _: "linux")),
        right=lambda kit: kit.restricted(image_name=kit.image().name.apply(str.strip)),
        sibling="what `apply` makes of it is the name of an ESXi image",
    ),
    server(
        "image-get",
        "image of a server",
        "a KVM image by `get_image`",
        lambda kit: kit.restricted(
            image_id=openstack.images.get_image_output(name="linux", opts=kit.invoke).id
        ),
        alone=True,
        right=lambda kit: kit.restricted(
            image_id=openstack.images.get_image_output(name="vmware", opts=kit.invoke).id
        ),
        sibling="an ESXi image by `get_image`, in the catalogue",
    ),
    server("image-either", "image of a server", "one of two images, chosen during the update", either),
    server(
        "flavor-name-applied",
        "flavor of a server",
        "the name of a KVM flavor, made of the name of an ESXi flavor by `apply`",
        lambda kit: kit.restricted(flavor_name=kit.flavor().name.apply(lambda _: "kvm-small")),
        right=lambda kit: kit.restricted(flavor_name=kit.flavor().name.apply(str.strip)),
        sibling="what `apply` makes of it is the name of an ESXi flavor",
    ),
    server(
        "image-elsewhere",
        "provider arguments",
        "an image's name, of another cloud's image",
        lambda kit: (kit.image(opts=kit.elsewhere), kit.restricted(image_name=kit.own("image"))),
        "image-and-flavor-known",
        right=lambda kit: (kit.image(), kit.restricted(image_name=kit.own("image"))),
        sibling="image and server of one provider",
    ),
    server(
        "region",
        "provider arguments",
        "an image's name, in another region",
        lambda kit: (kit.image(), kit.restricted(image_name=kit.own("image"), region="elsewhere")),
        "image-and-flavor-known",
        right=lambda kit: (kit.image(), kit.restricted(image_name=kit.own("image"))),
        sibling="image and server in one region",
    ),
)
