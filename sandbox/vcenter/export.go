package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// exportVM offers a machine's disks for download; the simulator can do that only for a snapshot.
func (vc *vCenter) exportVM(ctx *simulator.Context, req *types.ExportVm) soap.HasFault {
	vm, ok := ctx.Map.Get(req.This).(*simulator.VirtualMachine)
	if !ok {
		return simulate(ctx, req.This, "ExportVm", req)
	}
	if vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff {
		return refuse("switch the virtual machine off first", &types.InvalidPowerState{
			ExistingState: vm.Runtime.PowerState, RequestedState: types.VirtualMachinePowerStatePoweredOff,
		})
	}
	snapshot := &simulator.VirtualMachineSnapshot{}
	snapshot.Vm, snapshot.Config = vm.Self, *vm.Config
	res := snapshot.ExportSnapshot(ctx, &types.ExportSnapshot{})
	if res.Fault() != nil {
		return res
	}
	lease := res.(*methods.ExportSnapshotBody).Res.Returnval
	vc.offer(ctx, lease, vm.Config)
	return &methods.ExportVmBody{Res: &types.ExportVmResponse{Returnval: lease}}
}

func (vc *vCenter) exportSnapshot(ctx *simulator.Context, req *types.ExportSnapshot) soap.HasFault {
	res := simulate(ctx, req.This, "ExportSnapshot", req)
	if snapshot, ok := ctx.Map.Get(req.This).(*simulator.VirtualMachineSnapshot); ok && res.Fault() == nil {
		vc.offer(ctx, res.(*methods.ExportSnapshotBody).Res.Returnval, &snapshot.Config)
	}
	return res
}

// offer remembers the size of each disk of a lease, by the path of its URL.
func (vc *vCenter) offer(ctx *simulator.Context, ref types.ManagedObjectReference, config *types.VirtualMachineConfigInfo) {
	sizes := map[string]int64{}
	for _, device := range config.Hardware.Device {
		disk, ok := device.(*types.VirtualDisk)
		if !ok {
			continue
		}
		sizes[baseOf(fileOf(disk))] = disk.CapacityInBytes
	}
	lease := ctx.Session.Get(ref).(*simulator.HttpNfcLease)
	for i := range lease.Info.DeviceUrl {
		device := &lease.Info.DeviceUrl[i]
		size, isDisk := sizes[device.TargetId]
		if !isDisk {
			continue
		}
		device.FileSize = int64(len(emptyDisk(size)))
		vc.exports.Store(urlPath(device.Url), size)
	}
}

func (vc *vCenter) completeLease(ctx *simulator.Context, req *types.HttpNfcLeaseComplete) soap.HasFault {
	vc.withdraw(ctx, req.This)
	return simulate(ctx, req.This, "HttpNfcLeaseComplete", req)
}

func (vc *vCenter) abortLease(ctx *simulator.Context, req *types.HttpNfcLeaseAbort) soap.HasFault {
	vc.withdraw(ctx, req.This)
	return simulate(ctx, req.This, "HttpNfcLeaseAbort", req)
}

func (vc *vCenter) withdraw(ctx *simulator.Context, ref types.ManagedObjectReference) {
	time.AfterFunc(time.Minute, func() { vc.imports.Delete(ref.Value) }) // an upload may still be read
	if lease, ok := ctx.Session.Get(ref).(*simulator.HttpNfcLease); ok && lease.Info != nil {
		for _, device := range lease.Info.DeviceUrl {
			vc.exports.Delete(urlPath(device.Url))
		}
	}
}

func urlPath(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	return u.Path
}

// leaseUploads has one mutex per lease: the simulator notes uploads without any.
var leaseUploads sync.Map

