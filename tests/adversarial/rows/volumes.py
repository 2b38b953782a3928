"""Servers whose root disk or data are volumes."""

from typing import Any

from tests.adversarial.kit import Kit
from tests.adversarial.rows.servers import server


def from_volume(kit: Kit) -> object:
    """The root disk is a volume that was made before, from an image for KVM."""
    volume = kit.volume(image_id=kit.linux().id, volume_type="standard-kvm")
    return kit.restricted(block_devices=[device(source_type="volume", uuid=volume.id)])


def device(**changed: Any) -> dict[str, Any]:
    """A root disk on a volume."""
    return {"destination_type": "volume", "boot_index": 0, "volume_size": 1, **changed}


def data_on_kvm(kit: Kit) -> None:
    """Data of a restricted server, on a volume for KVM."""
    kit.attach(kit.restricted(), kit.volume(volume_type="standard-kvm", availability_zone="az-kvm"))


def data_on_esxi(kit: Kit) -> None:
    """The same on a volume for ESXi."""
    kit.attach(kit.restricted(), kit.volume(volume_type="standard-esxi", availability_zone="az-esxi"))


VOLUMES = (
    server("boot-volume", "volume", "boot from a volume of a KVM image", from_volume),
    server(
        "boot-blank",
        "volume",
        "boot from a blank volume, with a flavor without trait",
        lambda kit: kit.restricted(flavor=kit.flavor({}), block_devices=[device(source_type="blank")]),
    ),
    server(
        "boot-snapshot",
        "volume",
        "boot from a volume's snapshot, of which nothing is known",
        lambda kit: kit.restricted(
            flavor=kit.flavor({}), block_devices=[device(source_type="snapshot", uuid="0f2b6c3e")]
        ),
    ),
    server(
        "boot-volume-kvm",
        "volume",
        "root disk on a volume type for KVM",
        lambda kit: kit.restricted(
            block_devices=[device(source_type="image", uuid=kit.image().id, volume_type="standard-kvm")]
        ),
        "volume-on-its-side",
        right=lambda kit: kit.restricted(
            block_devices=[device(source_type="image", uuid=kit.image().id, volume_type="standard-esxi")]
        ),
        sibling="root disk on a volume type for ESXi",
    ),
    server(
        "data-volume",
        "volume",
        "data on a volume for KVM",
        data_on_kvm,
        "volume-on-its-side",
        right=data_on_esxi,
        sibling="a volume for ESXi",
    ),
)
