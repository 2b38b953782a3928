package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// folderOr gives the folder, or the data centre's folder for machines if there is none such: Nova
// remembers folders for ever, also those of a vCenter that has been started afresh since.
func (vc *vCenter) folderOr(ctx *simulator.Context, folder types.ManagedObjectReference) types.ManagedObjectReference {
	if ctx.Map.Get(folder) == nil {
		return vc.datacenter.VmFolder
	}
	return folder
}

func (vc *vCenter) createVM(ctx *simulator.Context, req *types.CreateVM_Task) soap.HasFault {
	req.This = vc.folderOr(ctx, req.This)
	vc.completeDevices(ctx, req.Config.DeviceChange)
	if req.Host == nil && req.Config.Files != nil {
		host, fault := vc.place(ctx, &req.Pool, req.Config.Files.VmPathName, req.Config.MemoryMB)
		if fault != nil {
			return refuse("no host can take the virtual machine", fault)
		}
		req.Host = host
	}
	return simulate(ctx, req.This, "CreateVM_Task", req)
}

func (vc *vCenter) registerVM(ctx *simulator.Context, req *types.RegisterVM_Task) soap.HasFault {
	req.This = vc.folderOr(ctx, req.This)
	if req.Host == nil && req.Pool != nil {
		host, fault := vc.place(ctx, req.Pool, req.Path, 0)
		if fault != nil {
			return refuse("no host can take the virtual machine", fault)
		}
		req.Host = host
	}
	return simulate(ctx, req.This, "RegisterVM_Task", req)
}

// importVApp makes a machine that gets its disks over HTTP.
func (vc *vCenter) importVApp(ctx *simulator.Context, req *types.ImportVApp) soap.HasFault {
	if req.Folder != nil {
		folder := vc.folderOr(ctx, *req.Folder)
		req.Folder = &folder
	}
	spec, ok := req.Spec.(*types.VirtualMachineImportSpec)
	if !ok || spec.ConfigSpec.Files == nil {
		return simulate(ctx, req.This, "ImportVApp", req)
	}
	config := &spec.ConfigSpec
	vc.completeDevices(ctx, config.DeviceChange)
	if req.Host == nil {
		host, fault := vc.place(ctx, &req.This, config.Files.VmPathName, config.MemoryMB)
		if fault != nil {
			return refuse("no host can take the virtual machine", fault)
		}
		req.Host = host
	}
	res := simulate(ctx, req.This, "ImportVApp", req)
	if body, ok := res.(*methods.ImportVAppBody); ok && body.Res != nil {
		if lease, ok := ctx.Session.Get(body.Res.Returnval).(*simulator.HttpNfcLease); ok {
			vc.imports.Store(body.Res.Returnval.Value, lease)
		}
	}
	return res
}

// cloneVM clones, and then gives the clone what its specification says: the simulator forgets
// instanceUuid, extraConfig and managedBy, by which Cinder finds its volumes.
func (vc *vCenter) cloneVM(ctx *simulator.Context, req *types.CloneVM_Task) soap.HasFault {
	source, ok := ctx.Map.Get(req.This).(*simulator.VirtualMachine)
	if !ok {
		return simulate(ctx, req.This, "CloneVM_Task", req)
	}
	plain := *req
	plain.Folder = vc.folderOr(ctx, req.Folder)
	plain.Spec.Template = false
	if plain.Spec.Location.Pool == nil {
		plain.Spec.Location.Pool = source.ResourcePool
	}
	config := types.VirtualMachineConfigSpec{}
	if req.Spec.Config != nil {
		config = *req.Spec.Config
		vc.completeDevices(ctx, config.DeviceChange)
		plain.Spec.Config = &types.VirtualMachineConfigSpec{DeviceChange: config.DeviceChange}
		config.DeviceChange = nil
	}
	if plain.Spec.Location.Host == nil && plain.Spec.Location.Pool != nil {
		where := source.Config.Files.VmPathName
		if ds := plain.Spec.Location.Datastore; ds != nil {
			if target, ok := ctx.Map.Get(*ds).(*simulator.Datastore); ok {
				where = "[" + target.Name + "]"
			}
		}
		memory := max(config.MemoryMB, int64(source.Config.Hardware.MemoryMB))
		host, fault := vc.place(ctx, plain.Spec.Location.Pool, where, memory)
		if fault != nil {
			return refuse("no host can take the virtual machine", fault)
		}
		plain.Spec.Location.Host = host
	}

	task := inTask(ctx, req.This, "cloneVm", func() (types.AnyType, types.BaseMethodFault) {
		result, fault := finish(ctx, simulate(ctx, req.This, "CloneVM_Task", &plain))
		if fault != nil {
			return nil, fault
		}
		clone := result.(types.ManagedObjectReference)
		reconfigure := &types.ReconfigVM_Task{This: clone, Spec: config}
		if _, fault = finish(ctx, simulate(ctx, clone, "ReconfigVM_Task", reconfigure)); fault != nil {
			_, _ = finish(ctx, simulate(ctx, clone, "Destroy_Task", &types.Destroy_Task{This: clone}))
			return nil, fault
		}
		switch {
		case req.Spec.Template:
			if f := vc.markAsTemplate(ctx, &types.MarkAsTemplate{This: clone}).Fault(); f != nil {
				return nil, f.VimFault().(types.BaseMethodFault)
			}
		case req.Spec.PowerOn:
			on := &types.PowerOnVM_Task{This: clone}
			if _, fault = finish(ctx, simulate(ctx, clone, "PowerOnVM_Task", on)); fault != nil {
				return nil, fault
			}
		}
		return clone, nil
	})
	return &methods.CloneVM_TaskBody{Res: &types.CloneVM_TaskResponse{Returnval: task}}
}

