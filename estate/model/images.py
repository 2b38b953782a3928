"""Kind ``images``: Glance images, each tagged for one hypervisor."""

from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, StringConstraints, ValidationInfo, field_validator

from estate.model.block import Block, ResourceBlock
from estate.model.hypervisor import Hypervisor
from estate.model.words import GUEST, SHA256, SHA512, URL, VERSION, GibiBytes, MebiBytes, Text, shown


class DiskType(StrEnum):
    """Layout of a VMDK (image property ``vmware_disktype``).

    Nova knows more (``preallocated``, ``thin``, …), but those upload a bare ``-flat`` extent, which
    Glance since 2025.1 refuses for disk_format vmdk (``require_image_format_match``).
    """

    SPARSE = "sparse"
    STREAM_OPTIMIZED = "streamOptimized"


class Adapter(StrEnum):
    """Disk controller of an ESXi server (image property ``vmware_adaptertype``).

    The values are those of nova/virt/vmwareapi/constants.py.
    """

    LSI_LOGIC = "lsiLogic"
    LSI_LOGIC_SAS = "lsiLogicsas"
    BUS_LOGIC = "busLogic"
    PARA_VIRTUAL = "paraVirtual"
    IDE = "ide"


class DiskFormat(StrEnum):
    """Glance's ``disk_format``."""

    QCOW2 = "qcow2"
    RAW = "raw"
    VMDK = "vmdk"


_SIDE = {
    Hypervisor.KVM: (DiskFormat.QCOW2, DiskFormat.RAW),
    Hypervisor.ESXI: (DiskFormat.VMDK,),
}


def _no_login(value: object) -> object:
    """An address without user and password: what was found is not repeated."""
    authority = value.partition("://")[2].partition("/")[0] if isinstance(value, str) else ""
    if "@" in authority:
        raise ValueError(
            "expected an address without user and password, which stand in clear here and in the engine's "
            "state; serve the file without them, and change the password"
        )
    return value


