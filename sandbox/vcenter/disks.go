package main

import (
	"log"
	"path"
	"strings"

	"github.com/vmware/govmomi/object"
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
			if !existing || device.CapacityInKB != 0 || device.CapacityInBytes != 0 {
				continue
			}
			descriptor, _, fault := ctx.Map.FileManager().DiskDescriptor(ctx, &vc.datacenter.Self, fileOf(device))
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

// fileOf gives the datastore path of a disk, "" if it has none.
func fileOf(disk *types.VirtualDisk) string {
	if file, ok := disk.Backing.(types.BaseVirtualDeviceFileBackingInfo); ok {
		return file.GetVirtualDeviceFileBackingInfo().FileName
	}
	return ""
}

// baseOf gives the last part of a datastore path: "disk.vmdk" of "[store] folder/disk.vmdk".
func baseOf(name string) string {
	var p object.DatastorePath
	p.FromString(name)
	return path.Base(p.Path)
}

// rewriteDescriptor stores a disk's size where the simulator reads it when the disk is used again.
func (vc *vCenter) rewriteDescriptor(ctx *simulator.Context, name string, bytes int64) {
	files := ctx.Map.FileManager()
	descriptor, file, fault := files.DiskDescriptor(ctx, &vc.datacenter.Self, name)
	if fault == nil && len(descriptor.Extent) > 0 {
		descriptor.Extent[0].Size = bytes / sector
		fault = files.SaveDiskDescriptor(ctx, descriptor, file)
	}
	if fault != nil {
		log.Printf("size of %s: %T", name, fault)
	}
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
					if disk, ok := device.(*types.VirtualDisk); ok && fileOf(disk) == req.Name {
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
	task := inTask(ctx, req.This, "searchDatastore", func() (types.AnyType, types.BaseMethodFault) {
		result, fault := finish(ctx, simulate(ctx, req.This, "SearchDatastore_Task", req))
		if found, ok := result.(types.HostDatastoreBrowserSearchResults); ok && fault == nil {
			vc.tellFlatSizes(ctx, found)
		}
		return result, fault
	})
	return &methods.SearchDatastore_TaskBody{Res: &types.SearchDatastore_TaskResponse{Returnval: task}}
}

func (vc *vCenter) searchDatastoreTree(
	ctx *simulator.Context, req *types.SearchDatastoreSubFolders_Task,
) soap.HasFault {
	everything(&req.SearchSpec)
	task := inTask(ctx, req.This, "searchDatastore", func() (types.AnyType, types.BaseMethodFault) {
		result, fault := finish(ctx, simulate(ctx, req.This, "SearchDatastoreSubFolders_Task", req))
		if found, ok := result.(types.ArrayOfHostDatastoreBrowserSearchResults); ok && fault == nil {
			for _, folder := range found.HostDatastoreBrowserSearchResults {
				vc.tellFlatSizes(ctx, folder)
			}
		}
		return result, fault
	})
	return &methods.SearchDatastoreSubFolders_TaskBody{
		Res: &types.SearchDatastoreSubFolders_TaskResponse{Returnval: task},
	}
}

// tellFlatSizes reports a flat file with the size of its disk. Here the files are empty; Nova takes
// the size of the image that it has uploaded from there.
func (vc *vCenter) tellFlatSizes(ctx *simulator.Context, found types.HostDatastoreBrowserSearchResults) {
	var folder object.DatastorePath
	folder.FromString(found.FolderPath)
	for _, file := range found.File {
		info := file.GetFileInfo()
		disk, isFlat := strings.CutSuffix(info.Path, "-flat.vmdk")
		if !isFlat {
			continue
		}
		name := object.DatastorePath{Datastore: folder.Datastore, Path: path.Join(folder.Path, disk+".vmdk")}
		descriptor, _, fault := ctx.Map.FileManager().DiskDescriptor(ctx, &vc.datacenter.Self, name.String())
		if fault == nil {
			info.FileSize = descriptor.Capacity()
		}
	}
}

// refreshDatastore has nothing to do; the simulator would set a capacity of its own.
func (vc *vCenter) refreshDatastore(ctx *simulator.Context, req *types.RefreshDatastore) soap.HasFault {
	if ctx.Map.Get(req.This) == nil {
		return simulate(ctx, req.This, "RefreshDatastore", req)
	}
	return &methods.RefreshDatastoreBody{Res: &types.RefreshDatastoreResponse{}}
}

// accountSpace computes what is free: the capacity less the disks of all machines, each file once.
// The simulator's own book-keeping drifts with linked clones, disks that grow and unregistered
// machines, up to more free space than capacity, and Nova then refuses the datastore.
func (vc *vCenter) accountSpace(ctx *simulator.Context) {
	used := map[string]int64{}
	seen := map[string]bool{}
	for _, entity := range ctx.Map.All("VirtualMachine") {
		vm := entity.(*simulator.VirtualMachine)
		ctx.WithLock(vm, func() {
			for _, device := range vm.Config.Hardware.Device {
				disk, ok := device.(*types.VirtualDisk)
				if !ok || seen[fileOf(disk)] {
					continue
				}
				seen[fileOf(disk)] = true
				var file object.DatastorePath
				file.FromString(fileOf(disk))
				used[file.Datastore] += disk.CapacityInBytes
			}
		})
	}
	for ref, capacity := range vc.capacity {
		if ds, ok := ctx.Map.Get(ref).(*simulator.Datastore); ok {
			ctx.WithLock(ds, func() {
				ds.Summary.FreeSpace = max(capacity-used[ds.Name], 0)
				ds.Info.GetDatastoreInfo().FreeSpace = ds.Summary.FreeSpace
			})
		}
	}
}
