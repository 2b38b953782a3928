package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	mebibyte = int64(1) << 20
	gibibyte = int64(1) << 30
)

// inventory is the JSON that the sandbox writes from an environment's documents.
type inventory struct {
	InstanceUUID string      `json:"instance_uuid"`
	Datacenter   string      `json:"datacenter"`
	Hosts        []host      `json:"hosts"`
	Datastores   []datastore `json:"datastores"`
	Switches     []dvSwitch  `json:"switches"`
	Clusters     []cluster   `json:"clusters"`
	Policies     []policy    `json:"storage_policies"`
}

type host struct {
	Name       string `json:"name"`
	CPUCores   int16  `json:"cpu_cores"`
	CPUThreads int16  `json:"cpu_threads"`
	CPUMHz     int32  `json:"cpu_mhz"`
	MemoryMiB  int64  `json:"memory_mib"`
	CPU        string `json:"cpu"`
	VMotion    string `json:"vmotion"`
}

type datastore struct {
	Name        string   `json:"name"`
	CapacityGiB int64    `json:"capacity_gib"`
	Hosts       []string `json:"hosts"`
}

type dvSwitch struct {
	Name string `json:"name"`
}

// check finds what would make no sense, before anything is built.
func (inv inventory) check() error {
	if _, err := uuid.Parse(inv.InstanceUUID); err != nil {
		return fmt.Errorf("instance_uuid %q: %w", inv.InstanceUUID, err)
	}
	if inv.Datacenter == "" {
		return errors.New("datacenter: a name is needed")
	}
	known := map[string]bool{}
	for _, h := range inv.Hosts {
		if h.Name == "" || known[h.Name] {
			return fmt.Errorf("hosts: name %q is empty or used twice", h.Name)
		}
		if h.CPUCores <= 0 || h.CPUThreads < h.CPUCores || h.CPUMHz <= 0 || h.MemoryMiB <= 0 {
			return fmt.Errorf(
				"host %s: cpu_cores, cpu_threads (not fewer than cores), cpu_mhz and memory_mib must be positive",
				h.Name)
		}
		known[h.Name] = true
	}
	names := map[string]bool{}
	for _, d := range inv.Datastores {
		if d.Name == "" || names[d.Name] || filepath.Base(d.Name) != d.Name {
			return fmt.Errorf("datastores: name %q is empty, used twice or not usable as a folder", d.Name)
		}
		if d.CapacityGiB <= 0 || len(d.Hosts) == 0 {
			return fmt.Errorf("datastore %s: capacity_gib must be positive, hosts not empty", d.Name)
		}
		for _, h := range d.Hosts {
			if !known[h] {
				return fmt.Errorf("datastore %s: no host %q in this inventory", d.Name, h)
			}
		}
		names[d.Name] = true
	}
	for _, c := range inv.Clusters {
		if err := c.check(known, names); err != nil {
			return err
		}
	}
	for _, p := range inv.Policies {
		for _, d := range p.Datastores {
			if !names[d] {
				return fmt.Errorf("storage policy %s: no datastore %q in this inventory", p.Name, d)
			}
		}
	}
	return nil
}

// build creates the inventory in the order of the JSON, so that equal files give equal object ids.
func (vc *vCenter) build(inv inventory, store string) error {
	ctx := vc.ctx
	root := ctx.Map.Get(ctx.Map.Get(instanceRef).(*simulator.ServiceInstance).Content.RootFolder).(*simulator.Folder)
	res := root.CreateDatacenter(ctx, &types.CreateDatacenter{This: root.Self, Name: inv.Datacenter})
	vc.datacenter = ctx.Map.Get(res.(*methods.CreateDatacenterBody).Res.Returnval).(*simulator.Datacenter)

	vsan := &mo.HostVsanSystem{Self: types.ManagedObjectReference{Type: "HostVsanSystem", Value: "vsanSystem"}}
	vsan.Config.Enabled = types.NewBool(false)
	ctx.Map.Put(vsan)

	folder := ctx.Map.Get(vc.datacenter.HostFolder).(*simulator.Folder)
	hosts := map[string]*simulator.HostSystem{}
	for _, h := range inv.Hosts {
		added, fault := simulator.CreateStandaloneHost(ctx, folder, types.HostConnectSpec{HostName: h.Name})
		if fault != nil {
			return fmt.Errorf("host %s: %T", h.Name, fault)
		}
		added.Runtime.ConnectionState = types.HostSystemConnectionStateConnected
		added.ConfigManager.VsanSystem = &vsan.Self
		h.resize(added)
		vc.equip(h, added)
		hosts[h.Name] = added
	}
	for _, d := range inv.Datastores {
		if err := vc.addDatastore(d, hosts, filepath.Join(store, d.Name)); err != nil {
			return err
		}
	}
	for _, s := range inv.Switches {
		if err := vc.addSwitch(s.Name, inv.Hosts, hosts); err != nil {
			return err
		}
	}
	for _, h := range inv.Hosts {
		vc.refreshCompute(ctx, *hosts[h.Name].Parent)
	}
	for _, c := range inv.Clusters {
		if err := vc.addCluster(c, hosts); err != nil {
			return err
		}
	}
	return nil
}

