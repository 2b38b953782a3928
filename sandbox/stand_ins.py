"""What documents only refer to and a real cloud has already: external networks."""

from keystoneauth1.adapter import Adapter

from sandbox.shape import Shape


def make(network: Adapter, shape: Shape) -> None:
    """Make an external network for each that the documents take for existing; ``network`` is Neutron."""
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
