package main

import (
	"reflect"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// newClusterConfig is what a cluster has before anybody configures it: DRS and HA off, and every
// part that clients expect to find set (the Terraform provider reads them without asking).
func newClusterConfig() *types.ClusterConfigInfoEx {
	off := func() *bool { return types.NewBool(false) }
	return &types.ClusterConfigInfoEx{
		ComputeResourceConfigInfo: types.ComputeResourceConfigInfo{
			VmSwapPlacement: string(types.VirtualMachineConfigInfoSwapPlacementTypeVmDirectory),
		},
		DasConfig: types.ClusterDasConfigInfo{
			Enabled:                    off(),
			VmMonitoring:               string(types.ClusterDasConfigInfoVmMonitoringStateVmMonitoringDisabled),
			HostMonitoring:             string(types.ClusterDasConfigInfoServiceStateEnabled),
			VmComponentProtecting:      string(types.ClusterDasConfigInfoServiceStateDisabled),
			FailoverLevel:              1,
			AdmissionControlEnabled:    types.NewBool(true),
			AdmissionControlPolicy:     &types.ClusterFailoverLevelAdmissionControlPolicy{FailoverLevel: 1},
			HBDatastoreCandidatePolicy: string(types.ClusterDasConfigInfoHBDatastoreCandidateAllFeasibleDsWithUserPreference),
			DefaultVmSettings: &types.ClusterDasVmSettings{
				RestartPriority:   string(types.ClusterDasVmSettingsRestartPriorityMedium),
				IsolationResponse: string(types.ClusterDasVmSettingsIsolationResponseNone),
				VmToolsMonitoringSettings: &types.ClusterVmToolsMonitoringSettings{
					Enabled: off(), VmMonitoring: string(types.ClusterDasConfigInfoVmMonitoringStateVmMonitoringDisabled),
					ClusterSettings: off(), FailureInterval: 30, MinUpTime: 120, MaxFailures: 3, MaxFailureWindow: -1,
				},
				VmComponentProtectionSettings: &types.ClusterVmComponentProtectionSettings{
					VmStorageProtectionForAPD: "disabled", EnableAPDTimeoutForHosts: off(),
					VmTerminateDelayForAPDSec: 180, VmReactionOnAPDCleared: "none", VmStorageProtectionForPDL: "disabled",
				},
			},
		},
		DrsConfig: types.ClusterDrsConfigInfo{
			Enabled:                   off(),
			EnableVmBehaviorOverrides: types.NewBool(true),
			DefaultVmBehavior:         types.DrsBehaviorFullyAutomated,
			VmotionRate:               3,
		},
		DpmConfigInfo: &types.ClusterDpmConfigInfo{
			Enabled: off(), DefaultDpmBehavior: types.DpmBehaviorAutomated, HostPowerActionRate: 3,
		},
		InfraUpdateHaConfig: &types.ClusterInfraUpdateHaConfigInfo{
			Enabled: off(), Behavior: "Manual", ModerateRemediation: "QuarantineMode", SevereRemediation: "QuarantineMode",
		},
		Orchestration: &types.ClusterOrchestrationInfo{
			DefaultVmReadiness: &types.ClusterVmReadiness{ReadyCondition: "none"},
		},
		ProactiveDrsConfig: &types.ClusterProactiveDrsConfigInfo{Enabled: off()},
		VsanConfigInfo: &types.VsanClusterConfigInfo{
			Enabled: off(), DefaultConfig: &types.VsanClusterConfigInfoHostDefaultInfo{},
		},
	}
}

// applyClusterSpec stores what the simulator drops: all of DRS, HA and power management.
func applyClusterSpec(to *types.ClusterConfigInfoEx, spec *types.ClusterConfigSpecEx) {
	merge(&to.ComputeResourceConfigInfo.VmSwapPlacement, &spec.VmSwapPlacement)
	merge(&to.DasConfig, spec.DasConfig)
	merge(&to.DrsConfig, spec.DrsConfig)
	merge(to.DpmConfigInfo, spec.DpmConfig)
	merge(to.InfraUpdateHaConfig, spec.InfraUpdateHaConfig)
	merge(to.Orchestration, spec.Orchestration)
	merge(to.ProactiveDrsConfig, spec.ProactiveDrsConfig)
}

// merge copies what is set in the source, also inside structures, and leaves the rest, which is what
// vCenter does with a specification that modifies.
func merge[T any](to, from *T) {
	if from != nil {
		mergeValue(reflect.ValueOf(to).Elem(), reflect.ValueOf(from).Elem())
	}
}

func mergeValue(to, from reflect.Value) {
	switch {
	case from.IsZero():
	case from.Kind() == reflect.Struct:
		for i := range from.NumField() {
			mergeValue(to.Field(i), from.Field(i))
		}
	case from.Kind() == reflect.Pointer && from.Elem().Kind() == reflect.Struct && !to.IsNil():
		mergeValue(to.Elem(), from.Elem())
	default:
		to.Set(from)
	}
}

func (vc *vCenter) createCluster(ctx *simulator.Context, req *types.CreateClusterEx) soap.HasFault {
	res := simulate(ctx, req.This, "CreateClusterEx", req)
	if res.Fault() != nil {
		return res
	}
	cluster := ctx.Map.Get(res.(*methods.CreateClusterExBody).Res.Returnval).(*simulator.ClusterComputeResource)
	ctx.WithLock(cluster, func() {
		config := newClusterConfig()
		applyClusterSpec(config, &req.Spec)
		cluster.ConfigurationEx = config
	})
	vc.refreshCompute(ctx, cluster.Self)
	return res
}

func (vc *vCenter) reconfigureCluster(
	ctx *simulator.Context, req *types.ReconfigureComputeResource_Task,
) soap.HasFault {
	cluster, isCluster := ctx.Map.Get(req.This).(*simulator.ClusterComputeResource)
	spec, fits := req.Spec.(*types.ClusterConfigSpecEx)
	if !isCluster || !fits {
		return simulate(ctx, req.This, "ReconfigureComputeResource_Task", req)
	}
	task := inTask(ctx, req.This, "reconfigureCluster", func() (types.AnyType, types.BaseMethodFault) {
		if !req.Modify {
			cluster.ConfigurationEx = newClusterConfig()
		}
		// The simulator keeps rules, groups and settings per virtual machine.
		if _, fault := finish(ctx, simulate(ctx, req.This, "ReconfigureComputeResource_Task", req)); fault != nil {
			return nil, fault
		}
		applyClusterSpec(cluster.ConfigurationEx.(*types.ClusterConfigInfoEx), spec)
		return nil, nil
	})
	res := &methods.ReconfigureComputeResource_TaskBody{
		Res: &types.ReconfigureComputeResource_TaskResponse{Returnval: task},
	}
	if len(spec.RulesSpec) > 0 {
		later := vc.fresh()
		later.Session = ctx.Session
		go func() {
			if _, fault := finish(later, res); fault == nil && vc.automaticCluster(cluster) {
				vc.keepApart(later, cluster)
			}
		}()
	}
	return res
}

func (vc *vCenter) moveInto(ctx *simulator.Context, req *types.MoveInto_Task) soap.HasFault {
	task := inTask(ctx, req.This, "moveInto", func() (types.AnyType, types.BaseMethodFault) {
		return nil, vc.joinCluster(ctx, req.This, req.Host)
	})
	return &methods.MoveInto_TaskBody{Res: &types.MoveInto_TaskResponse{Returnval: task}}
}

func (vc *vCenter) moveHostInto(ctx *simulator.Context, req *types.MoveHostInto_Task) soap.HasFault {
	task := inTask(ctx, req.This, "moveHostInto", func() (types.AnyType, types.BaseMethodFault) {
		return nil, vc.joinCluster(ctx, req.This, []types.ManagedObjectReference{req.Host})
	})
	return &methods.MoveHostInto_TaskBody{Res: &types.MoveHostInto_TaskResponse{Returnval: task}}
}

// moveIntoFolder takes a host out of its cluster, so that it stands alone; anything else is moved
// by the simulator.
func (vc *vCenter) moveIntoFolder(ctx *simulator.Context, req *types.MoveIntoFolder_Task) soap.HasFault {
	var hosts, others []types.ManagedObjectReference
	for _, ref := range req.List {
		if ref.Type == "HostSystem" {
			hosts = append(hosts, ref)
		} else {
			others = append(others, ref)
		}
	}
	if len(hosts) == 0 {
		return simulate(ctx, req.This, "MoveIntoFolder_Task", req)
	}
	task := inTask(ctx, req.This, "moveIntoFolder", func() (types.AnyType, types.BaseMethodFault) {
		if len(others) > 0 {
			return nil, &types.NotSupported{}
		}
		return nil, vc.leaveCluster(ctx, hosts)
	})
	return &methods.MoveIntoFolder_TaskBody{Res: &types.MoveIntoFolder_TaskResponse{Returnval: task}}
}

// standalone is what surrounds a host outside any cluster. It is put aside while the host is in one,
// so that the host gets the same objects, with the same ids, when it leaves.
type standalone struct {
	compute *mo.ComputeResource
	pool    *simulator.ResourcePool
}

func (vc *vCenter) joinCluster(
	ctx *simulator.Context, to types.ManagedObjectReference, hosts []types.ManagedObjectReference,
) types.BaseMethodFault {
	cluster, ok := ctx.Map.Get(to).(*simulator.ClusterComputeResource)
	if !ok {
		return &types.ManagedObjectNotFound{Obj: to}
	}
	for _, ref := range hosts {
		host, ok := ctx.Map.Get(ref).(*simulator.HostSystem)
		if !ok {
			return &types.ManagedObjectNotFound{Obj: ref}
		}
		from := *host.Parent
		if from == to {
			return &types.DuplicateName{Name: host.Name, Object: ref}
		}
		switch parent := ctx.Map.Get(from).(type) {
		case *simulator.ClusterComputeResource:
			if !host.Runtime.InMaintenanceMode {
				return &types.InvalidState{}
			}
			ctx.Map.RemoveReference(ctx, parent, &parent.Host, ref)
		case *mo.ComputeResource:
			pool := ctx.Map.Get(*parent.ResourcePool).(*simulator.ResourcePool)
			vc.aside.Store(ref, standalone{parent, pool})
			vc.removeFromFolder(ctx, parent)
			ctx.Map.Remove(ctx, pool.Self)
		}
		ctx.Map.AddReference(ctx, cluster, &cluster.Host, ref)
		vc.settleHost(ctx, host, to, *cluster.ResourcePool)
		vc.refreshCompute(ctx, from)
	}
	vc.refreshCompute(ctx, to)
	return nil
}

func (vc *vCenter) leaveCluster(
	ctx *simulator.Context, hosts []types.ManagedObjectReference,
) types.BaseMethodFault {
	for _, ref := range hosts {
		host, ok := ctx.Map.Get(ref).(*simulator.HostSystem)
		if !ok {
			return &types.ManagedObjectNotFound{Obj: ref}
		}
		cluster, ok := ctx.Map.Get(*host.Parent).(*simulator.ClusterComputeResource)
		if !ok {
			continue // stands alone already
		}
		if !host.Runtime.InMaintenanceMode {
			return &types.InvalidState{}
		}
		found, ok := vc.aside.LoadAndDelete(ref)
		if !ok {
			return &types.NotSupported{} // a host that was added straight into a cluster
		}
		alone := found.(standalone)
		ctx.Map.RemoveReference(ctx, cluster, &cluster.Host, ref)
		folder := ctx.Map.Get(vc.datacenter.HostFolder).(*simulator.Folder)
		ctx.Map.AddReference(ctx, folder, &folder.ChildEntity, alone.compute.Self)
		ctx.Map.PutEntity(folder, alone.compute)
		ctx.Map.PutEntity(alone.compute, alone.pool)
		vc.settleHost(ctx, host, alone.compute.Self, alone.pool.Self)
		vc.refreshCompute(ctx, cluster.Self)
		vc.refreshCompute(ctx, alone.compute.Self)
	}
	return nil
}

// settleHost makes a host and the machines on it members of their new surroundings.
func (vc *vCenter) settleHost(ctx *simulator.Context, host *simulator.HostSystem, parent, pool types.ManagedObjectReference) {
	ctx.Map.AtomicUpdate(ctx, host, []types.PropertyChange{{Name: "parent", Val: parent}})
	for _, ref := range host.Vm {
		if vm, ok := ctx.Map.Get(ref).(*simulator.VirtualMachine); ok && !vm.Config.Template {
			ctx.Map.AtomicUpdate(ctx, vm, []types.PropertyChange{{Name: "resourcePool", Val: pool}})
			vc.settleVM(ctx, vm)
		}
	}
}

func (vc *vCenter) removeFromFolder(ctx *simulator.Context, item mo.Entity) {
	folder := ctx.Map.Get(*item.Entity().Parent).(*simulator.Folder)
	ctx.Map.RemoveReference(ctx, folder, &folder.ChildEntity, item.Reference())
	ctx.Map.Remove(ctx, item.Reference())
}

// refreshCompute computes everything that a cluster (or a host that stands alone) has through its
// hosts: datastores, networks, capacity.
func (vc *vCenter) refreshCompute(ctx *simulator.Context, ref types.ManagedObjectReference) {
	compute := computeResource(ctx, ref)
	if compute == nil {
		return // dissolved meanwhile
	}
	ctx.WithLock(ref, func() {
		var datastores, networks []types.ManagedObjectReference
		summary := types.ComputeResourceSummary{OverallStatus: types.ManagedEntityStatusGreen}
		for _, h := range compute.Host {
			host := ctx.Map.Get(h).(*simulator.HostSystem)
			datastores = union(datastores, host.Datastore)
			networks = union(networks, host.Network)
			hardware := host.Summary.Hardware
			cpu := int32(hardware.NumCpuCores) * hardware.CpuMhz
			summary.NumHosts++
			summary.NumCpuCores += hardware.NumCpuCores
			summary.NumCpuThreads += hardware.NumCpuThreads
			summary.TotalCpu += cpu
			summary.TotalMemory += hardware.MemorySize
			if available(host) {
				summary.NumEffectiveHosts++
				summary.EffectiveCpu += cpu
				summary.EffectiveMemory += hardware.MemorySize / mebibyte
			}
		}
		compute.Datastore, compute.Network = datastores, networks
		switch s := compute.Summary.(type) {
		case *types.ClusterComputeResourceSummary:
			s.ComputeResourceSummary = summary
		case *types.ComputeResourceSummary:
			*s = summary
		}
	})
}

// computeResource gives the part that a cluster and a host that stands alone have in common, or nil.
func computeResource(ctx *simulator.Context, ref types.ManagedObjectReference) *mo.ComputeResource {
	switch c := ctx.Map.Get(ref).(type) {
	case *simulator.ClusterComputeResource:
		return &c.ComputeResource
	case *mo.ComputeResource:
		return c
	default:
		return nil
	}
}

func union(to, from []types.ManagedObjectReference) []types.ManagedObjectReference {
	for _, ref := range from {
		if simulator.FindReference(to, ref) == nil {
			to = append(to, ref)
		}
	}
	return to
}

func (vc *vCenter) enterMaintenance(ctx *simulator.Context, req *types.EnterMaintenanceMode_Task) soap.HasFault {
	// Before the task, because the task holds the host's lock, and a machine that is being removed
	// holds its own while it waits for the host's.
	stuck := vc.evacuate(ctx, req.This, req.EvacuatePoweredOffVms != nil && *req.EvacuatePoweredOffVms)
	task := inTask(ctx, req.This, "enterMaintenanceMode", func() (types.AnyType, types.BaseMethodFault) {
		if stuck != nil {
			return nil, stuck
		}
		_, fault := finish(ctx, simulate(ctx, req.This, "EnterMaintenanceMode_Task", req))
		vc.refreshParent(ctx, req.This)
		return nil, fault
	})
	return &methods.EnterMaintenanceMode_TaskBody{Res: &types.EnterMaintenanceMode_TaskResponse{Returnval: task}}
}

func (vc *vCenter) exitMaintenance(ctx *simulator.Context, req *types.ExitMaintenanceMode_Task) soap.HasFault {
	task := inTask(ctx, req.This, "exitMaintenanceMode", func() (types.AnyType, types.BaseMethodFault) {
		_, fault := finish(ctx, simulate(ctx, req.This, "ExitMaintenanceMode_Task", req))
		vc.refreshParent(ctx, req.This)
		return nil, fault
	})
	return &methods.ExitMaintenanceMode_TaskBody{Res: &types.ExitMaintenanceMode_TaskResponse{Returnval: task}}
}

func (vc *vCenter) refreshParent(ctx *simulator.Context, host types.ManagedObjectReference) {
	if h, ok := ctx.Map.Get(host).(*simulator.HostSystem); ok {
		vc.refreshCompute(ctx, *h.Parent)
	}
}

// destroy removes an object; the simulator cannot remove clusters, and leaves references to removed
// networks behind.
func (vc *vCenter) destroy(ctx *simulator.Context, req *types.Destroy_Task) soap.HasFault {
	var remove func() types.BaseMethodFault
	switch object := ctx.Map.Get(req.This).(type) {
	case *simulator.ClusterComputeResource:
		remove = func() types.BaseMethodFault { return vc.destroyCluster(ctx, object) }
	case *simulator.DistributedVirtualPortgroup:
		remove = func() types.BaseMethodFault { return vc.destroyPortgroup(ctx, object) }
	case *simulator.DistributedVirtualSwitch:
		remove = func() types.BaseMethodFault { return vc.destroySwitch(ctx, object) }
	default:
		return simulate(ctx, req.This, "Destroy_Task", req)
	}
	task := inTask(ctx, req.This, "destroy", func() (types.AnyType, types.BaseMethodFault) { return nil, remove() })
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{Returnval: task}}
}

// destroyCluster refuses while hosts are in the cluster: they must be moved out first.
func (vc *vCenter) destroyCluster(
	ctx *simulator.Context, cluster *simulator.ClusterComputeResource,
) types.BaseMethodFault {
	if len(cluster.Host) > 0 {
		return &types.ResourceInUse{Type: "ClusterComputeResource", Name: cluster.Name}
	}
	vc.removeFromFolder(ctx, cluster)
	for _, pool := range ctx.Map.All("ResourcePool") {
		if p, ok := pool.(*simulator.ResourcePool); ok && p.Owner == cluster.Self {
			ctx.Map.Remove(ctx, p.Self)
		}
	}
	ctx.Map.Remove(ctx, *cluster.EnvironmentBrowser)
	return nil
}
