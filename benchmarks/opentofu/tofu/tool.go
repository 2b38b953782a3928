//go:build tool

// Package tool names what is built: OpenTofu's own main package.
package tool

import _ "github.com/opentofu/opentofu/cmd/tofu"
