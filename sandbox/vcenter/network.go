package main

import (
	"fmt"
	"slices"
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
		config := dvs.Config.(*types.VMwareDVSConfigInfo)
		completeSwitch(config, dvs.Summary.ProductInfo)
		if spec, ok := req.Spec.ConfigSpec.(*types.VMwareDVSConfigSpec); ok {
			applySwitchSpec(config, spec)
			return dvs.Self, vc.changeMembers(ctx, dvs.Self, spec.Host)
		}
		return dvs.Self, nil
	})
	return &methods.CreateDVS_TaskBody{Res: &types.CreateDVS_TaskResponse{Returnval: task}}
}

func hasPortgroup(ctx *simulator.Context, dvs *simulator.DistributedVirtualSwitch) (found bool) {
	ctx.WithLock(dvs, func() { found = len(dvs.Portgroup) > 0 })
	return found
}

func (vc *vCenter) reconfigureSwitch(ctx *simulator.Context, req *types.ReconfigureDvs_Task) soap.HasFault {
	dvs, isSwitch := ctx.Map.Get(req.This).(*simulator.DistributedVirtualSwitch)
	spec, fits := req.Spec.(*types.VMwareDVSConfigSpec)
	if !isSwitch || !fits {
		return simulate(ctx, req.This, "ReconfigureDvs_Task", req)
	}
	task := inTask(ctx, req.This, "reconfigureDvs", func() (types.AnyType, types.BaseMethodFault) {
		applySwitchSpec(dvs.Config.(*types.VMwareDVSConfigInfo), spec)
		return nil, vc.changeMembers(ctx, req.This, spec.Host)
	})
	return &methods.ReconfigureDvs_TaskBody{Res: &types.ReconfigureDvs_TaskResponse{Returnval: task}}
}

// completeSwitch sets what every switch of a vCenter has and clients read without asking.
func completeSwitch(config *types.VMwareDVSConfigInfo, product *types.DistributedVirtualSwitchProductSpec) {
	config.ProductInfo = *product
	if config.IpfixConfig == nil {
		config.IpfixConfig = &types.VMwareIpfixConfig{ActiveFlowTimeout: 60, IdleFlowTimeout: 15}
	}
	if config.UplinkPortPolicy == nil {
		config.UplinkPortPolicy = &types.DVSNameArrayUplinkPortPolicy{UplinkPortName: []string{"uplink1"}}
	}
	if config.DefaultPortConfig == nil {
		config.DefaultPortConfig = &types.VMwareDVSPortSetting{Vlan: &types.VmwareDistributedVirtualSwitchVlanIdSpec{}}
	}
	if config.LinkDiscoveryProtocolConfig == nil {
		config.LinkDiscoveryProtocolConfig = &types.LinkDiscoveryProtocolConfig{Protocol: "cdp", Operation: "listen"}
	}
}

// applySwitchSpec stores a switch's settings; the simulator does so only when it creates one.
func applySwitchSpec(to *types.VMwareDVSConfigInfo, spec *types.VMwareDVSConfigSpec) {
	merge(&to.Name, &spec.Name)
	merge(&to.Description, &spec.Description)
	merge(&to.SwitchIpAddress, &spec.SwitchIpAddress)
	merge(&to.MaxMtu, &spec.MaxMtu)
	merge(&to.LacpApiVersion, &spec.LacpApiVersion)
	merge(&to.MulticastFilteringMode, &spec.MulticastFilteringMode)
	merge(&to.NetworkResourceControlVersion, &spec.NetworkResourceControlVersion)
	merge(&to.UplinkPortPolicy, &spec.UplinkPortPolicy)
	merge(&to.DefaultPortConfig, &spec.DefaultPortConfig)
	merge(&to.InfrastructureTrafficResourceConfig, &spec.InfrastructureTrafficResourceConfig)
	merge(to.LinkDiscoveryProtocolConfig, spec.LinkDiscoveryProtocolConfig)
	merge(to.IpfixConfig, spec.IpfixConfig)
	merge(&to.Contact, spec.Contact)
}

// changeMembers adds hosts to a switch, gives them other uplinks, or takes them out.
func (vc *vCenter) changeMembers(
	ctx *simulator.Context, ref types.ManagedObjectReference, changes []types.DistributedVirtualSwitchHostMemberConfigSpec,
) types.BaseMethodFault {
	dvs := ctx.Map.Get(ref).(*simulator.DistributedVirtualSwitch)
	config := dvs.Config.(*types.VMwareDVSConfigInfo)
	var joinOrLeave []types.DistributedVirtualSwitchHostMemberConfigSpec
	for _, change := range changes {
		if change.Operation != string(types.ConfigSpecOperationEdit) {
			joinOrLeave = append(joinOrLeave, change)
		}
	}
	if len(joinOrLeave) > 0 {
		req := &types.ReconfigureDvs_Task{This: ref, Spec: &types.VMwareDVSConfigSpec{
			DVSConfigSpec: types.DVSConfigSpec{Host: joinOrLeave},
		}}
		if _, fault := finish(ctx, simulate(ctx, ref, "ReconfigureDvs_Task", req)); fault != nil {
			return fault
		}
	}
	for _, change := range changes {
		config.Host = slices.DeleteFunc(config.Host, func(m types.DistributedVirtualSwitchHostMember) bool {
			return *m.Config.Host == change.Host
		})
		host, ok := ctx.Map.Get(change.Host).(*simulator.HostSystem)
		switch {
		case !ok:
		case change.Operation == string(types.ConfigSpecOperationRemove):
			for _, group := range dvs.Portgroup {
				ctx.Map.RemoveReference(ctx, host, &host.Network, group)
				if pg, ok := ctx.Map.Get(group).(*simulator.DistributedVirtualPortgroup); ok {
					ctx.Map.RemoveReference(ctx, pg, &pg.Host, host.Self)
				}
			}
			vc.refreshCompute(ctx, *host.Parent)
		default:
			backing := change.Backing
			if backing == nil {
				backing = &types.DistributedVirtualSwitchHostMemberPnicBacking{}
			}
			config.Host = append(config.Host, types.DistributedVirtualSwitchHostMember{
				Config: types.DistributedVirtualSwitchHostMemberConfigInfo{Host: &host.Self, Backing: backing},
				Status: "up",
			})
		}
	}
	vc.refreshMembers(ctx, ref)
	return nil
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
