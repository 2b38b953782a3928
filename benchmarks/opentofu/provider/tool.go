//go:build tool

// Package tool names what is built: the provider's own main package.
package tool

import _ "github.com/terraform-provider-openstack/terraform-provider-openstack/v3"
