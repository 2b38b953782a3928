package main

import (
	"fmt"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// addSwitch creates a distributed switch of which all hosts are members.
func (vc *vCenter) addSwitch(name string, order []host, hosts map[string]*simulator.HostSystem) error {
	spec := &types.VMwareDVSConfigSpec{DVSConfigSpec: types.DVSConfigSpec{Name: name}, MaxMtu: 9000}
	created, fault := finish(vc.ctx, vc.createSwitch(vc.ctx, &types.CreateDVS_Task{
		This: vc.datacenter.NetworkFolder, Spec: types.DVSCreateSpec{ConfigSpec: spec},
	}))
	if fault != nil {
		return fmt.Errorf("switch %s: %T", name, fault)
	}
	join := &types.VMwareDVSConfigSpec{}
	for _, h := range order {
		join.Host = append(join.Host, types.DistributedVirtualSwitchHostMemberConfigSpec{
			Operation: string(types.ConfigSpecOperationAdd), Host: hosts[h.Name].Self,
		})
	}
	_, fault = finish(vc.ctx, vc.reconfigureSwitch(vc.ctx, &types.ReconfigureDvs_Task{
		This: created.(types.ManagedObjectReference), Spec: join,
	}))
	if fault != nil {
		return fmt.Errorf("switch %s: %T", name, fault)
	}
	return nil
}

// createSwitch creates a switch. A data centre's list of networks does not contain switches; the
// simulator puts them there.
func (vc *vCenter) createSwitch(ctx *simulator.Context, req *types.CreateDVS_Task) soap.HasFault {
	task := inTask(ctx, req.This, "createDVS", func() (types.AnyType, types.BaseMethodFault) {
		result, fault := finish(ctx, simulate(ctx, req.This, "CreateDVS_Task", req))
		if fault != nil {
			return nil, fault
		}
		dvs := ctx.Map.Get(result.(types.ManagedObjectReference)).(*simulator.DistributedVirtualSwitch)
		for !hasPortgroup(ctx, dvs) { // the simulator adds the uplinks' port group in a task of its own
			time.Sleep(time.Millisecond)
		}
		ctx.Map.RemoveReference(ctx, vc.datacenter, &vc.datacenter.Network, dvs.Self)
		return dvs.Self, nil
	})
	return &methods.CreateDVS_TaskBody{Res: &types.CreateDVS_TaskResponse{Returnval: task}}
}

func hasPortgroup(ctx *simulator.Context, dvs *simulator.DistributedVirtualSwitch) (found bool) {
	ctx.WithLock(dvs, func() { found = len(dvs.Portgroup) > 0 })
	return found
}

func (vc *vCenter) reconfigureSwitch(ctx *simulator.Context, req *types.ReconfigureDvs_Task) soap.HasFault {
	task := inTask(ctx, req.This, "reconfigureDvs", func() (types.AnyType, types.BaseMethodFault) {
		_, fault := finish(ctx, simulate(ctx, req.This, "ReconfigureDvs_Task", req))
		vc.refreshMembers(ctx, req.This)
		return nil, fault
	})
	return &methods.ReconfigureDvs_TaskBody{Res: &types.ReconfigureDvs_TaskResponse{Returnval: task}}
}

// createPortgroup adds one port group and answers with it; the simulator only knows the plural.
func (vc *vCenter) createPortgroup(ctx *simulator.Context, req *types.CreateDVPortgroup_Task) soap.HasFault {
	task := inTask(ctx, req.This, "createDVPortgroup", func() (types.AnyType, types.BaseMethodFault) {
		if fault := vc.newPortgroups(ctx, req.This, []types.DVPortgroupConfigSpec{req.Spec}); fault != nil {
			return nil, fault
		}
		dvs := ctx.Map.Get(req.This).(*simulator.DistributedVirtualSwitch)
		return ctx.Map.FindByName(req.Spec.Name, dvs.Portgroup).Reference(), nil
	})
	return &methods.CreateDVPortgroup_TaskBody{Res: &types.CreateDVPortgroup_TaskResponse{Returnval: task}}
}

func (vc *vCenter) addPortgroups(ctx *simulator.Context, req *types.AddDVPortgroup_Task) soap.HasFault {
	task := inTask(ctx, req.This, "addDVPortgroup", func() (types.AnyType, types.BaseMethodFault) {
		return nil, vc.newPortgroups(ctx, req.This, req.Spec)
	})
	return &methods.AddDVPortgroup_TaskBody{Res: &types.AddDVPortgroup_TaskResponse{Returnval: task}}
}

func (vc *vCenter) newPortgroups(
	ctx *simulator.Context, dvs types.ManagedObjectReference, specs []types.DVPortgroupConfigSpec,
) types.BaseMethodFault {
	for _, spec := range specs {
		if spec.Name == "" {
			return &types.InvalidName{}
		}
	}
	add := &types.AddDVPortgroup_Task{This: dvs, Spec: specs}
	_, fault := finish(ctx, simulate(ctx, dvs, "AddDVPortgroup_Task", add))
	vc.refreshMembers(ctx, dvs)
	return fault
}

// refreshMembers brings the clusters of a switch's hosts up to date with the hosts' networks.
func (vc *vCenter) refreshMembers(ctx *simulator.Context, ref types.ManagedObjectReference) {
	dvs, ok := ctx.Map.Get(ref).(*simulator.DistributedVirtualSwitch)
	if !ok {
		return
	}
	var parents []types.ManagedObjectReference
	for _, host := range dvs.Summary.HostMember {
		parents = union(parents, []types.ManagedObjectReference{*ctx.Map.Get(host).(*simulator.HostSystem).Parent})
	}
	for _, parent := range parents {
		vc.refreshCompute(ctx, parent)
	}
}

// destroyPortgroup refuses while a machine uses the port group, and leaves no reference behind.
func (vc *vCenter) destroyPortgroup(
	ctx *simulator.Context, pg *simulator.DistributedVirtualPortgroup,
) types.BaseMethodFault {
	for _, entity := range ctx.Map.All("VirtualMachine") {
		vm := entity.(*simulator.VirtualMachine)
		if simulator.FindReference(vm.Network, pg.Self) != nil {
			return &types.ResourceInUse{Type: "DistributedVirtualPortgroup", Name: pg.Name}
		}
	}
	dvs := *pg.Config.DistributedVirtualSwitch
	members := pg.Host
	_, fault := finish(ctx, simulate(ctx, pg.Self, "Destroy_Task", &types.Destroy_Task{This: pg.Self}))
	if fault != nil {
		return fault
	}
	for _, ref := range members {
		if host, ok := ctx.Map.Get(ref).(*simulator.HostSystem); ok {
			ctx.Map.RemoveReference(ctx, host, &host.Network, pg.Self)
		}
	}
	vc.refreshMembers(ctx, dvs)
	return nil
}

func (vc *vCenter) destroySwitch(
	ctx *simulator.Context, dvs *simulator.DistributedVirtualSwitch,
) types.BaseMethodFault {
	portgroups := append([]types.ManagedObjectReference{}, dvs.Portgroup...)
	for _, ref := range portgroups {
		if fault := vc.destroyPortgroup(ctx, ctx.Map.Get(ref).(*simulator.DistributedVirtualPortgroup)); fault != nil {
			return fault
		}
	}
	_, fault := finish(ctx, simulate(ctx, dvs.Self, "Destroy_Task", &types.Destroy_Task{This: dvs.Self}))
	return fault
}

// findSwitch looks a switch up by its uuid; the simulator cannot.
func (vc *vCenter) findSwitch(ctx *simulator.Context, req *types.QueryDvsByUuid) soap.HasFault {
	for _, entity := range ctx.Map.All("DistributedVirtualSwitch") {
		if dvs := entity.(*simulator.DistributedVirtualSwitch); dvs.Uuid == req.Uuid {
			return &methods.QueryDvsByUuidBody{Res: &types.QueryDvsByUuidResponse{Returnval: &dvs.Self}}
		}
	}
	return refuse("no switch with uuid "+req.Uuid, &types.NotFound{})
}
