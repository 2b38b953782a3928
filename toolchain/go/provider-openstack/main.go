// The OpenStack resource plugin: the provider terraform-provider-openstack behind Pulumi's bridge,
// as in the official plugin of the same version, for what an estate uses.
package main

import (
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/terraform-provider-openstack/terraform-provider-openstack/v3/openstack"

	"estate/toolchain/bridge"
)

// version is set by the build to that of the Python package.
var version string

var resources = bridge.Names{
	"openstack_blockstorage_qos_association_v3":       "blockstorage/QosAssociationV3",
	"openstack_blockstorage_qos_v3":                   "blockstorage/QosV3",
	"openstack_blockstorage_quotaset_v3":              "blockstorage/QuoteSetV3", // sic: the SDK's name
	"openstack_blockstorage_volume_type_access_v3":    "blockstorage/VolumeTypeAccessV3",
	"openstack_blockstorage_volume_type_v3":           "blockstorage/VolumeTypeV3",
	"openstack_blockstorage_volume_v3":                "blockstorage/Volume",
	"openstack_compute_aggregate_v2":                  "compute/AggregateV2",
	"openstack_compute_flavor_access_v2":              "compute/FlavorAccess",
	"openstack_compute_flavor_v2":                     "compute/Flavor",
	"openstack_compute_instance_v2":                   "compute/Instance",
	"openstack_compute_interface_attach_v2":           "compute/InterfaceAttach",
	"openstack_compute_keypair_v2":                    "compute/Keypair",
	"openstack_compute_quotaset_v2":                   "compute/QuotaSetV2",
	"openstack_compute_servergroup_v2":                "compute/ServerGroup",
	"openstack_compute_volume_attach_v2":              "compute/VolumeAttach",
	"openstack_identity_project_v3":                   "identity/Project",
	"openstack_identity_role_assignment_v3":           "identity/RoleAssignment",
	"openstack_identity_role_v3":                      "identity/Role",
	"openstack_identity_user_v3":                      "identity/User",
	"openstack_images_image_access_v2":                "images/ImageAccess",
	"openstack_images_image_v2":                       "images/Image",
	"openstack_networking_addressscope_v2":            "networking/AddressScope",
	"openstack_networking_floatingip_v2":              "networking/FloatingIp",
	"openstack_networking_network_v2":                 "networking/Network",
	"openstack_networking_port_secgroup_associate_v2": "networking/PortSecGroupAssociate",
	"openstack_networking_port_v2":                    "networking/Port",
	"openstack_networking_quota_v2":                   "networking/QuotaV2",
	"openstack_networking_rbac_policy_v2":             "networking/RbacPolicyV2",
	"openstack_networking_router_interface_v2":        "networking/RouterInterface",
	"openstack_networking_router_route_v2":            "networking/RouterRoute",
	"openstack_networking_router_v2":                  "networking/Router",
	"openstack_networking_secgroup_rule_v2":           "networking/SecGroupRule",
	"openstack_networking_secgroup_v2":                "networking/SecGroup",
	"openstack_networking_subnet_v2":                  "networking/Subnet",
	"openstack_networking_subnetpool_v2":              "networking/SubnetPool",
	"openstack_networking_trunk_v2":                   "networking/Trunk",
}

var functions = bridge.Names{
	"openstack_compute_aggregate_v2":          "compute/getAggregateV2",
	"openstack_compute_availability_zones_v2": "compute/getAvailabilityZones",
	"openstack_compute_flavor_v2":             "compute/getFlavor",
	"openstack_compute_hypervisor_v2":         "compute/getHypervisorV2",
	"openstack_identity_auth_scope_v3":        "identity/getAuthScope",
	"openstack_identity_project_v3":           "identity/getProject",
	"openstack_identity_role_v3":              "identity/getRole",
	"openstack_images_image_v2":               "images/getImage",
	"openstack_networking_network_v2":         "networking/getNetwork",
}

var renamed = bridge.Renamed{
	// The bridge would call it allocationPoolsCollection, because allocation_pools once existed too.
	"openstack_networking_subnet_v2": {"allocation_pool": "allocationPools"},
}

func main() {
	bridge.Run(bridge.Plugin{
		Name:      "openstack",
		Version:   version,
		Provider:  shimv2.NewProvider(openstack.Provider()),
		Resources: resources,
		Functions: functions,
		Renamed:   renamed,
	})
}
