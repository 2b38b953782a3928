// Package bridge turns a Terraform provider into a Pulumi resource plugin, with Pulumi's own bridge
// (the library that the official plugins are made with). What the two plugins here share is in this
// file; each of them is then little more than a table of names.
package bridge

import (
	"encoding/json"
	"strings"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// Names says which Pulumi name a Terraform resource or data source has: "module/Type", so
// "compute/AggregateV2" stands for the token "openstack:compute/aggregateV2:AggregateV2", which is what
// the Python SDK sends.
type Names map[string]string

// Renamed lists properties whose Pulumi name is not the one that the bridge would derive:
// Terraform resource, then Terraform property, to Pulumi property.
type Renamed map[string]map[string]string

// Plugin describes a plugin. Name and Version are those of the Python package.
type Plugin struct {
	Name, Version string
	Provider      shim.Provider // the Terraform provider
	Resources     Names
	Functions     Names
	Renamed       Renamed
}

// Run serves the plugin to the engine that started this process; it returns when the engine is done.
func Run(plugin Plugin) {
	info := tfbridge.ProviderInfo{
		P:           plugin.Provider,
		Name:        plugin.Name,
		Version:     plugin.Version,
		Resources:   map[string]*tfbridge.ResourceInfo{},
		DataSources: map[string]*tfbridge.DataSourceInfo{},
	}
	for terraform, name := range plugin.Resources {
		resource := &tfbridge.ResourceInfo{Tok: tokens.Type(token(plugin.Name, name)), Fields: map[string]*tfbridge.SchemaInfo{}}
		for property, renamed := range plugin.Renamed[terraform] {
			resource.Fields[property] = &tfbridge.SchemaInfo{Name: renamed}
		}
		info.Resources[terraform] = resource
	}
	for terraform, name := range plugin.Functions {
		info.DataSources[terraform] = &tfbridge.DataSourceInfo{Tok: tokens.ModuleMember(token(plugin.Name, name))}
	}
	// As in the official plugins: a resource whose program gives no name is called after its Pulumi name,
	// with a random end.
	info.SetAutonaming(255, "-")
	tfbridge.Main(plugin.Name, plugin.Version, info, schema(info))
}

// token makes "openstack:compute/aggregateV2:AggregateV2" of "openstack" and "compute/AggregateV2".
func token(plugin, name string) string {
	module, member, _ := strings.Cut(name, "/")
	return plugin + ":" + module + "/" + strings.ToLower(member[:1]) + member[1:] + ":" + member
}

// schema is what the plugin answers when it is asked for its schema (`pulumi package get-schema`): the
// names of resources, functions and their properties. Types and texts are left out: the SDKs have them.
func schema(info tfbridge.ProviderInfo) []byte {
	type names map[string]any
	anything := names{"$ref": "pulumi.json#/Any"}
	properties := func(all shim.SchemaMap, fields map[string]*tfbridge.SchemaInfo, include func(shim.Schema) bool) names {
		result := names{}
		all.Range(func(key string, value shim.Schema) bool {
			if include(value) {
				result[tfbridge.TerraformToPulumiNameV2(key, all, fields)] = anything
			}
			return true
		})
		return result
	}
	isInput := func(s shim.Schema) bool { return s.Required() || s.Optional() }
	isAny := func(shim.Schema) bool { return true }

	resources := names{}
	for key, resource := range info.Resources {
		all := info.P.ResourcesMap().Get(key).Schema()
		resources[string(resource.Tok)] = names{
			"inputProperties": properties(all, resource.Fields, isInput),
			"properties":      properties(all, resource.Fields, isAny),
		}
	}
	functions := names{}
	for key, function := range info.DataSources {
		all := info.P.DataSourcesMap().Get(key).Schema()
		functions[string(function.Tok)] = names{
			"inputs":  names{"properties": properties(all, nil, isInput)},
			"outputs": names{"properties": properties(all, nil, isAny)},
		}
	}
	text, err := json.Marshal(names{
		"name": info.Name, "version": info.Version, "resources": resources, "functions": functions,
		"meta":     names{"moduleFormat": "(.*)(?:/[^/]*)"}, // "compute/aggregateV2" is in the module "compute"
		"provider": names{"inputProperties": properties(info.P.Schema(), nil, isInput)},
	})
	if err != nil {
		panic(err) // strings and maps of strings always encode
	}
	return text
}
