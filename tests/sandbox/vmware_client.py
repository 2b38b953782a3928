"""Run by OpenStack's own Python: what Nova's and Cinder's drivers do with oslo.vmware, and what comes back.

``python vmware_client.py HOST PORT CREDENTIALS CA DATASTORE SPARSE STREAM``; prints one JSON object.
"""

import json
import sys
from pathlib import Path
from typing import Any, TypeAlias

from oslo_service import backend  # type: ignore[import-not-found]

backend.init_backend(backend.BackendType.THREADING)

from oslo_vmware import api, rw_handles, vim_util  # type: ignore[import-not-found] # noqa: E402

Remote: TypeAlias = Any
"""suds makes its classes at run time."""


def main() -> None:
    """One session, and through it everything that the drivers need of vCenter besides plain calls."""
    host, port, credentials, ca, datastore, sparse, stream = sys.argv[1:]
    login = json.loads(Path(credentials).read_text())
    session = api.VMwareAPISession(
        host, login["username"], login["password"], 2, 0.05, port=int(port), cacert=ca, insecure=False
    )

    def found(kind: str) -> dict[str, Any]:
        """Objects by name, found by oslo.vmware's recursive way through the inventory."""
        answer = session.invoke_api(vim_util, "get_objects", session.vim, kind, 100, ["name"])
        return {one.propSet[0].val: one.obj for one in answer.objects}

    pool = session.invoke_api(
        vim_util,
        "get_object_property",
        session.vim,
        found("ClusterComputeResource")["cluster-a"],
        "resourcePool",
    )
    dc = found("Datacenter")["dc1"]
    folder = session.invoke_api(vim_util, "get_object_property", session.vim, dc, "vmFolder")

    size = Path(sparse).stat().st_size
    cookies = session.vim.client.cookiejar
    upload = rw_handles.FileWriteHandle(
        host, int(port), "dc1", datastore, cookies, "uploaded.vmdk", size, cacerts=ca
    )
    upload.write(Path(sparse).read_bytes())
    upload.close()

    content = Path(stream).read_bytes()
    handle = rw_handles.VmdkWriteHandle(
        session, host, int(port), pool, folder, _import_spec(session, datastore), len(content)
    )
    handle.write(content)
    handle.close()
    machine = handle.get_imported_vm()
    devices = session.invoke_api(
        vim_util, "get_object_property", session.vim, machine, "config.hardware.device"
    )
    disk = next(one for one in devices.VirtualDevice if type(one).__name__ == "VirtualDisk")

    reader = rw_handles.VmdkReadHandle(session, host, int(port), machine, None, disk.capacityInBytes)
    exported = b"".join(iter(lambda: reader.read(65536), b""))
    reader.close()
    session.wait_for_task(session.invoke_api(session.vim, "Destroy_Task", machine))
    print(
        json.dumps(
            {
                "hosts": sorted(str(name) for name in found("HostSystem")),
                "diskPath": str(disk.backing.fileName),
                "diskBytes": disk.capacityInBytes,
                "exportedMagic": exported[:4].decode(),
            }
        )
    )
    session.logout()


def _import_spec(session: Remote, datastore: str) -> Remote:
    make = session.vim.client.factory.create
    controller = make("ns0:VirtualLsiLogicController")
    controller.key, controller.busNumber, controller.sharedBus = -100, 0, "noSharing"
    disk = make("ns0:VirtualDisk")
    disk.capacityInKB, disk.key, disk.unitNumber, disk.controllerKey = 1, -101, 0, -100
    disk.backing = make("ns0:VirtualDiskFlatVer2BackingInfo")
    disk.backing.fileName, disk.backing.diskMode = f"[{datastore}]", "persistent"
    changes = []
    for device, operation in ((controller, None), (disk, "create")):
        change = make("ns0:VirtualDeviceConfigSpec")
        change.operation, change.device = "add", device
        if operation:
            change.fileOperation = operation
        changes.append(change)
    config = make("ns0:VirtualMachineConfigSpec")
    config.name, config.guestId, config.numCPUs, config.memoryMB = "imported", "otherGuest", 1, 128
    config.deviceChange = changes
    config.files = make("ns0:VirtualMachineFileInfo")
    config.files.vmPathName = f"[{datastore}]"
    spec = make("ns0:VirtualMachineImportSpec")
    spec.configSpec = config
    return spec


if __name__ == "__main__":
    main()