class Source(Block):
    """Where the content of an image comes from, and what it must be."""

    file: Text | None = Field(
        default=None, description="Image file, relative to the images folder of the environment."
    )
    url: Annotated[
        Annotated[str, StringConstraints(pattern=URL, max_length=2000)] | None, BeforeValidator(_no_login)
    ] = Field(default=None, description="Address of the image file, instead of `file`; needs its checksum.")
    sha256: Annotated[str, StringConstraints(pattern=SHA256)] | None = Field(
        default=None, description="SHA-256 of the file, compared before it is used."
    )
    sha512: Annotated[str, StringConstraints(pattern=SHA512)] | None = Field(
        default=None, description="SHA-512 of the file, compared before it is used."
    )

    @field_validator("file", mode="after")
    @classmethod
    def _inside(cls, file: str | None) -> str | None:
        path = PurePosixPath(file or "")
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(
                f"expected a file below the images folder, got {shown(file)}; put it there, or name another "
                "folder (`pulumi config set estate:images FOLDER`)"
            )
        return file

    @field_validator("url", mode="after")
    @classmethod
    def _one_source(cls, url: str | None, info: ValidationInfo) -> str | None:
        if "file" not in info.data:
            return url
        file = info.data["file"]
        if (file is None) == (url is None):
            raise ValueError(f"expected file or url, got {'neither' if url is None else 'both'}")
        return url

    @field_validator("sha512", mode="after")
    @classmethod
    def _checked(cls, sha512: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("url") is not None and sha512 is None and info.data.get("sha256", "") is None:
            raise ValueError("an image from a url needs its checksum: say sha256 or sha512")
        return sha512

    @property
    def file_name(self) -> str:
        """Path of the file below the images folder; of an address its last part, after the checksum's begin:
        many servers call each of their images ``disk.img``.
        """
        if self.file is not None:
            return self.file
        return f"{(self.sha256 or self.sha512 or '')[:12]}-{PurePosixPath(urlsplit(str(self.url)).path).name}"

    @property
    def format_by_ending(self) -> DiskFormat | None:
        """Format that its name tells; ``None`` if the name tells none."""
        return _by_ending(self.file_name)


class OldVersion(Source):
    """A version that servers may still run on: hidden in Glance, and kept."""

    virtual_size: GibiBytes | None = Field(
        default=None, description="Size of the disk as the guest sees it; as in the image if absent."
    )


class _Kind(ResourceBlock):
    """What must be known before the source can be judged."""

    hypervisor: Hypervisor = Field(description="Hypervisor that it is made for: `kvm` or `esxi`.")
    format: DiskFormat | None = Field(
        default=None, description="Format of the file; by its ending (`.qcow2`, `.raw`, `.vmdk`) if absent."
    )


class Image(Source, _Kind):
    """An image and the hypervisor it is made for: qcow2 or raw for KVM, VMDK for ESXi."""

    version: Annotated[str, StringConstraints(pattern=VERSION)] | None = Field(
        default=None, description="Version, e.g. `2026.1`; becomes part of the name in Glance."
    )
    older: dict[Annotated[str, StringConstraints(pattern=VERSION)], OldVersion] = Field(
        default_factory=dict, description="Older versions, kept for the servers that run on them."
    )
    virtual_size: GibiBytes = Field(description="Size of the disk as the guest sees it; becomes `min_disk`.")
    min_memory: MebiBytes | None = Field(
        default=None, description="Memory that a server needs at least; becomes `min_ram`."
    )
    disk_type: DiskType | None = Field(default=None, description="ESXi: layout of the VMDK.")
    adapter: Adapter | None = Field(default=None, description="ESXi: disk controller.")
    guest: str | None = Field(
        default=None, pattern=GUEST, description="ESXi: vSphere guest id, e.g. `rhel9_64Guest`."
    )

    @field_validator("file", "url", mode="after")
    @classmethod
    def _format_fits_hypervisor(cls, source: str | None, info: ValidationInfo) -> str | None:
        hypervisor = info.data.get("hypervisor")
        if hypervisor is None or source is None or "format" not in info.data:
            return source
        written, ending = info.data["format"], _by_ending(source)
        if written and ending and written is not ending:
            # Glance reads what it is (require_image_format_match), and a file is what it is named after.
            raise ValueError(
                f"expected a file of format {written}, got {source}; remove format, or name it so"
            )
        if (written or _by_ending(source)) not in _SIDE[hypervisor]:
            allowed = " or ".join(f".{one}" for one in _SIDE[hypervisor])
            got = f"format {written}" if written else source
            raise ValueError(f"expected a {allowed} file for hypervisor {hypervisor}, got {got}")
        return source

    @field_validator("older", mode="after")
    @classmethod
    def _versions_differ(cls, older: dict[str, OldVersion], info: ValidationInfo) -> dict[str, OldVersion]:
        version = info.data.get("version")
        if older and version is None:
            raise ValueError("an image with older versions needs a version itself")
        if version in older:
            raise ValueError(f"expected versions other than the image's own, got {version} again")
        return older

    @field_validator("disk_type", "adapter", "guest", mode="after")
    @classmethod
    def _vsphere_only(cls, value: str | None, info: ValidationInfo) -> str | None:
        hypervisor = info.data.get("hypervisor")
        if hypervisor is Hypervisor.KVM and value is not None:
            raise ValueError(f"only images with hypervisor: esxi have {info.field_name}; remove it")
        if hypervisor is Hypervisor.ESXI and value is None and info.field_name != "guest":
            allowed = ", ".join(DiskType if info.field_name == "disk_type" else Adapter)
            raise ValueError(f"an esxi image needs {info.field_name}: one of {allowed}")
        return value

    @property
    def disk_format(self) -> str:
        """Glance's ``disk_format``."""
        found = self.format or _by_ending(self.file_name)
        assert found is not None, "refused when it was read"
        return found.value

    @property
    def glance_name(self) -> str:
        """Name in Glance: a new version is a new image there."""
        return glance_name(self.name, self.version)

    @property
    def versions(self) -> tuple[str | None, ...]:
        """All versions, the newest first."""
        return (self.version, *self.older)

    def source(self, version: str | None) -> Source:
        """Where a version's content comes from. ``KeyError``: there is no such version."""
        return self if version == self.version else self.older[str(version)]

    def size(self, version: str | None) -> int:
        """Virtual size of a version, GiB. ``KeyError``: there is no such version."""
        if version == self.version:
            return self.virtual_size
        return self.older[str(version)].virtual_size or self.virtual_size


def glance_name(image: str, version: str | None) -> str:
    """``rhel9-esxi`` and ``2026.1`` → ``rhel9-esxi-2026.1``."""
    return image if version is None else f"{image}-{version}"


def _by_ending(name: str) -> DiskFormat | None:
    return next((one for one in DiskFormat if name.endswith(f".{one}")), None)
