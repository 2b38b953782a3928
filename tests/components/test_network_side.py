"""Networks, routers, pools, shares and addresses, as the engine gets them."""

import pytest

from review.recording import record_estate
from review.registration import Registration
from tests.estates import changed, sandbox

Recorded = dict[str, Registration]


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    return record_estate(sandbox())


def test_an_overlay_has_no_provider_attributes(recorded: Recorded) -> None:
    assert recorded["Network::app"].inputs == {
        "name": "app",
        "description": "Application tier",
        "adminStateUp": True,
    }


def test_a_vlan_names_its_transport_zone_and_another_makes_it_anew(recorded: Recorded) -> None:
    network = recorded["Network::backup"]
    assert network.inputs["segments"] == [
        {"networkType": "vlan", "physicalNetwork": "tz-vlan", "segmentationId": 120}
    ]
    assert network.replace_on_changes == ("segments",)
    assert recorded["LogicalNetwork::backup"].inputs["vlan"] == {"id": 120, "transportZone": "tz-vlan"}


@pytest.mark.parametrize(("back_end", "kind"), [("nsx-policy", "l3_ext"), ("ovn", "flat")])
def test_a_network_that_leads_out_names_its_uplink_as_the_back_end_does(back_end: str, kind: str) -> None:
    network = record_estate(changed(("estate/network_backend", back_end)))["Network::partners"].inputs
    assert network["external"] is True
    assert network["segments"] == [{"networkType": kind, "physicalNetwork": "t0-partners"}]


def test_what_a_network_says_of_itself_is_sent() -> None:
    recorded = record_estate(
        changed(
            ("estate/network_backend", "ovn"),
            ("networks/data/mtu", 8900),
            ("networks/data/port_security", False),
            ("networks/data/shared", True),
        )
    )
    network = recorded["Network::data"].inputs
    assert (network["mtu"], network["portSecurityEnabled"], network["shared"]) == (8900, False, True)
    assert {"mtu", "portSecurityEnabled", "shared", "external"}.isdisjoint(recorded["Network::app"].inputs)


def test_a_network_is_shared_with_the_projects_that_it_names(recorded: Recorded) -> None:
    policy = recorded["RbacPolicyV2::app/shared/payments"]
    assert policy.inputs == {
        "action": "access_as_shared",
        "objectType": "network",
        "objectId": "id-app",
        "targetTenant": "id-payments",
    }
    assert policy.delete_before_replace
    assert not any(key.startswith("RbacPolicyV2::data") for key in recorded)


def test_a_subnet_is_cut_out_of_its_pool_and_the_pool_lies_in_its_scope(recorded: Recorded) -> None:
    assert recorded["AddressScope::corporate-v4"].inputs == {
        "name": "corporate-v4",
        "ipVersion": 4,
        "shared": False,
    }
    pool = recorded["SubnetPool::corporate-v4"].inputs
    assert pool["addressScopeId"] == "id-corporate-v4"
    assert (pool["prefixes"], pool["minPrefixlen"], pool["maxPrefixlen"]) == (["10.0.0.0/8"], 16, 28)
    assert recorded["Subnet::app/app-v4"].inputs["subnetpoolId"] == "id-corporate-v4"
    assert "subnetpoolId" not in recorded["Subnet::data/data-v4"].inputs


def test_ipv6_is_announced_as_the_subnet_says(recorded: Recorded) -> None:
    subnet = recorded["Subnet::app/app-v6"].inputs
    assert subnet["ipVersion"] == 6
    assert subnet["cidr"] == "2001:db8:20::/64"
    assert subnet["ipv6AddressMode"] == subnet["ipv6RaMode"] == "slaac"
    assert "ipv6RaMode" not in recorded["Subnet::app/app-v4"].inputs


def test_a_subnet_may_have_no_gateway_no_dhcp_and_pools_of_its_own(recorded: Recorded) -> None:
    backup, partners = recorded["Subnet::backup/backup-v4"].inputs, recorded["Subnet::partners/partners-v4"]
    assert backup["noGateway"] is True
    assert "gatewayIp" not in backup
    assert partners.inputs["enableDhcp"] is False
    assert partners.inputs["allocationPools"] == [{"start": "198.51.100.100", "end": "198.51.100.200"}]
    stated = record_estate(changed(("networks/data/subnets/data-v4/gateway", "10.30.0.254")))
    assert stated["Subnet::data/data-v4"].inputs["gatewayIp"] == "10.30.0.254"


def test_host_routes_are_set_together_once_the_subnet_is_there(recorded: Recorded) -> None:
    routes = recorded["HostRoutes::app/app-v4-routes"]
    assert routes.inputs["routes"] == {"10.99.0.0/16": "10.20.0.3"}
    assert routes.inputs["subnetId"] == "id-app/app-v4"
    assert "Subnet::app/app-v4" in routes.dependencies


def test_a_router_has_its_gateway_an_interface_per_subnet_and_its_routes_last(recorded: Recorded) -> None:
    router = recorded["Router::core"]
    assert router.inputs["externalNetworkId"] == "id-partners"
    # A gateway takes an address, so the subnets come first.
    assert "Subnet::partners/partners-v4" in router.dependencies
    interfaces = {f"RouterInterface::core/{one}" for one in ("app/app-v4", "app/app-v6", "data/data-v4")}
    assert interfaces == {key for key in recorded if key.startswith("RouterInterface::")}
    route = recorded["RouterRoute::core/172.16.0.0/12"]
    assert (route.inputs["destinationCidr"], route.inputs["nextHop"]) == ("172.16.0.0/12", "10.20.0.4")
    assert interfaces <= route.dependencies


def test_a_gateway_has_the_addresses_that_its_router_names() -> None:
    router = record_estate(
        changed(("routers/core/external_addresses", ["198.51.100.50"]), ("routers/core/snat", False))
    )["Router::core"].inputs
    assert router["externalFixedIps"] == [{"ipAddress": "198.51.100.50"}]
    assert router["enableSnat"] is False


def test_an_external_network_that_exists_is_found_and_not_made() -> None:
    recorded = record_estate(changed(("networks/partners", {"external": {"existing": True}})))
    assert recorded["Router::core"].inputs["externalNetworkId"] == "id-of-partners"
    assert "Network::partners" not in recorded


@pytest.mark.parametrize(
    ("port", "subnet", "address"),
    [("cache/data", "data/data-v4", "10.30.0.21"), ("ledger-db/data", "data/data-v4", "10.30.0.20")],
)
def test_a_port_has_its_fixed_address(recorded: Recorded, port: str, subnet: str, address: str) -> None:
    made = recorded[f"Port::{port}"]
    assert made.inputs["fixedIps"] == [{"subnetId": f"id-{subnet}", "ipAddress": address}]
    assert made.delete_before_replace  # an address can be bound once
    assert not recorded["Port::reports/data"].delete_before_replace
    assert "fixedIps" not in recorded["Port::reports/data"].inputs


def test_who_fixes_one_address_gets_one_of_the_other_version_too() -> None:
    recorded = record_estate(changed(("workloads/web-1/addresses", {"app": ["10.20.0.9"]})))
    assert recorded["Port::web-1/app"].inputs["fixedIps"] == [
        {"subnetId": "id-app/app-v4", "ipAddress": "10.20.0.9"},
        {"subnetId": "id-app/app-v6"},
    ]
