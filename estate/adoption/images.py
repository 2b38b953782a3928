"""Images."""

from collections.abc import Mapping
from typing import Any

from estate.adoption.compute import gibibytes, image_of, sides
from estate.adoption.found import Found, Thing
from estate.adoption.taking import Block, Taking, size
from estate.model import Hypervisor
from estate.model.images import Adapter, DiskFormat, DiskType, glance_name

OLDER = "older versions of images"
"""Kind of the names of versions (``Taking.names``)."""

_OF_FORMAT = {
    DiskFormat.QCOW2: Hypervisor.KVM,
    DiskFormat.RAW: Hypervisor.KVM,
    DiskFormat.VMDK: Hypervisor.ESXI,
}


def images(found: Found, taking: Taking, declared: Mapping[str, Any]) -> None:
    """Images that servers boot from: qcow2 and raw for KVM, VMDK for ESXi.

    Those that ``declared`` has already as versions of another are that one.
    """
    versions = {
        glance_name(name, version): (name, version)
        for name, block in declared.get("images", {}).items()
        for version in (block.get("version"), *(block.get("older") or {}))
        if version
    }
    side = sides(found)
    used: dict[str | None, set[Hypervisor]] = {}
    for server in found.servers:
        if (host := side.get(server["compute_host"] or "")) is not None:
            used.setdefault(image_of(server), set()).add(host)
    for name, thing in taking.named("image", found.images):
        if name in versions:
            image, version = versions[name]
            taking.names.setdefault("images", {})[thing["id"]] = image
            if version != declared["images"][image]["version"]:
                taking.names.setdefault(OLDER, {})[thing["id"]] = version
            continue
        why = _unfit(thing)
        if why is None and (others := used.get(thing["id"], set()) - {_OF_FORMAT[thing["disk_format"]]}):
            why = f"servers on {others.pop().label} boot from it, and its format is the other side's"
        if why:
            taking.leave("image", name, why)
            continue
        block = _block(thing)
        if not thing["virtual_size"]:
            taking.note(
                "images",
                name,
                "virtual_size",
                f"Glance does not know it: {block['virtual_size']} stands there",
            )
        taking.take("images", name, block, thing["id"])


def _unfit(thing: Thing) -> str | None:
    properties = thing["properties"] or {}
    if thing["status"] != "active":
        return f"it is {thing['status']}, not active"
    if properties.get("image_type") == "snapshot" or properties.get("block_device_mapping"):
        return "it is a snapshot of a server"
    if thing["disk_format"] not in set(DiskFormat) or thing["container_format"] != "bare":
        return (
            f"its format is {thing['disk_format']} in {thing['container_format']}; the language knows "
            f"{', '.join(DiskFormat)} in bare"
        )
    if thing["hash_algo"] != "sha512":
        return "Glance has no SHA-512 of it"
    return None


def _block(thing: Thing) -> Block:
    properties: Thing = {**thing, **(thing["properties"] or {})}
    hypervisor = _OF_FORMAT[thing["disk_format"]]
    block: Block = {
        "hypervisor": hypervisor.value,
        "file": f"{thing['name']}.{thing['disk_format']}",
        "sha512": thing["hash_value"],
        "virtual_size": f"{max(gibibytes(thing['virtual_size'] or 0), thing['min_disk'] or 0, 1)} GiB",
        "min_memory": size(thing["min_ram"]) if thing["min_ram"] else None,
    }
    if hypervisor is Hypervisor.ESXI:
        # What Nova's driver takes where the image does not say it (nova/virt/vmwareapi/images.py).
        block["disk_type"] = properties.get("vmware_disktype") or DiskType.SPARSE.value
        block["adapter"] = properties.get("vmware_adaptertype") or Adapter.LSI_LOGIC.value
        block["guest"] = properties.get("vmware_ostype")
    return block