// resize gives a simulated host the size that the documents say.
func (h host) resize(to *simulator.HostSystem) {
	hz := int64(h.CPUMHz) * 1_000_000
	sockets := int16(1)
	if h.CPUCores%2 == 0 {
		sockets = 2
	}

	summary := to.Summary.Hardware
	summary.CpuMhz = h.CPUMHz
	summary.NumCpuPkgs, summary.NumCpuCores, summary.NumCpuThreads = sockets, h.CPUCores, h.CPUThreads
	summary.MemorySize = h.MemoryMiB * mebibyte

	to.Hardware.CpuInfo = types.HostCpuInfo{
		NumCpuPackages: sockets, NumCpuCores: h.CPUCores, NumCpuThreads: h.CPUThreads, Hz: hz,
	}
	to.Hardware.MemorySize = h.MemoryMiB * mebibyte
	packages := make([]types.HostCpuPackage, sockets)
	for i := range packages {
		packages[i] = to.Hardware.CpuPkg[0]
		packages[i].Index, packages[i].Hz = int16(i), hz
	}
	to.Hardware.CpuPkg = packages
}

// addDatastore mounts a VMFS datastore on exactly the named hosts; its files are in dir.
func (vc *vCenter) addDatastore(d datastore, hosts map[string]*simulator.HostSystem, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var ds *simulator.Datastore
	for _, name := range d.Hosts {
		system := vc.ctx.Map.Get(*hosts[name].ConfigManager.DatastoreSystem).(*simulator.HostDatastoreSystem)
		res := system.CreateLocalDatastore(vc.ctx, &types.CreateLocalDatastore{Name: d.Name, Path: dir})
		if fault := res.Fault(); fault != nil {
			return fmt.Errorf("datastore %s on %s: %s", d.Name, name, fault.String)
		}
		if ds == nil {
			ds = vc.ctx.Map.Get(res.(*methods.CreateLocalDatastoreBody).Res.Returnval).(*simulator.Datastore)
		}
	}
	capacity := d.CapacityGiB * gibibyte
	vc.capacity[ds.Self] = capacity
	// A cluster's shared storage as Nova and Cinder accept it: VMFS, seen by several hosts.
	info := *ds.Info.GetDatastoreInfo()
	info.MaxFileSize = capacity
	info.MaxVirtualDiskCapacity = capacity
	ds.Info = &types.VmfsDatastoreInfo{
		DatastoreInfo: info,
		Vmfs: &types.HostVmfsVolume{
			HostFileSystemVolume: types.HostFileSystemVolume{Type: "VMFS", Name: d.Name, Capacity: capacity},
			BlockSizeMb:          1, MajorVersion: 6, Version: "6.82", Uuid: uuid.NewSHA1(uuid.Nil, []byte(d.Name)).String(),
		},
	}
	ds.Summary.Type = string(types.HostFileSystemVolumeFileSystemTypeVMFS)
	ds.Summary.MultipleHostAccess = types.NewBool(true)
	ds.Summary.Capacity = capacity
	ds.Summary.FreeSpace = capacity
	ds.Info.GetDatastoreInfo().FreeSpace = capacity
	return nil
}
