package main

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"testing"

	pbmmethods "github.com/vmware/govmomi/pbm/methods"
	pbmtypes "github.com/vmware/govmomi/pbm/types"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vmdk"
)

const gib = gibibyte

// example is an inventory of three hosts, two of which share a datastore.
func example() inventory {
	size := func(name string, memory int64) host {
		return host{Name: name, CPUCores: 8, CPUThreads: 16, CPUMHz: 2600, MemoryMiB: memory}
	}
	return inventory{
		InstanceUUID: "5b1d6d0e-7f4a-4a55-9d0e-0c8e3f1f2a77",
		Datacenter:   "dc1",
		Hosts:        []host{size("a1", 65536), size("a2", 65536), size("b1", 65536)},
		Datastores:   []datastore{{Name: "shared", CapacityGiB: 100, Hosts: []string{"a1", "a2"}}},
		Switches:     []dvSwitch{{Name: "dvs"}},
	}
}

func start(t *testing.T, inv inventory) *vCenter {
	t.Helper()
	login := credentials{Username: "user", Password: "pass"}
	vc, err := newVCenter(inv, login, "127.0.0.1:1", t.TempDir(), &tls.Certificate{})
	if err != nil {
		t.Fatal(err)
	}
	return vc
}

// clusterOf makes a cluster of the hosts whose names are given.
func clusterOf(t *testing.T, vc *vCenter, names ...string) *simulator.ClusterComputeResource {
	t.Helper()
	res := vc.createCluster(vc.ctx, &types.CreateClusterEx{This: vc.datacenter.HostFolder, Name: "cluster"})
	if res.Fault() != nil {
		t.Fatal(res.Fault().String)
	}
	ref := res.(*methods.CreateClusterExBody).Res.Returnval
	var hosts []types.ManagedObjectReference
	for _, name := range names {
		hosts = append(hosts, named(vc, "HostSystem", name))
	}
	if _, fault := finish(vc.ctx, vc.moveInto(vc.ctx, &types.MoveInto_Task{This: ref, Host: hosts})); fault != nil {
		t.Fatalf("%T", fault)
	}
	return vc.ctx.Map.Get(ref).(*simulator.ClusterComputeResource)
}

func named(vc *vCenter, kind, name string) types.ManagedObjectReference {
	for _, entity := range vc.ctx.Map.All(kind) {
		if entity.Entity().Name == name {
			return entity.Reference()
		}
	}
	return types.ManagedObjectReference{}
}

func TestEqualInventoriesGiveEqualIds(t *testing.T) {
	ids := func() []string {
		var all []string
		vc := start(t, example())
		for _, h := range example().Hosts {
			ref := named(vc, "HostSystem", h.Name)
			all = append(all, ref.Value, vc.ctx.Map.Get(ref).(*simulator.HostSystem).Parent.Value)
		}
		return append(all, named(vc, "Datastore", "shared").Value)
	}
	first, second := ids(), ids()
	for i := range first {
		if first[i] != second[i] {
			t.Errorf("%v, then %v", first, second)
		}
	}
}

func TestInventoryThatMakesNoSenseIsRefused(t *testing.T) {
	for what, spoil := range map[string]func(*inventory){
		"uuid":           func(i *inventory) { i.InstanceUUID = "none" },
		"no datacenter":  func(i *inventory) { i.Datacenter = "" },
		"host twice":     func(i *inventory) { i.Hosts[1].Name = "a1" },
		"no memory":      func(i *inventory) { i.Hosts[0].MemoryMiB = 0 },
		"unknown host":   func(i *inventory) { i.Datastores[0].Hosts = []string{"c1"} },
		"outside folder": func(i *inventory) { i.Datastores[0].Name = "../shared" },
	} {
		inv := example()
		spoil(&inv)
		if inv.check() == nil {
			t.Errorf("%s: accepted", what)
		}
	}
	if err := example().check(); err != nil {
		t.Error(err)
	}
}

func TestPlacementSpreadsOverAvailableHostsThatSeeTheDatastore(t *testing.T) {
	vc := start(t, example())
	cluster := clusterOf(t, vc, "a1", "a2", "b1")
	count := map[string]int{}
	for range 6 {
		ref, fault := vc.place(vc.ctx, cluster.ResourcePool, "[shared] vm/vm.vmx", 1024)
		if fault != nil {
			t.Fatalf("%T", fault)
		}
		count[vc.ctx.Map.Get(*ref).(*simulator.HostSystem).Name]++
	}
	if count["a1"] != 3 || count["a2"] != 3 {
		t.Errorf("not spread: %v", count)
	}
	for _, name := range []string{"a1", "a2"} {
		enter := &types.EnterMaintenanceMode_Task{This: named(vc, "HostSystem", name)}
		if _, fault := finish(vc.ctx, vc.enterMaintenance(vc.ctx, enter)); fault != nil {
			t.Fatalf("%T", fault)
		}
	}
	if ref, fault := vc.place(vc.ctx, cluster.ResourcePool, "[shared]", 1024); fault == nil {
		t.Errorf("placed on %s although no host is available", ref)
	}
}

