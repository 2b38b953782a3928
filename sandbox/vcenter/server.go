package main

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/vpx"
	vapi "github.com/vmware/govmomi/vapi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// apiVersion is what clients see: oslo.vmware, pyVmomi and the Terraform provider choose by it.
const apiVersion = "8.0.3"

// vCenter is one simulated vCenter with its inventory.
type vCenter struct {
	ctx     *simulator.Context
	service *simulator.Service
	url     *url.URL

	datacenter *simulator.Datacenter
	// capacity in bytes of each datastore: the simulator would compute one of its own.
	capacity map[types.ManagedObjectReference]int64
	policies *simulator.Registry
	drs      scheduler
	// aside keeps a standalone per host that is in a cluster.
	aside sync.Map
	// exports maps the URL path of a disk that is being exported to the disk's size in bytes.
	exports sync.Map
	// imports maps the id of a lease for an upload to the lease.
	imports sync.Map
}

// newVCenter builds the inventory and all endpoints; address is where the listener already waits.
func newVCenter(
	inv inventory, login credentials, address, stateDir string, certificate *tls.Certificate,
) (*vCenter, error) {
	if err := inv.check(); err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	// Nothing of an earlier run is known any more, so its files would only be in the way.
	store := filepath.Join(stateDir, "datastores")
	if err := os.RemoveAll(store); err != nil {
		return nil, err
	}

	content := vpx.ServiceContent
	content.About.Version = apiVersion
	content.About.ApiVersion = apiVersion + ".0"
	content.About.FullName = "VMware vCenter Server " + apiVersion + " (simulated)"
	ctx, instance := simulator.NewServiceInstance(simulator.NewContext(), content, vpx.RootFolder)
	instance.Content.About.InstanceUuid = inv.InstanceUUID

	vc := &vCenter{
		ctx:      ctx,
		service:  simulator.New(ctx, instance),
		url:      &url.URL{Scheme: "https", Host: address, Path: "/sdk"},
		capacity: map[types.ManagedObjectReference]int64{},
	}
	listen := *vc.url
	listen.User = url.UserPassword(login.Username, login.Password)
	vc.service.Listen = &listen

	sessions := ctx.Map.SessionManager()
	sessions.ServiceHostName = address
	sessions.TLS = func() *tls.Config { return &tls.Config{Certificates: []tls.Certificate{*certificate}} }
	ctx.Map.OptionManager().UpdateOptions(&types.UpdateOptions{
		ChangedValue: []types.BaseOptionValue{
			&types.OptionValue{Key: "vcsim.server.url", Value: vc.url.String()},
		},
	})
	registerExtensions(ctx)
	vc.guard()

	vc.service.RegisterSDK(ctx.Map, ctx.Map.Path+"/vimService")
	if err := vc.build(inv, store); err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	vc.policies = vc.storagePolicies(inv.Policies)
	return vc, nil
}

// fresh is a context of its own for work that belongs to no call: locks are held by contexts.
func (vc *vCenter) fresh() *simulator.Context {
	ctx := *vc.ctx
	return &ctx
}

// handler is everything that the server answers: SOAP, the WSDL, REST, storage policies and files.
func (vc *vCenter) handler(wsdl string) http.Handler {
	mux := vc.service.ServeMux
	mux.HandleFunc("/sdk/vimServiceVersions.xml", vc.service.ServiceVersions)
	if wsdl != "" {
		mux.HandleFunc("/sdk/vimService.wsdl", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/xml")
			http.ServeFile(w, r, wsdl)
		})
	}
	patterns, rest := vapi.New(vc.service.Listen, vc.ctx.Map)
	for _, pattern := range patterns {
		vc.service.Handle(pattern, rest)
	}
	vc.service.RegisterSDK(vc.policies)
	mux.HandleFunc("/folder/", vc.serveDatastore)
	mux.HandleFunc("/nfc/", vc.serveLease)

	outer := http.NewServeMux()
	outer.Handle("/", mux)
	outer.Handle("/sdk", translate(mux))
	outer.Handle("/sdk/vimService", translate(mux))
	return outer
}

// registerExtensions announces the OpenStack services beforehand: oslo.vmware would register itself
// with a time without zone, which the simulator cannot read.
func registerExtensions(ctx *simulator.Context) {
	manager := ctx.Map.ExtensionManager()
	for key, label := range map[string]string{
		"org.openstack.compute": "OpenStack Compute",
		"org.openstack.storage": "OpenStack Block Storage",
	} {
		manager.ExtensionList = append(manager.ExtensionList, types.Extension{
			Key:         key,
			Version:     "1.0",
			Description: &types.Description{Label: label, Summary: label},
		})
	}
}
