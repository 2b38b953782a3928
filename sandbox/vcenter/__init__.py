"""The sandbox's vCenter: a Go program (see ``main.go``) and the WSDL that it serves."""