// relocateVM moves a machine to another host, pool or datastore.
func (vc *vCenter) relocateVM(ctx *simulator.Context, req *types.RelocateVM_Task) soap.HasFault {
	vm, ok := ctx.Map.Get(req.This).(*simulator.VirtualMachine)
	if !ok {
		return simulate(ctx, req.This, "RelocateVM_Task", req)
	}
	if pool := req.Spec.Pool; pool != nil && req.Spec.Host == nil && !vc.sameCompute(ctx, vm, *pool) {
		host, fault := vc.place(ctx, pool, "", int64(vm.Config.Hardware.MemoryMB))
		if fault != nil {
			return refuse("no host can take the virtual machine", fault)
		}
		req.Spec.Host = host
	}
	task := inTask(ctx, req.This, "relocateVm", func() (types.AnyType, types.BaseMethodFault) {
		_, fault := finish(ctx, simulate(ctx, req.This, "RelocateVM_Task", req))
		vc.settleVM(ctx, vm)
		return nil, fault
	})
	return &methods.RelocateVM_TaskBody{Res: &types.RelocateVM_TaskResponse{Returnval: task}}
}

// sameCompute tells whether the machine's host belongs to the pool's cluster.
func (vc *vCenter) sameCompute(ctx *simulator.Context, vm *simulator.VirtualMachine, pool types.ManagedObjectReference) bool {
	rp, ok := ctx.Map.Get(pool).(*simulator.ResourcePool)
	return ok && simulator.FindReference(computeHosts(ctx, rp.Owner), *vm.Runtime.Host) != nil
}

// powerOn moves a machine first if its host cannot run it now, as DRS does.
func (vc *vCenter) powerOn(ctx *simulator.Context, req *types.PowerOnVM_Task) soap.HasFault {
	vm, ok := ctx.Map.Get(req.This).(*simulator.VirtualMachine)
	if !ok || vm.ResourcePool == nil {
		return simulate(ctx, req.This, "PowerOnVM_Task", req)
	}
	host, ok := ctx.Map.Get(*vm.Runtime.Host).(*simulator.HostSystem)
	if ok && !available(host) && vc.automatic(ctx, host) {
		to, fault := vc.place(ctx, vm.ResourcePool, vm.Config.Files.VmPathName, int64(vm.Config.Hardware.MemoryMB))
		if fault != nil {
			return refuse("no host can run the virtual machine", fault)
		}
		vc.migrate(ctx, vm, *to)
	}
	return simulate(ctx, req.This, "PowerOnVM_Task", req)
}

// migrate puts a machine on another host of its cluster.
func (vc *vCenter) migrate(ctx *simulator.Context, vm *simulator.VirtualMachine, to types.ManagedObjectReference) {
	ctx.Map.AtomicUpdate(ctx, vm, []types.PropertyChange{
		{Name: "runtime.host", Val: to},
		{Name: "summary.runtime.host", Val: to},
	})
	vc.settleVM(ctx, vm)
}

func (vc *vCenter) reconfigureVM(ctx *simulator.Context, req *types.ReconfigVM_Task) soap.HasFault {
	vc.completeDevices(ctx, req.Spec.DeviceChange)
	return simulate(ctx, req.This, "ReconfigVM_Task", req)
}

func (vc *vCenter) markAsTemplate(ctx *simulator.Context, req *types.MarkAsTemplate) soap.HasFault {
	res := simulate(ctx, req.This, "MarkAsTemplate", req)
	if vm, ok := ctx.Map.Get(req.This).(*simulator.VirtualMachine); ok {
		vc.settleVM(ctx, vm)
	}
	return res
}

func (vc *vCenter) markAsVM(ctx *simulator.Context, req *types.MarkAsVirtualMachine) soap.HasFault {
	res := simulate(ctx, req.This, "MarkAsVirtualMachine", req)
	if vm, ok := ctx.Map.Get(req.This).(*simulator.VirtualMachine); ok {
		vc.settleVM(ctx, vm)
	}
	return res
}

// settleVM makes hosts, pools and datastores list the machine exactly where it says it is. Like the
// simulator's removal of a machine it holds the machine's lock while it takes theirs, one at a time.
func (vc *vCenter) settleVM(ctx *simulator.Context, vm *simulator.VirtualMachine) {
	unlock := ctx.Map.AcquireLock(ctx, vm)
	defer unlock()
	if ctx.Map.Get(vm.Self) == nil {
		return // removed meanwhile
	}
	list := func(owner types.ManagedObjectReference, field *[]types.ManagedObjectReference, member bool) {
		if member {
			ctx.Map.AddReference(ctx, owner, field, vm.Self)
		} else {
			ctx.Map.RemoveReference(ctx, owner, field, vm.Self)
		}
	}
	for _, entity := range ctx.Map.All("HostSystem") {
		h := entity.(*simulator.HostSystem)
		list(h.Self, &h.Vm, h.Self == *vm.Runtime.Host)
	}
	for _, entity := range ctx.Map.All("ResourcePool") {
		p := entity.(*simulator.ResourcePool)
		list(p.Self, &p.Vm, vm.ResourcePool != nil && p.Self == *vm.ResourcePool)
	}
	for _, entity := range ctx.Map.All("Datastore") {
		d := entity.(*simulator.Datastore)
		list(d.Self, &d.Vm, simulator.FindReference(vm.Datastore, d.Self) != nil)
	}
}
