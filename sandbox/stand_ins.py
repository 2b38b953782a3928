"""What documents only refer to and a real cloud has already: external networks and projects."""

from keystoneauth1.adapter import Adapter

from sandbox.shape import Shape


def make(network: Adapter, identity: Adapter, shape: Shape) -> None:
    """Make each external network and each project that the documents take for existing.

    ``network`` is Neutron, ``identity`` Keystone.
    """
    for name in shape.projects:
        identity.post("/projects", json={"project": {"name": name, "domain_id": "default"}})
    for one in shape.external_networks:
        body = {"network": {"name": one.name, "router:external": True}}
        made = network.post("/v2.0/networks", json=body).json()["network"]
        for cidr in one.cidrs:
            subnet = {
                "network_id": made["id"],
                "cidr": cidr,
                "ip_version": 6 if ":" in cidr else 4,
                "enable_dhcp": False,
            }
            network.post("/v2.0/subnets", json={"subnet": subnet})
