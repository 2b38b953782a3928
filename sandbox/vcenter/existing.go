package main

import (
	"fmt"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// cluster is one that was there before us, and the machines that others run in it.
type cluster struct {
	Name             string    `json:"name"`
	Hosts            []string  `json:"hosts"`
	DRS              string    `json:"drs"`
	HA               bool      `json:"ha"`
	AdmissionControl bool      `json:"admission_control"`
	EVC              string    `json:"evc"`
	Machines         []machine `json:"machines"`
}

// machine is a running virtual machine.
type machine struct {
	Name      string `json:"name"`
	CPUs      int32  `json:"cpus"`
	MemoryMiB int64  `json:"memory_mib"`
	DiskGiB   int64  `json:"disk_gib"`
	Datastore string `json:"datastore"`
}

// check finds what would make no sense, given the known hosts and datastores.
func (c cluster) check(hosts, datastores map[string]bool) error {
	if c.Name == "" || len(c.Hosts) == 0 {
		return fmt.Errorf("cluster %q: name and hosts are needed", c.Name)
	}
	for _, h := range c.Hosts {
		if !hosts[h] {
			return fmt.Errorf("cluster %s: no host %q in this inventory", c.Name, h)
		}
	}
	for _, m := range c.Machines {
		if m.Name == "" || m.CPUs <= 0 || m.MemoryMiB <= 0 || m.DiskGiB < 0 || !datastores[m.Datastore] {
			return fmt.Errorf("machine %q: name, cpus, memory_mib and a known datastore are needed", m.Name)
		}
	}
	return nil
}

// addCluster makes an existing cluster and starts its machines.
func (vc *vCenter) addCluster(c cluster, hosts map[string]*simulator.HostSystem) error {
	res := vc.createCluster(vc.ctx, &types.CreateClusterEx{
		This: vc.datacenter.HostFolder,
		Name: c.Name,
		Spec: types.ClusterConfigSpecEx{
			DrsConfig: &types.ClusterDrsConfigInfo{
				Enabled: types.NewBool(true), DefaultVmBehavior: types.DrsBehavior(c.DRS),
			},
			DasConfig: &types.ClusterDasConfigInfo{
				Enabled: &c.HA, AdmissionControlEnabled: &c.AdmissionControl,
			},
		},
	})
	if fault := res.Fault(); fault != nil {
		return fmt.Errorf("cluster %s: %s", c.Name, fault.String)
	}
	ref := res.(*methods.CreateClusterExBody).Res.Returnval
	var members []types.ManagedObjectReference
	for _, h := range c.Hosts {
		members = append(members, hosts[h].Self)
	}
	if fault := vc.joinCluster(vc.ctx, ref, members); fault != nil {
		return fmt.Errorf("cluster %s: %T", c.Name, fault)
	}
	made := vc.ctx.Map.Get(ref).(*simulator.ClusterComputeResource)
	made.Summary.(*types.ClusterComputeResourceSummary).CurrentEVCModeKey = c.EVC
	for _, m := range c.Machines {
		if err := vc.addMachine(m, *made.ResourcePool); err != nil {
			return fmt.Errorf("cluster %s: machine %s: %w", c.Name, m.Name, err)
		}
	}
	return nil
}

// addMachine makes a machine with one disk where DRS puts it, and starts it.
func (vc *vCenter) addMachine(m machine, pool types.ManagedObjectReference) error {
	const controller, disk = 1000, 2000
	unit := int32(0)
	add := types.VirtualDeviceConfigSpecOperationAdd
	devices := []types.BaseVirtualDeviceConfigSpec{&types.VirtualDeviceConfigSpec{
		Operation: add,
		Device: &types.ParaVirtualSCSIController{VirtualSCSIController: types.VirtualSCSIController{
			SharedBus:         types.VirtualSCSISharingNoSharing,
			VirtualController: types.VirtualController{VirtualDevice: types.VirtualDevice{Key: controller}},
		}},
	}}
	if m.DiskGiB > 0 {
		devices = append(devices, &types.VirtualDeviceConfigSpec{
			Operation:     add,
			FileOperation: types.VirtualDeviceConfigSpecFileOperationCreate,
			Device: &types.VirtualDisk{
				VirtualDevice: types.VirtualDevice{
					Key: disk, ControllerKey: controller, UnitNumber: &unit,
					Backing: &types.VirtualDiskFlatVer2BackingInfo{
						DiskMode:                     string(types.VirtualDiskModePersistent),
						ThinProvisioned:              types.NewBool(true),
						VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{FileName: "[" + m.Datastore + "]"},
					},
				},
				CapacityInKB: m.DiskGiB * gibibyte / 1024, CapacityInBytes: m.DiskGiB * gibibyte,
			},
		})
	}
	created, fault := finish(vc.ctx, vc.createVM(vc.ctx, &types.CreateVM_Task{
		This: vc.datacenter.VmFolder,
		Pool: pool,
		Config: types.VirtualMachineConfigSpec{
			Name: m.Name, NumCPUs: m.CPUs, MemoryMB: m.MemoryMiB,
			GuestId:      string(types.VirtualMachineGuestOsIdentifierOtherGuest64),
			Files:        &types.VirtualMachineFileInfo{VmPathName: "[" + m.Datastore + "]"},
			DeviceChange: devices,
		},
	}))
	if fault == nil {
		on := &types.PowerOnVM_Task{This: created.(types.ManagedObjectReference)}
		_, fault = finish(vc.ctx, vc.powerOn(vc.ctx, on))
	}
	if fault != nil {
		return fmt.Errorf("%T", fault)
	}
	return nil
}

// equip gives a host what the documents say of it besides its size: the newest CPU generation that it
// takes, and the adapter that carries vMotion.
func (vc *vCenter) equip(h host, to *simulator.HostSystem) {
	to.Summary.MaxEVCModeKey = h.CPU
	if h.VMotion == "" {
		return
	}
	const kind = string(types.HostVirtualNicManagerNicTypeVmotion)
	key := kind + ".key-vim.host.VirtualNic-" + h.VMotion
	manager := vc.ctx.Map.Get(*to.ConfigManager.VirtualNicManager).(*simulator.HostVirtualNicManager)
	// A copy, because the simulator's hosts share one list.
	others := slices.DeleteFunc(slices.Clone(manager.Info.NetConfig), func(c types.VirtualNicManagerNetConfig) bool {
		return c.NicType == kind
	})
	manager.Info.NetConfig = append(others, types.VirtualNicManagerNetConfig{
		NicType:            kind,
		MultiSelectAllowed: true,
		CandidateVnic:      []types.HostVirtualNic{{Device: h.VMotion, Key: key}},
		SelectedVnic:       []string{key},
	})
}
