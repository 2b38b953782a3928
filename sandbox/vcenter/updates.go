package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// A client that waits for updates listens to the registry. Every session has a property collector of its
// own, but all of them under one name, and the registry keeps one listener for each name: of two sessions
// that wait at the same time, the first never hears of its task's end. Here each listens under a name of
// its own, until it has nothing more to listen for.

// listener is a session's property collector under another name.
type listener struct {
	*simulator.PropertyCollector
	ref types.ManagedObjectReference
}

// Reference is the name under which the registry keeps it.
func (l listener) Reference() types.ManagedObjectReference { return l.ref }

// ears gives the listener of the caller's session.
func ears(ctx *simulator.Context) (listener, bool) {
	instance := ctx.Map.Get(instanceRef).(*simulator.ServiceInstance)
	collector, ok := ctx.Session.Get(instance.Content.PropertyCollector).(*simulator.PropertyCollector)
	ref := types.ManagedObjectReference{Type: "SandboxListener", Value: ctx.Session.Key}
	return listener{collector, ref}, ok
}

// waiting is the version of a method that waits; a collector that a client created has a name of its own.
func waiting(name string) override {
	return func(_ *vCenter, ctx *simulator.Context, body any) soap.HasFault {
		l, ok := ears(ctx)
		if !ok || thisOf(body) != l.Self {
			return simulate(ctx, thisOf(body), name, body)
		}
		ctx.Map.AddHandler(l)
		res := simulate(ctx, l.Self, name, body)
		ctx.Map.RemoveHandler(l.PropertyCollector) // the simulator's own
		return res
	}
}

func (*vCenter) destroyFilter(ctx *simulator.Context, req *types.DestroyPropertyFilter) soap.HasFault {
	res := simulate(ctx, req.This, "DestroyPropertyFilter", req)
	if l, ok := ears(ctx); ok && len(l.Filter) == 0 {
		ctx.Map.RemoveHandler(l)
	}
	return res
}

func (*vCenter) logout(ctx *simulator.Context, req *types.Logout) soap.HasFault {
	if l, ok := ears(ctx); ok {
		ctx.Map.RemoveHandler(l)
	}
	return simulate(ctx, req.This, "Logout", req)
}
