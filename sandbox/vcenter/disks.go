package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// scsiUnit is the unit number that a SCSI controller occupies on its own bus.
const scsiUnit = 7

// completeDevices fills in what vCenter adds to a device specification by itself: the controller's
// unit number, and the capacity of a disk that exists already.
func (vc *vCenter) completeDevices(ctx *simulator.Context, changes []types.BaseVirtualDeviceConfigSpec) {
	for _, change := range changes {
		spec := change.GetVirtualDeviceConfigSpec()
		switch device := spec.Device.(type) {
		case types.BaseVirtualSCSIController:
			device.GetVirtualSCSIController().ScsiCtlrUnitNumber = scsiUnit
		case *types.VirtualDisk:
			existing := spec.Operation == types.VirtualDeviceConfigSpecOperationAdd && spec.FileOperation == ""
			file, ok := device.Backing.(types.BaseVirtualDeviceFileBackingInfo)
			if !existing || !ok || device.CapacityInKB != 0 || device.CapacityInBytes != 0 {
				continue
			}
			name := file.GetVirtualDeviceFileBackingInfo().FileName
			descriptor, _, fault := ctx.Map.FileManager().DiskDescriptor(ctx, &vc.datacenter.Self, name)
			if fault == nil {
				setCapacity(device, descriptor.Capacity())
			}
		}
	}
}

func setCapacity(disk *types.VirtualDisk, bytes int64) {
	disk.CapacityInBytes = bytes
	disk.CapacityInKB = bytes / 1024
}

// sameUnlessGiven is vCenter's rule for an unset destination: the data centre of the source.
func (vc *vCenter) sameUnlessGiven(source, destination **types.ManagedObjectReference) {
	if *source == nil {
		*source = &vc.datacenter.Self
	}
	if *destination == nil {
		*destination = *source
	}
}

func (vc *vCenter) copyDisk(ctx *simulator.Context, req *types.CopyVirtualDisk_Task) soap.HasFault {
	vc.sameUnlessGiven(&req.SourceDatacenter, &req.DestDatacenter)
	return simulate(ctx, req.This, "CopyVirtualDisk_Task", req)
}

func (vc *vCenter) moveDisk(ctx *simulator.Context, req *types.MoveVirtualDisk_Task) soap.HasFault {
	vc.sameUnlessGiven(&req.SourceDatacenter, &req.DestDatacenter)
	return simulate(ctx, req.This, "MoveVirtualDisk_Task", req)
}

func (vc *vCenter) copyFile(ctx *simulator.Context, req *types.CopyDatastoreFile_Task) soap.HasFault {
	vc.sameUnlessGiven(&req.SourceDatacenter, &req.DestinationDatacenter)
	return simulate(ctx, req.This, "CopyDatastoreFile_Task", req)
}

func (vc *vCenter) moveFile(ctx *simulator.Context, req *types.MoveDatastoreFile_Task) soap.HasFault {
	vc.sameUnlessGiven(&req.SourceDatacenter, &req.DestinationDatacenter)
	return simulate(ctx, req.This, "MoveDatastoreFile_Task", req)
}

// extendDisk also gives the new size to the machine that has the disk.
func (vc *vCenter) extendDisk(ctx *simulator.Context, req *types.ExtendVirtualDisk_Task) soap.HasFault {
	// The task is the data centre's: one of the disk manager's would hold a lock that a machine's
	// removal waits for while it holds the machine's, which is needed here.
	task := inTask(ctx, vc.datacenter.Self, "extendVirtualDisk", func() (types.AnyType, types.BaseMethodFault) {
		result, fault := finish(ctx, simulate(ctx, req.This, "ExtendVirtualDisk_Task", req))
		if fault != nil {
			return nil, fault
		}
		for _, entity := range ctx.Map.All("VirtualMachine") {
			vm := entity.(*simulator.VirtualMachine)
			ctx.WithLock(vm, func() {
				for _, device := range vm.Config.Hardware.Device {
					disk, ok := device.(*types.VirtualDisk)
					if !ok {
						continue
					}
					file, ok := disk.Backing.(types.BaseVirtualDeviceFileBackingInfo)
					if ok && file.GetVirtualDeviceFileBackingInfo().FileName == req.Name {
						setCapacity(disk, req.NewCapacityKb*1024)
					}
				}
			})
		}
		return result, nil
	})
	return &methods.ExtendVirtualDisk_TaskBody{Res: &types.ExtendVirtualDisk_TaskResponse{Returnval: task}}
}

// everything is what an unset search specification means; the simulator ends over it.
func everything(spec **types.HostDatastoreBrowserSearchSpec) {
	if *spec == nil {
		*spec = &types.HostDatastoreBrowserSearchSpec{}
	}
	if len((*spec).MatchPattern) == 0 {
		(*spec).MatchPattern = []string{"*"}
	}
}

func (vc *vCenter) searchDatastore(ctx *simulator.Context, req *types.SearchDatastore_Task) soap.HasFault {
	everything(&req.SearchSpec)
	return simulate(ctx, req.This, "SearchDatastore_Task", req)
}

func (vc *vCenter) searchDatastoreTree(
	ctx *simulator.Context, req *types.SearchDatastoreSubFolders_Task,
) soap.HasFault {
	everything(&req.SearchSpec)
	return simulate(ctx, req.This, "SearchDatastoreSubFolders_Task", req)
}

// refreshDatastore has nothing to do; the simulator would set a capacity of its own.
func (vc *vCenter) refreshDatastore(ctx *simulator.Context, req *types.RefreshDatastore) soap.HasFault {
	if ctx.Map.Get(req.This) == nil {
		return simulate(ctx, req.This, "RefreshDatastore", req)
	}
	return &methods.RefreshDatastoreBody{Res: &types.RefreshDatastoreResponse{}}
}

// clampFreeSpace keeps the free space within the datastore. The simulator gives back more than it
// took when a disk grew in between, and Nova refuses a datastore that has more free than capacity.
func (vc *vCenter) clampFreeSpace(ctx *simulator.Context) {
	for ref, capacity := range vc.capacity {
		ds, ok := ctx.Map.Get(ref).(*simulator.Datastore)
		if !ok {
			continue
		}
		ctx.WithLock(ds, func() {
			ds.Summary.FreeSpace = min(max(ds.Summary.FreeSpace, 0), capacity)
			ds.Info.GetDatastoreInfo().FreeSpace = ds.Summary.FreeSpace
		})
	}
}
