package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vmdk"
)

// acquireTicket refuses tickets for an upload to an ESXi host itself: there is none that would
// answer. Nova then uploads through vCenter.
func (vc *vCenter) acquireTicket(ctx *simulator.Context, req *types.AcquireGenericServiceTicket) soap.HasFault {
	spec, ok := req.Spec.(*types.SessionManagerHttpServiceRequestSpec)
	if ok && strings.Contains(spec.Url, "dcPath=ha-datacenter") {
		return refuse("upload to a host is not simulated, use vCenter", &types.NotSupported{})
	}
	return simulate(ctx, req.This, "AcquireGenericServiceTicket", req)
}

// serveDatastore moves files to and from datastores: /folder/PATH?dcPath=…&dsName=…
func (vc *vCenter) serveDatastore(w http.ResponseWriter, r *http.Request) {
	if !vc.loggedIn(r) {
		http.Error(w, "log in first: no valid session cookie", http.StatusUnauthorized)
		return
	}
	file := strings.TrimPrefix(r.URL.Path, "/folder/")
	store, _ := vc.ctx.Map.FindByName(r.URL.Query().Get("dsName"), vc.datacenter.Datastore).(*simulator.Datastore)
	vc.service.ServeDatastore(w, r)
	uploaded := r.Method == http.MethodPut || r.Method == http.MethodPost
	if !uploaded || store == nil || strings.Contains(file, "..") || filepath.Ext(file) != ".vmdk" {
		return
	}
	if err := splitSparse(filepath.Join(store.Summary.Url, file)); err != nil {
		log.Printf("upload of %s: %v", file, err)
	}
}

// loggedIn tells whether the request carries the cookie of a session.
func (vc *vCenter) loggedIn(r *http.Request) bool {
	cookie, err := r.Cookie(soap.SessionCookieName)
	if err != nil {
		return false
	}
	res := vc.ctx.Map.SessionManager().SessionIsActive(vc.ctx, &types.SessionIsActive{
		SessionID: strings.Trim(cookie.Value, `"`), UserName: vc.service.Listen.User.Username(),
	})
	return res.(*methods.SessionIsActiveBody).Res.Returnval
}

// headerSize is how much of a sparse VMDK's beginning tells its size.
const headerSize = 20

// sparseCapacity reads the size in bytes from the beginning of a sparse VMDK (hosted sparse or
// stream-optimized): magic "KDMV", version, flags, and the capacity in sectors.
func sparseCapacity(head []byte) (int64, bool) {
	if len(head) < headerSize || string(head[:4]) != "KDMV" {
		return 0, false
	}
	return int64(binary.LittleEndian.Uint64(head[12:headerSize])) * sector, true
}

// splitSparse replaces an uploaded sparse disk by what a datastore keeps: a text descriptor that
// tells the size, and the flat file beside it (empty: nobody reads disks here).
func splitSparse(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, headerSize)
	n, _ := io.ReadFull(f, head) // a shorter file is no disk
	capacity, sparse := sparseCapacity(head[:n])
	if !sparse {
		return nil
	}
	flat := simulator.VirtualDiskBackingFileName(file)
	if err := os.WriteFile(flat, nil, 0o600); err != nil {
		return err
	}
	var text bytes.Buffer
	extent := vmdk.Extent{Info: filepath.Base(flat), Size: capacity / sector}
	if err := vmdk.NewDescriptor(extent).Write(&text); err != nil {
		return err
	}
	return os.WriteFile(file, text.Bytes(), 0o600)
}