func TestHostsComeOutOfAClusterAsTheyWere(t *testing.T) {
	vc := start(t, example())
	host := named(vc, "HostSystem", "a1")
	before := *vc.ctx.Map.Get(host).(*simulator.HostSystem).Parent
	cluster := clusterOf(t, vc, "a1")
	out := &types.MoveIntoFolder_Task{This: vc.datacenter.HostFolder, List: []types.ManagedObjectReference{host}}

	if _, fault := finish(vc.ctx, vc.moveIntoFolder(vc.ctx, out)); fault == nil {
		t.Error("left although not in maintenance mode")
	}
	if _, fault := finish(vc.ctx, vc.destroy(vc.ctx, &types.Destroy_Task{This: cluster.Self})); fault == nil {
		t.Error("cluster destroyed with a host inside")
	}
	finish(vc.ctx, vc.enterMaintenance(vc.ctx, &types.EnterMaintenanceMode_Task{This: host}))
	if _, fault := finish(vc.ctx, vc.moveIntoFolder(vc.ctx, out)); fault != nil {
		t.Fatalf("%T", fault)
	}
	if after := *vc.ctx.Map.Get(host).(*simulator.HostSystem).Parent; after != before {
		t.Errorf("parent %s, was %s", after, before)
	}
	if _, fault := finish(vc.ctx, vc.destroy(vc.ctx, &types.Destroy_Task{This: cluster.Self})); fault != nil {
		t.Errorf("%T", fault)
	}
}

func TestMergeKeepsWhatASpecificationLeavesOut(t *testing.T) {
	config := newClusterConfig()
	applyClusterSpec(config, &types.ClusterConfigSpecEx{DasConfig: &types.ClusterDasConfigInfo{
		Enabled:           types.NewBool(true),
		DefaultVmSettings: &types.ClusterDasVmSettings{RestartPriority: "high"},
	}})
	das := config.DasConfig
	if !*das.Enabled || das.DefaultVmSettings.RestartPriority != "high" {
		t.Error("not stored")
	}
	if das.DefaultVmSettings.IsolationResponse != "none" || das.HostMonitoring != "enabled" {
		t.Error("lost what was not mentioned")
	}
	applyClusterSpec(config, &types.ClusterConfigSpecEx{DasConfig: &types.ClusterDasConfigInfo{
		Enabled: types.NewBool(false),
	}})
	if *config.DasConfig.Enabled {
		t.Error("cannot be switched off")
	}
}

func TestUploadedSparseDiskBecomesDescriptorAndFlatFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "disk.vmdk")
	if err := os.WriteFile(file, emptyDisk(3*gib), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := splitSparse(file); err != nil {
		t.Fatal(err)
	}
	opened, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	descriptor, err := vmdk.ParseDescriptor(opened)
	if err != nil {
		t.Fatal(err)
	}
	if descriptor.Capacity() != 3*gib {
		t.Errorf("capacity %d", descriptor.Capacity())
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(file), "disk-flat.vmdk")); err != nil {
		t.Error(err)
	}
}

