package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// A request for properties names objects and how to go on from them. A way that refers back to itself
// by name (from folder to folder, from pool to pool) sends the simulator round in circles until its
// stack is full. Such requests are walked here, and the simulator gets the objects that were found.

func (vc *vCenter) retrieve(ctx *simulator.Context, req *types.RetrieveProperties) soap.HasFault {
	vc.expand(ctx, req.SpecSet)
	vc.beforeReading(ctx, req.SpecSet)
	return simulate(ctx, req.This, "RetrieveProperties", req)
}

func (vc *vCenter) retrieveEx(ctx *simulator.Context, req *types.RetrievePropertiesEx) soap.HasFault {
	vc.expand(ctx, req.SpecSet)
	vc.beforeReading(ctx, req.SpecSet)
	return simulate(ctx, req.This, "RetrievePropertiesEx", req)
}

func (vc *vCenter) createFilter(ctx *simulator.Context, req *types.CreateFilter) soap.HasFault {
	specs := []types.PropertyFilterSpec{req.Spec}
	vc.expand(ctx, specs)
	req.Spec = specs[0]
	return simulate(ctx, req.This, "CreateFilter", req)
}

// fetch reads one property. For an unknown object the simulator would look through its registry
// without a lock, which can end the process.
func fetch(vc *vCenter, ctx *simulator.Context, body any) soap.HasFault {
	this := thisOf(body)
	if ctx.Session.Get(this) == nil {
		return refuse("managed object not found: "+this.String(), &types.ManagedObjectNotFound{Obj: this})
	}
	if this.Type == "Datastore" {
		vc.accountSpace(ctx)
	}
	instance := ctx.Map.Get(instanceRef).(*simulator.ServiceInstance)
	return simulate(ctx, instance.Content.PropertyCollector, "Fetch", body)
}

// beforeReading brings up to date what is only computed when somebody asks.
func (vc *vCenter) beforeReading(ctx *simulator.Context, specs []types.PropertyFilterSpec) {
	for _, spec := range specs {
		for _, properties := range spec.PropSet {
			if properties.Type == "Datastore" {
				vc.accountSpace(ctx)
				return
			}
		}
	}
}

// expand replaces, in place, the objects of specifications that refer back to themselves.
func (vc *vCenter) expand(ctx *simulator.Context, specs []types.PropertyFilterSpec) {
	for i := range specs {
		var flat []types.ObjectSpec
		for _, object := range specs[i].ObjectSet {
			w := walk{ctx: ctx, named: map[string]*types.TraversalSpec{}, seen: map[step]bool{}}
			if !w.learn(object.SelectSet) {
				flat = append(flat, object)
				continue
			}
			if object.Skip == nil || !*object.Skip {
				w.found = append(w.found, object.Obj)
			}
			w.follow(object.Obj, object.SelectSet)
			for _, ref := range union(nil, w.found) {
				flat = append(flat, types.ObjectSpec{Obj: ref})
			}
		}
		specs[i].ObjectSet = flat
	}
}

// walk is one way through the inventory.
type walk struct {
	ctx   *simulator.Context
	named map[string]*types.TraversalSpec
	seen  map[step]bool
	found []types.ManagedObjectReference
}

type step struct {
	from types.ManagedObjectReference
	by   *types.TraversalSpec
}

// learn notes the steps by their names and tells whether any of them is referred to.
func (w *walk) learn(set []types.BaseSelectionSpec) (refers bool) {
	for _, s := range set {
		spec, ok := s.(*types.TraversalSpec)
		if !ok {
			refers = true
			continue
		}
		if spec.Name != "" {
			w.named[spec.Name] = spec
		}
		refers = w.learn(spec.SelectSet) || refers
	}
	return refers
}

func (w *walk) follow(from types.ManagedObjectReference, set []types.BaseSelectionSpec) {
	for _, s := range set {
		spec, ok := s.(*types.TraversalSpec)
		if !ok {
			spec = w.named[s.GetSelectionSpec().Name]
		}
		if spec == nil || !isA(from.Type, spec.Type) || w.seen[step{from, spec}] {
			continue
		}
		w.seen[step{from, spec}] = true
		for _, ref := range w.references(from, spec.Path) {
			if spec.Skip == nil || !*spec.Skip {
				w.found = append(w.found, ref)
			}
			w.follow(ref, spec.SelectSet)
		}
	}
}

// references reads a property that refers to other objects.
func (w *walk) references(from types.ManagedObjectReference, path string) []types.ManagedObjectReference {
	instance := w.ctx.Map.Get(instanceRef).(*simulator.ServiceInstance)
	collector := instance.Content.PropertyCollector
	res, ok := simulate(w.ctx, collector, "RetrievePropertiesEx", &types.RetrievePropertiesEx{
		This: collector,
		SpecSet: []types.PropertyFilterSpec{{
			PropSet:   []types.PropertySpec{{Type: from.Type, PathSet: []string{path}}},
			ObjectSet: []types.ObjectSpec{{Obj: from}},
		}},
	}).(*methods.RetrievePropertiesExBody)
	if !ok || res.Res == nil || res.Res.Returnval == nil {
		return nil
	}
	var refs []types.ManagedObjectReference
	for _, object := range res.Res.Returnval.Objects {
		for _, property := range object.PropSet {
			switch value := property.Val.(type) {
			case types.ManagedObjectReference:
				refs = append(refs, value)
			case types.ArrayOfManagedObjectReference:
				refs = append(refs, value.ManagedObjectReference...)
			case *types.ArrayOfManagedObjectReference:
				refs = append(refs, value.ManagedObjectReference...)
			}
		}
	}
	return refs
}

// kinds lists the types that a more general type includes, besides itself.
var kinds = map[string][]string{
	"ComputeResource":          {"ClusterComputeResource"},
	"Folder":                   {"StoragePod"},
	"ResourcePool":             {"VirtualApp"},
	"Network":                  {"DistributedVirtualPortgroup", "OpaqueNetwork"},
	"DistributedVirtualSwitch": {"VmwareDistributedVirtualSwitch"},
}

func isA(kind, general string) bool {
	if kind == general || general == "ManagedEntity" {
		return true
	}
	for _, k := range kinds[general] {
		if k == kind {
			return true
		}
	}
	return false
}

// refersBack tells whether a request that came without a login would send the simulator in circles.
func refersBack(body any) bool {
	var specs []types.PropertyFilterSpec
	switch req := body.(type) {
	case *types.RetrieveProperties:
		specs = req.SpecSet
	case *types.RetrievePropertiesEx:
		specs = req.SpecSet
	}
	for _, spec := range specs {
		for _, object := range spec.ObjectSet {
			w := walk{named: map[string]*types.TraversalSpec{}}
			if w.learn(object.SelectSet) {
				return true
			}
		}
	}
	return false
}
