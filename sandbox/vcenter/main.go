// Command vcenter is the sandbox's vCenter: govmomi's simulator with the hosts, datastores and
// distributed switches of one environment, completed where the real drivers (Nova's and Cinder's
// VMware drivers, the Terraform vSphere provider) need more than the simulator offers.
//
// Where to read on:
//
//	server.go      what a vCenter consists of, and its HTTP endpoints
//	inventory.go   what exists at the start; existing.go clusters, and machines of others, that do
//	dispatch.go    how a call reaches our code or the simulator's, and what a panic becomes
//	cluster.go     clusters and their hosts; drs.go      which host gets a machine
//	network.go     switches and port groups; names.go    what type a switch has outside
//	vm.go          creating, cloning, moving, starting virtual machines
//	disks.go       disks and datastores;     upload.go   files that are sent to a datastore
//	policies.go    storage policies
//	export.go      disks that are sent or fetched through a lease
//	properties.go  reading many objects at once
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// options are the command line. Secrets come from a file, never from an argument.
type options struct {
	inventory, listen, cert, key, stateDir, credentials, wsdl, readyFile string
}

// credentials are the one user who may log in.
type credentials struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// ready is what the ready file says once the server answers.
type ready struct {
	URL          string `json:"url"`
	InstanceUUID string `json:"instanceUuid"`
	PID          int    `json:"pid"`
}

func main() {
	log.SetPrefix("vcenter: ")
	var o options
	flag.StringVar(&o.inventory, "inventory", "", "JSON `file` with data centre, hosts, datastores, switches")
	flag.StringVar(&o.listen, "listen", "127.0.0.1:0", "`address` to listen on, HOST:PORT")
	flag.StringVar(&o.cert, "cert", "", "PEM `file` with the server's certificate")
	flag.StringVar(&o.key, "key", "", "PEM `file` with the certificate's key")
	flag.StringVar(&o.stateDir, "state-dir", "", "`folder` for the datastores' files; emptied at the start")
	flag.StringVar(&o.credentials, "credentials", "", "JSON `file` with username and password, mode 0600")
	flag.StringVar(&o.wsdl, "wsdl", "", "`file` to serve as /sdk/vimService.wsdl (made by wsdl.py)")
	flag.StringVar(&o.readyFile, "ready-file", "", "`file` to write once the server answers")
	flag.Parse()
	if err := run(o); err != nil {
		log.Fatal(err)
	}
}

func run(o options) error {
	var inv inventory
	if err := readJSON(o.inventory, &inv); err != nil {
		return fmt.Errorf("--inventory: %w", err)
	}
	var login credentials
	if err := readJSON(o.credentials, &login); err != nil {
		return fmt.Errorf("--credentials: %w", err)
	}
	if login.Username == "" || login.Password == "" {
		return fmt.Errorf("--credentials: %s must give username and password", o.credentials)
	}
	certificate, err := tls.LoadX509KeyPair(o.cert, o.key)
	if err != nil {
		return fmt.Errorf("--cert, --key: %w", err)
	}
	if o.wsdl != "" {
		if _, err := os.Stat(o.wsdl); err != nil {
			return fmt.Errorf("--wsdl: %w", err)
		}
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}

	vc, err := newVCenter(inv, login, listener.Addr().String(), o.stateDir, &certificate)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: vc.handler(o.wsdl),
		// oslo.vmware and pyVmomi speak HTTP/1.1 only; Go's HTTP/2 would change nothing but the logs.
		TLSNextProto:      map[string]func(*http.Server, *tls.Conn, http.Handler){},
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
		ReadHeaderTimeout: time.Minute,
	}

	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	failed := make(chan error, 1)
	go func() { failed <- server.ServeTLS(listener, "", "") }()
	if o.readyFile != "" {
		r := ready{URL: vc.url.String(), InstanceUUID: inv.InstanceUUID, PID: os.Getpid()}
		if err := writeJSON(o.readyFile, r); err != nil {
			return fmt.Errorf("--ready-file: %w", err)
		}
		defer os.Remove(o.readyFile)
	}
	log.Printf("serving %s", vc.url)

	select {
	case err := <-failed:
		return err
	case <-stop.Done():
		// Clients that wait for updates would hold a graceful end up for minutes.
		grace, done := context.WithTimeout(context.Background(), time.Second)
		defer done()
		if err := server.Shutdown(grace); errors.Is(err, context.DeadlineExceeded) {
			return server.Close()
		}
		return nil
	}
}

func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// writeJSON writes a file in one go: whoever waits for it never sees half of it.
func writeJSON(path string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(path), ".ready-")
	if err != nil {
		return err
	}
	_, err = part.Write(text)
	if err := errors.Join(err, part.Close()); err != nil {
		os.Remove(part.Name())
		return err
	}
	return os.Rename(part.Name(), path)
}
