package main

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
)

// A vCenter calls a distributed switch VmwareDistributedVirtualSwitch, and clients (the Terraform
// provider) ask for it by that type; inside the simulator only DistributedVirtualSwitch works. So the
// name is translated where messages come in and go out.
const (
	outside = "VmwareDistributedVirtualSwitch"
	inside  = "DistributedVirtualSwitch"
)

// translate wraps the SOAP endpoint.
func translate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		// type="…" of a reference, and <type>…</type> of a property or view specification
		body = bytes.ReplaceAll(body, []byte(`"`+outside+`"`), []byte(`"`+inside+`"`))
		body = bytes.ReplaceAll(body, []byte(">"+outside+"<"), []byte(">"+inside+"<"))
		r.Body = io.NopCloser(bytes.NewReader(body))

		answer := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(answer, r)
		text := bytes.ReplaceAll(answer.body.Bytes(), []byte(`type="`+inside+`"`), []byte(`type="`+outside+`"`))
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		w.WriteHeader(answer.status)
		_, _ = w.Write(text)
	})
}

// recorder keeps an answer until it is complete.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int)         { r.status = status }
func (r *recorder) Write(text []byte) (int, error) { return r.body.Write(text) }
