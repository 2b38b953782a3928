"""The encryption of a volume type."""

import pulumi
from pulumi.dynamic import Resource

from components.gates.gate import Gate, Props
from estate.model.storage import Encryption
from estate.openstack import volume_types
from estate.openstack.sdk import Connection


class VolumeTypeEncryptionProvider(Gate):
    """Encrypts a type before any volume has it; the provider for OpenStack has no resource for it."""

    def settle(self, cloud: Connection, olds: Props | None, props: Props) -> None:
        """Encrypt it, or change how; Cinder refuses the change while volumes have the type."""
        if olds is not None and olds["volumeTypeId"] != props["volumeTypeId"]:
            volume_types.decrypt(cloud, olds["volumeTypeId"])
        volume_types.encrypt(cloud, props["volumeTypeId"], _wanted(props))

    def drifted(self, cloud: Connection, props: Props) -> bool:
        """Whether the type is encrypted otherwise now, or not at all."""
        return volume_types.encryption_of(cloud, props["volumeTypeId"]) != _wanted(props)

    def leave(self, cloud: Connection, props: Props) -> None:
        """Encrypt new volumes of the type no longer."""
        volume_types.decrypt(cloud, props["volumeTypeId"])


def _wanted(props: Props) -> volume_types.Encryption:
    return volume_types.Encryption(
        provider=props["encryptionProvider"],
        cipher=props["cipher"],
        key_size=int(props["keySize"]),
        control_location=props["controlLocation"],
    )


class VolumeTypeEncryption(Resource, module="estate", name="VolumeTypeEncryption"):
    """Named ``TYPE-encryption``."""

    def __init__(
        self,
        volume_type: str,
        *,
        volume_type_id: pulumi.Input[str],
        encryption: Encryption,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(
            VolumeTypeEncryptionProvider(),
            f"{volume_type}-encryption",
            {
                "volumeTypeId": volume_type_id,
                "encryptionProvider": encryption.provider,
                "cipher": encryption.cipher,
                "keySize": encryption.key_size,
                "controlLocation": encryption.control_location,
            },
            opts,
        )
