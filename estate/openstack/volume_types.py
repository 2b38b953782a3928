"""What Cinder keeps about volume types besides the types: encryption, and defaults of projects."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from estate.openstack import sdk
from estate.openstack.sdk import BlockStorage, Connection


@dataclass(frozen=True, kw_only=True)
class Encryption:
    """How volumes of a type are encrypted, in Cinder's words."""

    provider: str
    cipher: str
    key_size: int
    """Bits."""
    control_location: str


def encryption_of(cloud: Connection, volume_type_id: str) -> Encryption | None:
    """The encryption of a type; ``None`` if its volumes are not encrypted, or there is no such type."""
    try:
        found = _cinder(cloud).get_type_encryption(volume_type_id)
    except sdk.exceptions.NotFoundException:
        return None
    if not found.provider:
        return None
    return Encryption(
        provider=found.provider,
        cipher=found.cipher or "",
        key_size=int(found.key_size or 0),
        control_location=found.control_location,
    )


def encrypt(cloud: Connection, volume_type_id: str, wanted: Encryption) -> None:
    """Have a type encrypted as ``wanted``. Cinder refuses a change while volumes have the type."""
    attributes: dict[str, Any] = {
        "provider": wanted.provider,
        "cipher": wanted.cipher,
        "key_size": wanted.key_size,
        "control_location": wanted.control_location,
    }
    found = encryption_of(cloud, volume_type_id)
    if found is None:
        _cinder(cloud).create_type_encryption(volume_type_id, **attributes)
    elif found != wanted:
        _cinder(cloud).update_type_encryption(
            _cinder(cloud).get_type_encryption(volume_type_id), **attributes
        )


def decrypt(cloud: Connection, volume_type_id: str) -> None:
    """Have new volumes of a type no longer encrypted; a type that is gone is fine."""
    if encryption_of(cloud, volume_type_id) is not None:
        _cinder(cloud).delete_type_encryption(
            _cinder(cloud).get_type_encryption(volume_type_id), volume_type_id
        )


def volumes_of(cloud: Connection, names: Collection[str]) -> str:
    """Names of the volumes that have a type of one of these names, in words; empty if none has."""
    found = sorted(
        one.name or one.id
        for one in _cinder(cloud).volumes(details=True, all_projects=True)
        if one.volume_type in names
    )
    return ", ".join(found[:8]) + (", …" if len(found) > 8 else "")


def default_of(cloud: Connection, project_id: str) -> str | None:
    """Id of the type that a project's volumes have if they name none; ``None`` if it has no default."""
    try:
        found = _cinder(cloud).show_default_type(project_id)
    except sdk.exceptions.NotFoundException:
        return None
    return str(found.volume_type_id)


def set_default(cloud: Connection, project_id: str, volume_type_id: str) -> None:
    """Make a type the project's default."""
    if default_of(cloud, project_id) != volume_type_id:
        _cinder(cloud).set_default_type(project_id, volume_type_id)


def unset_default(cloud: Connection, project_id: str, volume_type_id: str) -> None:
    """Take the default back, unless it is another type's by now."""
    if default_of(cloud, project_id) == volume_type_id:
        _cinder(cloud).unset_default_type(project_id)


def _cinder(cloud: Connection) -> BlockStorage:
    return cloud.block_storage  # type: ignore[return-value]  # version 2 is gone since Xena
