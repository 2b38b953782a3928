package main

import (
	"slices"
	"sync"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// settling is how long a decision counts on top of what is visible: the machine appears on its host
// only a moment after the decision, and parallel requests must not all get the same host.
const settling = 2 * time.Second

// scheduler decides which host of a cluster gets a machine, as DRS does at initial placement.
type scheduler struct {
	mutex  sync.Mutex
	recent []decision
}

type decision struct {
	host     types.ManagedObjectReference
	memoryMB int64
	at       time.Time
}

// available tells whether a host can take machines.
func available(host *simulator.HostSystem) bool {
	return host.Runtime.ConnectionState == types.HostSystemConnectionStateConnected && !host.Runtime.InMaintenanceMode
}

// place picks the host with the smallest share of its memory given to machines, among those of the
// pool's cluster that are available and see the datastore of the given datastore path (any, if "").
func (vc *vCenter) place(
	ctx *simulator.Context, pool *types.ManagedObjectReference, path string, memoryMB int64,
) (*types.ManagedObjectReference, types.BaseMethodFault) {
	if pool == nil {
		return nil, &types.InvalidArgument{InvalidProperty: "pool"}
	}
	rp, ok := ctx.Map.Get(*pool).(*simulator.ResourcePool)
	if !ok {
		return nil, &types.ManagedObjectNotFound{Obj: *pool}
	}
	hosts := computeHosts(ctx, rp.Owner)
	var needed object.DatastorePath
	needed.FromString(path)

	return vc.drs.choose(ctx, hosts, memoryMB, func(host *simulator.HostSystem) bool {
		return needed.Datastore == "" || ctx.Map.FindByName(needed.Datastore, host.Datastore) != nil
	})
}

// choose is the decision itself, among hosts that are available and suitable.
func (s *scheduler) choose(
	ctx *simulator.Context, hosts []types.ManagedObjectReference, memoryMB int64,
	suitable func(*simulator.HostSystem) bool,
) (*types.ManagedObjectReference, types.BaseMethodFault) {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	now := time.Now()
	given := map[types.ManagedObjectReference]int64{}
	kept := s.recent[:0]
	for _, d := range s.recent {
		if now.Sub(d.at) < settling {
			kept = append(kept, d)
			given[d.host] += d.memoryMB
		}
	}
	s.recent = kept

	var best *types.ManagedObjectReference
	var lowest float64
	for i, ref := range hosts {
		host, ok := ctx.Map.Get(ref).(*simulator.HostSystem)
		if !ok || !available(host) || !suitable(host) {
			continue
		}
		load := float64(given[ref]+memoryOf(ctx, host)) / float64(host.Summary.Hardware.MemorySize/mebibyte)
		if best == nil || load < lowest {
			best, lowest = &hosts[i], load
		}
	}
	if best == nil {
		return nil, &types.NoCompatibleHost{}
	}
	chosen := *best
	s.recent = append(s.recent, decision{chosen, max(memoryMB, 1), now})
	return &chosen, nil
}

// memoryOf adds up, in MB, what the machines on a host may use.
func memoryOf(ctx *simulator.Context, host *simulator.HostSystem) int64 {
	var vms []types.ManagedObjectReference
	ctx.WithLock(host, func() { vms = append(vms, host.Vm...) })
	var sum int64
	for _, ref := range vms {
		if vm, ok := ctx.Map.Get(ref).(*simulator.VirtualMachine); ok {
			sum += int64(vm.Summary.Config.MemorySizeMB)
		}
	}
	return sum
}

// computeHosts lists (a copy of) the hosts of a cluster or of a host that stands alone.
func computeHosts(ctx *simulator.Context, ref types.ManagedObjectReference) []types.ManagedObjectReference {
	var hosts []types.ManagedObjectReference
	if compute := computeResource(ctx, ref); compute != nil {
		ctx.WithLock(ref, func() { hosts = append(hosts, compute.Host...) })
	}
	return hosts
}

// automatic tells whether the host is in a cluster whose DRS moves machines by itself.
func (vc *vCenter) automatic(ctx *simulator.Context, host *simulator.HostSystem) bool {
	cluster, ok := ctx.Map.Get(*host.Parent).(*simulator.ClusterComputeResource)
	if !ok {
		return false
	}
	return vc.automaticCluster(cluster)
}

func (vc *vCenter) automaticCluster(cluster *simulator.ClusterComputeResource) bool {
	drs := cluster.ConfigurationEx.(*types.ClusterConfigInfoEx).DrsConfig
	return drs.Enabled != nil && *drs.Enabled && drs.DefaultVmBehavior == types.DrsBehaviorFullyAutomated
}

// evacuate moves the running machines (or all) of a host that goes into maintenance mode to other
// hosts of its cluster. Only a fully automated DRS does that; otherwise machines that run keep the
// host out of maintenance mode.
func (vc *vCenter) evacuate(
	ctx *simulator.Context, from types.ManagedObjectReference, all bool,
) types.BaseMethodFault {
	host, ok := ctx.Map.Get(from).(*simulator.HostSystem)
	if !ok {
		return &types.ManagedObjectNotFound{Obj: from}
	}
	automatic := vc.automatic(ctx, host)
	cluster, clustered := ctx.Map.Get(*host.Parent).(*simulator.ClusterComputeResource)
	var others []types.ManagedObjectReference
	for _, ref := range computeHosts(ctx, *host.Parent) {
		if ref != from {
			others = append(others, ref)
		}
	}
	var vms []types.ManagedObjectReference
	ctx.WithLock(host, func() { vms = append(vms, host.Vm...) })
	for _, ref := range vms {
		vm, ok := ctx.Map.Get(ref).(*simulator.VirtualMachine)
		if !ok {
			continue
		}
		running := vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
		if !running && !(all && automatic) {
			continue
		}
		if !automatic {
			return &types.InvalidState{}
		}
		to, fault := vc.drs.choose(ctx, others, int64(vm.Summary.Config.MemorySizeMB),
			func(h *simulator.HostSystem) bool {
				return sees(h, vm) && (!clustered || vc.free(ctx, cluster, ref, h.Self))
			})
		if fault != nil {
			return fault
		}
		vc.migrate(ctx, vm, *to)
	}
	return nil
}

// keepApart does what rules ask for that keep machines on different hosts, as a fully automated DRS
// does at its next round: of machines that share a host all but one are moved to hosts without any.
func (vc *vCenter) keepApart(ctx *simulator.Context, cluster *simulator.ClusterComputeResource) {
	for _, vms := range vc.rules(ctx, cluster) {
		taken := map[types.ManagedObjectReference]bool{}
		for _, ref := range vms {
			vm, ok := ctx.Map.Get(ref).(*simulator.VirtualMachine)
			if !ok || vm.Runtime.Host == nil {
				continue
			}
			host := *vm.Runtime.Host
			if taken[host] {
				to, fault := vc.drs.choose(ctx, computeHosts(ctx, cluster.Self), int64(vm.Summary.Config.MemorySizeMB),
					func(h *simulator.HostSystem) bool {
						return !taken[h.Self] && sees(h, vm) && vc.free(ctx, cluster, ref, h.Self)
					})
				if fault != nil {
					continue // more machines than hosts: the rule is violated, which vCenter only reports
				}
				vc.migrate(ctx, vm, *to)
				host = *to
			}
			taken[host] = true
		}
	}
}

// rules lists the machines of each rule of a cluster that keeps them apart.
func (vc *vCenter) rules(ctx *simulator.Context, cluster *simulator.ClusterComputeResource) [][]types.ManagedObjectReference {
	var found [][]types.ManagedObjectReference
	ctx.WithLock(cluster, func() {
		for _, rule := range cluster.ConfigurationEx.(*types.ClusterConfigInfoEx).Rule {
			apart, ok := rule.(*types.ClusterAntiAffinityRuleSpec)
			if ok && apart.Enabled != nil && *apart.Enabled {
				found = append(found, append([]types.ManagedObjectReference{}, apart.Vm...))
			}
		}
	})
	return found
}

// free tells whether a host runs no machine that a rule keeps apart from this one.
func (vc *vCenter) free(
	ctx *simulator.Context, cluster *simulator.ClusterComputeResource, vm, host types.ManagedObjectReference,
) bool {
	for _, vms := range vc.rules(ctx, cluster) {
		if !slices.Contains(vms, vm) {
			continue
		}
		for _, ref := range vms {
			other, ok := ctx.Map.Get(ref).(*simulator.VirtualMachine)
			if ok && ref != vm && other.Runtime.Host != nil && *other.Runtime.Host == host {
				return false
			}
		}
	}
	return true
}

// sees tells whether a host mounts all datastores of a machine.
func sees(host *simulator.HostSystem, vm *simulator.VirtualMachine) bool {
	for _, ds := range vm.Datastore {
		if simulator.FindReference(host.Datastore, ds) == nil {
			return false
		}
	}
	return true
}