func TestOtherUploadsStayAsTheyAre(t *testing.T) {
	for name, content := range map[string]string{"short": "KDMV", "empty": "", "text": "# Disk DescriptorFile, version=1"} {
		file := filepath.Join(t.TempDir(), name+".vmdk")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := splitSparse(file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if now, _ := os.ReadFile(file); string(now) != content {
			t.Errorf("%s: changed", name)
		}
	}
}

func TestMachinesThatARuleKeepsApartAreMovedApart(t *testing.T) {
	vc := start(t, example())
	cluster := clusterOf(t, vc, "a1", "a2")
	var vms []types.ManagedObjectReference
	host := named(vc, "HostSystem", "a1")
	for _, name := range []string{"one", "two"} {
		spec := types.VirtualMachineConfigSpec{
			Name: name, MemoryMB: 1024, GuestId: "otherGuest",
			Files: &types.VirtualMachineFileInfo{VmPathName: "[shared]"},
		}
		made, fault := finish(vc.ctx, vc.createVM(vc.ctx, &types.CreateVM_Task{
			This: vc.datacenter.VmFolder, Config: spec, Pool: *cluster.ResourcePool, Host: &host,
		}))
		if fault != nil {
			t.Fatalf("%T", fault)
		}
		vms = append(vms, made.(types.ManagedObjectReference))
	}
	where := func(ref types.ManagedObjectReference) string {
		return vc.ctx.Map.Get(*vc.ctx.Map.Get(ref).(*simulator.VirtualMachine).Runtime.Host).(*simulator.HostSystem).Name
	}
	cluster.ConfigurationEx.(*types.ClusterConfigInfoEx).Rule = []types.BaseClusterRuleInfo{
		&types.ClusterAntiAffinityRuleSpec{
			ClusterRuleInfo: types.ClusterRuleInfo{Name: "apart", Enabled: types.NewBool(false)}, Vm: vms,
		},
	}
	vc.keepApart(vc.ctx, cluster)
	if where(vms[0]) != where(vms[1]) {
		t.Error("moved by a rule that is switched off")
	}
	cluster.ConfigurationEx.(*types.ClusterConfigInfoEx).Rule[0].GetClusterRuleInfo().Enabled = types.NewBool(true)
	vc.keepApart(vc.ctx, cluster)
	if where(vms[0]) == where(vms[1]) {
		t.Errorf("both still on %s", where(vms[0]))
	}
}

func TestWhatExistsBeforehandIsThere(t *testing.T) {
	inv := example()
	for i := range inv.Hosts {
		inv.Hosts[i].VMotion = "vmk1"
	}
	inv.Clusters = []cluster{{
		Name: "old", Hosts: []string{"a1", "a2"}, DRS: "fullyAutomated", HA: true, AdmissionControl: true,
		EVC: "intel-icelake",
		Machines: []machine{
			{Name: "desktop-1", CPUs: 2, MemoryMiB: 4096, DiskGiB: 30, Datastore: "shared"},
			{Name: "desktop-2", CPUs: 2, MemoryMiB: 4096, DiskGiB: 30, Datastore: "shared"},
		},
	}}
	inv.Policies = []policy{{Name: "tier-gold", Datastores: []string{"shared"}}}
	vc := start(t, inv)

	made := vc.ctx.Map.Get(named(vc, "ClusterComputeResource", "old")).(*simulator.ClusterComputeResource)
	summary := made.Summary.(*types.ClusterComputeResourceSummary)
	if summary.CurrentEVCModeKey != "intel-icelake" || summary.NumHosts != 2 {
		t.Errorf("cluster: EVC %q, %d hosts", summary.CurrentEVCModeKey, summary.NumHosts)
	}
	if drs := made.ConfigurationEx.(*types.ClusterConfigInfoEx).DrsConfig; !*drs.Enabled {
		t.Error("DRS is off")
	}
	hosts := map[string]bool{}
	for _, name := range []string{"desktop-1", "desktop-2"} {
		vm := vc.ctx.Map.Get(named(vc, "VirtualMachine", name)).(*simulator.VirtualMachine)
		if vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
			t.Errorf("%s is %s", name, vm.Runtime.PowerState)
		}
		hosts[vm.Runtime.Host.Value] = true
	}
	if len(hosts) != 2 {
		t.Errorf("machines run on %v, not on both hosts", hosts)
	}
	vc.accountSpace(vc.ctx)
	store := vc.ctx.Map.Get(named(vc, "Datastore", "shared")).(*simulator.Datastore)
	if store.Summary.FreeSpace != 40*gib {
		t.Errorf("%d GiB are free, not 40", store.Summary.FreeSpace/gib)
	}

	host := vc.ctx.Map.Get(named(vc, "HostSystem", "a1")).(*simulator.HostSystem)
	nics := vc.ctx.Map.Get(*host.ConfigManager.VirtualNicManager).(*simulator.HostVirtualNicManager).Info.NetConfig
	last := nics[len(nics)-1]
	if last.NicType != "vmotion" || last.CandidateVnic[0].Device != "vmk1" || last.SelectedVnic[0] != last.CandidateVnic[0].Key {
		t.Errorf("vMotion: %+v", last)
	}

	var solver *placementSolver
	for _, object := range vc.policies.AllReference("") {
		if found, ok := object.(*placementSolver); ok {
			solver = found
		}
	}
	for id := range solver.fulfilling {
		res := solver.PbmQueryMatchingHub(&pbmtypes.PbmQueryMatchingHub{Profile: pbmtypes.PbmProfileId{UniqueId: id}})
		hubs := res.(*pbmmethods.PbmQueryMatchingHubBody).Res.Returnval
		if len(hubs) != 1 || hubs[0].HubId != store.Self.Value {
			t.Errorf("tier-gold: %v", hubs)
		}
	}
	if len(solver.fulfilling) != 1 {
		t.Errorf("%d policies, not one", len(solver.fulfilling))
	}
}