// serveLease answers /nfc/LEASE/DISK: downloads of exported disks are ours, the rest is simulated.
func (vc *vCenter) serveLease(w http.ResponseWriter, r *http.Request) {
	size, exported := vc.exports.Load(r.URL.Path)
	switch {
	case r.Method == http.MethodGet && exported:
		disk := emptyDisk(size.(int64))
		w.Header().Set("Content-Type", "application/x-vnd.vmware-streamVmdk")
		w.Header().Set("Content-Length", strconv.Itoa(len(disk)))
		_, _ = w.Write(disk)
	case r.Method == http.MethodPut || r.Method == http.MethodPost:
		mutex, _ := leaseUploads.LoadOrStore(path.Dir(r.URL.Path), &sync.Mutex{})
		mutex.(*sync.Mutex).Lock()
		defer mutex.(*sync.Mutex).Unlock()
		body := bufio.NewReaderSize(r.Body, sector)
		head, _ := body.Peek(headerSize)
		r.Body = io.NopCloser(body)
		// Before the rest is read: oslo.vmware ends the lease before it waits for this answer.
		if capacity, sparse := sparseCapacity(head); sparse {
			vc.resizeImported(r.URL.Path, capacity)
		}
		simulator.ServeNFC(w, r)
	case r.Method == http.MethodGet:
		simulator.ServeNFC(w, r)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// resizeImported gives a disk that was uploaded through a lease the size that the file says. (Nova
// creates it with one KiB and reads the size afterwards, as vCenter knows it by then.)
func (vc *vCenter) resizeImported(urlPath string, capacity int64) {
	found, ok := vc.imports.Load(path.Base(path.Dir(urlPath)))
	if !ok {
		return
	}
	lease := found.(*simulator.HttpNfcLease)
	vm, ok := vc.ctx.Map.Get(lease.Info.Entity).(*simulator.VirtualMachine)
	if !ok {
		return
	}
	ctx := vc.fresh()
	ctx.WithLock(vm, func() {
		for _, device := range vm.Config.Hardware.Device {
			disk, isDisk := device.(*types.VirtualDisk)
			if isDisk && baseOf(fileOf(disk)) == path.Base(urlPath) {
				setCapacity(disk, capacity)
				vc.rewriteDescriptor(ctx, fileOf(disk), capacity)
			}
		}
	})
}

const (
	sector    = 512
	grainSize = 128 // sectors
	tableSize = 512 // entries of a grain table
)

// emptyDisk is a valid stream-optimized VMDK of the given size in bytes in which nothing is written:
// header, descriptor, a grain directory without tables, end of stream.
func emptyDisk(size int64) []byte {
	const descriptorAt, descriptorSectors = 1, 20
	capacity := (size/sector + grainSize - 1) / grainSize * grainSize
	tables := (capacity + grainSize*tableSize - 1) / (grainSize * tableSize)
	directorySectors := (tables*4 + sector - 1) / sector
	directoryAt := int64(descriptorAt + descriptorSectors)
	overhead := (directoryAt + directorySectors + grainSize - 1) / grainSize * grainSize

	var out bytes.Buffer
	header := struct {
		Magic            [4]byte
		Version, Flags   uint32
		Capacity, Grain  uint64
		Descriptor, Size uint64
		Entries          uint32
		RedundantAt      uint64
		DirectoryAt      uint64
		Overhead         uint64
		Unclean          uint8
		LineEnds         [4]byte
		Compression      uint16
	}{
		Magic: [4]byte{'K', 'D', 'M', 'V'}, Version: 3, Flags: 0x30001, // line ends valid, compressed, markers
		Capacity: uint64(capacity), Grain: grainSize, Descriptor: descriptorAt, Size: descriptorSectors,
		Entries: tableSize, DirectoryAt: uint64(directoryAt), Overhead: uint64(overhead),
		LineEnds: [4]byte{'\n', ' ', '\r', '\n'}, Compression: 1,
	}
	_ = binary.Write(&out, binary.LittleEndian, header) // a bytes.Buffer never fails
	out.Write(make([]byte, sector-out.Len()))
	out.WriteString(strings.TrimLeft(fmt.Sprintf(`
# Disk DescriptorFile
version=1
CID=fffffffe
parentCID=ffffffff
createType="streamOptimized"

# Extent description
RW %d SPARSE "disk.vmdk"

# The Disk Data Base
ddb.virtualHWVersion = "4"
ddb.geometry.cylinders = "%d"
ddb.geometry.heads = "255"
ddb.geometry.sectors = "63"
ddb.adapterType = "lsilogic"
`, capacity, capacity/(255*63)), "\n"))
	out.Write(make([]byte, overhead*sector-int64(out.Len()))) // the directory: all zero
	out.Write(make([]byte, sector))                           // end of stream
	return out.Bytes()
}
