// The vSphere resource plugin of the build way: terraform-provider-vsphere 1.26.0, the newest that the Go
// module proxy serves, behind Pulumi's bridge. The official plugin of the same version bridges a provider
// five years younger, so a program that is to run with both keeps to the properties that both know.
package main

import (
	"github.com/hashicorp/terraform-plugin-sdk/helper/schema"
	"github.com/hashicorp/terraform-provider-vsphere/vsphere"
	shimv1 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v1"

	"estate/toolchain/bridge"
)

// version is set by the build to that of the Python package.
var version string

var resources = bridge.Names{
	"vsphere_compute_cluster":                       "index/ComputeCluster",
	"vsphere_compute_cluster_host_group":            "index/ComputeClusterHostGroup",
	"vsphere_compute_cluster_vm_anti_affinity_rule": "index/ComputeClusterVmAntiAffinityRule",
	"vsphere_compute_cluster_vm_group":              "index/ComputeClusterVmGroup",
	"vsphere_compute_cluster_vm_host_rule":          "index/ComputeClusterVmHostRule",
	"vsphere_datacenter":                            "index/Datacenter",
	"vsphere_distributed_port_group":                "index/DistributedPortGroup",
	"vsphere_distributed_virtual_switch":            "index/DistributedVirtualSwitch",
	"vsphere_folder":                                "index/Folder",
	"vsphere_host":                                  "index/Host",
	"vsphere_resource_pool":                         "index/ResourcePool",
	"vsphere_tag":                                   "index/Tag",
	"vsphere_tag_category":                          "index/TagCategory",
}

var functions = bridge.Names{
	"vsphere_compute_cluster":            "index/getComputeCluster",
	"vsphere_datacenter":                 "index/getDatacenter",
	"vsphere_datastore":                  "index/getDatastore",
	"vsphere_distributed_virtual_switch": "index/getDistributedVirtualSwitch",
	"vsphere_host":                       "index/getHost",
	"vsphere_network":                    "index/getNetwork",
	"vsphere_resource_pool":              "index/getResourcePool",
	"vsphere_virtual_machine":            "index/getVirtualMachine",
}

func main() {
	bridge.Run(bridge.Plugin{
		Name:      "vsphere",
		Version:   version,
		Provider:  shimv1.NewProvider(vsphere.Provider().(*schema.Provider)),
		Resources: resources,
		Functions: functions,
	})
}
