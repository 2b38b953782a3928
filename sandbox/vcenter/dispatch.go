package main

import (
	"fmt"
	"log"
	"reflect"
	"runtime/debug"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// How a call travels. The simulator offers one hook, Registry.Handler, which sees each call before
// it is looked up. Ours (route) sends every call of a logged-in client to one object, the guard.
// The guard calls our own version of the method if there is one (overrides), else the simulator's,
// and turns a panic into a fault for that one call.

// instanceRef is the object that every client starts from.
var instanceRef = vim25.ServiceInstance

// guardRef names the guard in the simulator's registry. It is no real vCenter type.
var guardRef = types.ManagedObjectReference{Type: "SandboxGuard", Value: "SandboxGuard"}

// override is our own version of a method, called without any lock held.
type override func(vc *vCenter, ctx *simulator.Context, body any) soap.HasFault

// own makes an override of a function that takes its method's request type.
func own[Request any](f func(*vCenter, *simulator.Context, *Request) soap.HasFault) override {
	return func(vc *vCenter, ctx *simulator.Context, body any) soap.HasFault {
		return f(vc, ctx, body.(*Request))
	}
}

// overrides lists every method that differs from the simulator's, by its SOAP name.
var overrides = map[string]override{
	// cluster.go
	"CreateClusterEx":                 own((*vCenter).createCluster),
	"ReconfigureComputeResource_Task": own((*vCenter).reconfigureCluster),
	"MoveInto_Task":                   own((*vCenter).moveInto),
	"MoveHostInto_Task":               own((*vCenter).moveHostInto),
	"MoveIntoFolder_Task":             own((*vCenter).moveIntoFolder),
	"EnterMaintenanceMode_Task":       own((*vCenter).enterMaintenance),
	"ExitMaintenanceMode_Task":        own((*vCenter).exitMaintenance),
	"Destroy_Task":                    own((*vCenter).destroy),
	// network.go
	"CreateDVS_Task":         own((*vCenter).createSwitch),
	"ReconfigureDvs_Task":    own((*vCenter).reconfigureSwitch),
	"CreateDVPortgroup_Task": own((*vCenter).createPortgroup),
	"AddDVPortgroup_Task":    own((*vCenter).addPortgroups),
	"QueryDvsByUuid":         own((*vCenter).findSwitch),
	// vm.go
	"CreateVM_Task":        own((*vCenter).createVM),
	"RegisterVM_Task":      own((*vCenter).registerVM),
	"ImportVApp":           own((*vCenter).importVApp),
	"CloneVM_Task":         own((*vCenter).cloneVM),
	"RelocateVM_Task":      own((*vCenter).relocateVM),
	"ReconfigVM_Task":      own((*vCenter).reconfigureVM),
	"PowerOnVM_Task":       own((*vCenter).powerOn),
	"MarkAsTemplate":       own((*vCenter).markAsTemplate),
	"MarkAsVirtualMachine": own((*vCenter).markAsVM),
	// disks.go
	"CopyVirtualDisk_Task":           own((*vCenter).copyDisk),
	"MoveVirtualDisk_Task":           own((*vCenter).moveDisk),
	"CopyDatastoreFile_Task":         own((*vCenter).copyFile),
	"MoveDatastoreFile_Task":         own((*vCenter).moveFile),
	"ExtendVirtualDisk_Task":         own((*vCenter).extendDisk),
	"SearchDatastore_Task":           own((*vCenter).searchDatastore),
	"SearchDatastoreSubFolders_Task": own((*vCenter).searchDatastoreTree),
	"RefreshDatastore":               own((*vCenter).refreshDatastore),
	// upload.go, export.go
	"AcquireGenericServiceTicket": own((*vCenter).acquireTicket),
	"ExportVm":                    own((*vCenter).exportVM),
	"ExportSnapshot":              own((*vCenter).exportSnapshot),
	"HttpNfcLeaseComplete":        own((*vCenter).completeLease),
	"HttpNfcLeaseAbort":           own((*vCenter).abortLease),
	// properties.go
	"RetrieveProperties":   own((*vCenter).retrieve),
	"RetrievePropertiesEx": own((*vCenter).retrieveEx),
	"CreateFilter":         own((*vCenter).createFilter),
	"Fetch":                fetch,
	// updates.go
	"WaitForUpdates":        waiting("WaitForUpdates"),
	"WaitForUpdatesEx":      waiting("WaitForUpdatesEx"),
	"DestroyPropertyFilter": own((*vCenter).destroyFilter),
	"Logout":                own((*vCenter).logout),
	// These hold the registry's one lock while they look into objects that may be half built.
	"FindByDnsName":    notSupported,
	"FindAllByDnsName": notSupported,
	"FindByIp":         notSupported,
	"FindAllByIp":      notSupported,
}

func notSupported(*vCenter, *simulator.Context, any) soap.HasFault {
	return refuse("not offered by the sandbox's vCenter", &types.NotSupported{})
}

// guard receives every call. It embeds a vSphere type only because the simulator insists on one in
// every registered object (else FindByUuid panics while it holds the registry's lock).
type guard struct {
	mo.UserDirectory
	vc *vCenter
}

// call is what the guard gets: the method as the client sent it.
type call struct{ simulator.Method }

// Lock and Unlock do nothing: calls must not wait for each other at the guard.
func (*guard) Lock()   {}
func (*guard) Unlock() {}

func (vc *vCenter) guard() {
	g := &guard{vc: vc}
	g.Self = guardRef
	vc.ctx.Map.Put(g)
	vc.ctx.Map.AddHandler(g)
	vc.ctx.Map.Handler = vc.route
}

// route is the simulator's hook. Before a login only a few harmless methods are allowed, and the
// simulator decides about them by their name, so those stay as they are.
func (vc *vCenter) route(ctx *simulator.Context, m *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	if ctx.Session == nil {
		if refersBack(m.Body) {
			return nil, &types.NotAuthenticated{NoPermission: types.NoPermission{Object: &m.This}}
		}
		return nil, nil
	}
	*m = simulator.Method{Name: "Serve", This: guardRef, Header: m.Header, Body: &call{*m}}
	return nil, nil
}

// Serve answers one call.
func (g *guard) Serve(ctx *simulator.Context, c *call) (res soap.HasFault) {
	defer func() {
		if p := recover(); p != nil {
			log.Printf("%s on %s: %v\n%s", c.Name, c.This, p, debug.Stack())
			releaseLocks(ctx)
			res = refuse(fmt.Sprintf("%s failed inside the simulator: %v", c.Name, p), systemError(p))
		}
	}()
	ctx.Caller = &c.This
	if mine, ok := overrides[c.Name]; ok {
		res = mine(g.vc, ctx, c.Body)
	} else {
		res = simulate(ctx, c.This, c.Name, c.Body)
	}
	if fault := res.Fault(); fault != nil && fault.String == "" {
		fault.String = reflect.TypeOf(fault.Detail.Fault).Elem().Name() // clients show nothing else
	}
	if task := taskOf(ctx, res); task != nil {
		// pyVmomi fails over a name that is no method's (the simulator's "CreateVm") and over an entity
		// that is none (its disk manager).
		ctx.WithLock(task, func() {
			task.Info.Name = c.Name
			if _, isEntity := ctx.Map.Get(*task.Info.Entity).(mo.Entity); !isEntity {
				task.Info.Entity = &g.vc.datacenter.Self
			}
		})
	}
	return res
}

// PutObject sees each object that is registered. A task runs in a goroutine of its own, where a
// panic would end the process: make it the task's fault.
func (g *guard) PutObject(_ *simulator.Context, item mo.Reference) {
	task, ok := item.(*simulator.Task)
	if !ok || task.Execute == nil {
		return
	}
	run := task.Execute
	task.Execute = func(t *simulator.Task) (result types.AnyType, fault types.BaseMethodFault) {
		defer func() {
			if p := recover(); p != nil {
				log.Printf("task %s: %v\n%s", t.Info.Name, p, debug.Stack())
				result, fault = nil, systemError(p)
			}
		}()
		return run(t)
	}
}

// UpdateObject and RemoveObject belong to the interface of PutObject.
func (*guard) UpdateObject(*simulator.Context, mo.Reference, []types.PropertyChange) {}
func (*guard) RemoveObject(*simulator.Context, types.ManagedObjectReference)         {}

// simulate calls the simulator's own version of a method on the object, under the object's lock.
func simulate(ctx *simulator.Context, this types.ManagedObjectReference, name string, body any) soap.HasFault {
	object := ctx.Session.Get(this)
	if object == nil {
		return refuse("managed object not found: "+this.String(), &types.ManagedObjectNotFound{Obj: this})
	}
	goName := strings.Replace(strings.ToUpper(name[:1])+name[1:], "_Task", "Task", 1)
	method := reflect.ValueOf(object).MethodByName(goName)
	if !method.IsValid() {
		log.Printf("not simulated: %s of %s", name, this)
		return refuse(name+" is not simulated", &types.MethodNotFound{Receiver: this, Method: name})
	}
	arguments := []reflect.Value{reflect.ValueOf(body)}
	if method.Type().NumIn() == 2 {
		arguments = append([]reflect.Value{reflect.ValueOf(ctx)}, arguments...)
	}
	unlock := ctx.Map.AcquireLock(ctx, object)
	defer unlock()
	return method.Call(arguments)[0].Interface().(soap.HasFault)
}

// releaseLocks gives back what a call held when it panicked inside the simulator, which does not do
// that itself; every later call on such an object would wait for ever.
func releaseLocks(ctx *simulator.Context) {
	release := func(object mo.Reference) {
		defer func() { _ = recover() }() // the lock's own panic: it is no longer held by this call
		unlock := ctx.Map.AcquireLock(ctx, object)
		for {
			unlock()
		}
	}
	for _, object := range ctx.Map.AllReference("") {
		go release(object) // each alone: one that another call holds must not keep the rest waiting
	}
}

// thisOf reads the object that a request is for from the request itself.
func thisOf(body any) types.ManagedObjectReference {
	return reflect.ValueOf(body).Elem().FieldByName("This").Interface().(types.ManagedObjectReference)
}

// faultBody is the answer of a call that failed.
type faultBody struct{ fault *soap.Fault }

func (b *faultBody) Fault() *soap.Fault { return b.fault }

func refuse(message string, fault types.BaseMethodFault) soap.HasFault {
	return &faultBody{simulator.Fault(message, fault)}
}

func systemError(reason any) types.BaseMethodFault {
	return &types.SystemError{Reason: fmt.Sprint(reason)}
}

// inTask runs f as a vCenter task on the entity (whose lock it holds) and returns the task.
func inTask(
	ctx *simulator.Context, entity types.ManagedObjectReference, name string,
	f func() (types.AnyType, types.BaseMethodFault),
) types.ManagedObjectReference {
	return simulator.CreateTask(entity, name, func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		return f()
	}).Run(ctx)
}

// finish waits for the task that a call answered with, and gives its result or its fault.
func finish(ctx *simulator.Context, res soap.HasFault) (types.AnyType, types.BaseMethodFault) {
	if fault := res.Fault(); fault != nil {
		return nil, fault.VimFault().(types.BaseMethodFault)
	}
	task := taskOf(ctx, res)
	task.Wait()
	if task.Info.Error != nil {
		return nil, task.Info.Error.Fault
	}
	return task.Info.Result, nil
}

// taskOf gives the task that a call answered with, if it did.
func taskOf(ctx *simulator.Context, res soap.HasFault) *simulator.Task {
	if res.Fault() != nil {
		return nil
	}
	value := reflect.ValueOf(res).Elem().FieldByName("Res")
	if value.Kind() != reflect.Pointer || value.IsNil() {
		return nil
	}
	field := value.Elem().FieldByName("Returnval")
	if !field.IsValid() {
		return nil
	}
	ref, ok := field.Interface().(types.ManagedObjectReference)
	if !ok || ref.Type != "Task" {
		return nil
	}
	task, _ := ctx.Map.Get(ref).(*simulator.Task)
	return task
}
