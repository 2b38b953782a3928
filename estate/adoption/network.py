"""Networks, routers, security groups, address scopes and subnet pools."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network

from estate.adoption.found import Found, Thing
from estate.adoption.taking import Block, Taking
from estate.model import NetworkBackend
from estate.model.security_groups import Protocol

_PROTOCOLS = {one.value: one.value for one in Protocol} | {
    "ipv6-icmp": "icmp",
    "icmpv6": "icmp",
    "6": "tcp",
    "17": "udp",
    "1": "icmp",
    "58": "icmp",
}
_OUTSIDE = {NetworkBackend.NSX_POLICY: "l3_ext", NetworkBackend.OVN: "flat"}


def scopes_and_pools(found: Found, taking: Taking) -> None:
    """Address scopes and subnet pools."""
    for name, thing in taking.named("address scope", found.address_scopes):
        block: Block = {"ip_version": thing["ip_version"], "shared": thing["is_shared"] or None}
        taking.take("address_scopes", name, block, thing["id"])
    for name, thing in taking.named("subnet pool", found.subnet_pools):
        width = 32 if str(thing["ip_version"]) == "4" else 128
        smallest, largest = int(thing["maximum_prefix_length"]), int(thing["minimum_prefix_length"])
        block = {
            "prefixes": sorted(thing["prefixes"]),
            "scope": taking.known("address_scopes", thing["address_scope_id"]),
            "smallest": smallest if smallest != width else None,
            "largest": largest,
            "shared": thing["is_shared"] or None,
            "description": thing["description"],
        }
        taking.take("subnet_pools", name, block, thing["id"])


def networks(found: Found, taking: Taking, back_end: NetworkBackend) -> None:
    """Networks with their subnets."""
    shares = [
        one for one in found.shares if one["object_type"] == "network" and one["action"] == "access_as_shared"
    ]
    for name, thing in taking.named("network", found.networks):
        inside = Taking()
        subnets = {
            key: _subnet(subnet, taking)
            for key, subnet in inside.named(
                f'subnet of network "{name}"',
                (one for one in found.subnets if one["network_id"] == thing["id"]),
            )
        }
        taking.left_out += inside.left_out
        segment = thing["provider_network_type"]
        block: Block = {"description": thing["description"]}
        if thing["is_router_external"]:
            known = thing["provider_physical_network"] if segment == _OUTSIDE[back_end] else None
            block["external"] = {"uplink": known} if known else {"existing": False}
        elif segment == "vlan":
            block["vlan"] = {
                "id": int(thing["provider_segmentation_id"]),
                "transport_zone": thing["provider_physical_network"],
            }
        block |= {
            "port_security": False if thing["is_port_security_enabled"] is False else None,
            "shared": True if thing["is_shared"] and not thing["is_router_external"] else None,
            "shared_with": sorted(
                filter(
                    None,
                    (
                        taking.known("projects", one["target_project_id"])
                        for one in shares
                        if one["object_id"] == thing["id"] and one["target_project_id"] != "*"
                    ),
                )
            ),
            "subnets": subnets,
        }
        taking.take("networks", name, block, thing["id"])
        for one in found.subnets:
            if one["network_id"] == thing["id"] and one["name"] in subnets:
                taking.names.setdefault("subnets", {})[one["id"]] = name


def _subnet(thing: Thing, taking: Taking) -> Block:
    cidr = ip_network(thing["cidr"])
    gateway = thing["gateway_ip"]
    block: Block = {
        "cidr": thing["cidr"],
        "pool": taking.known("subnet_pools", thing["subnet_pool_id"]),
        "gateway": "none" if gateway is None else None if ip_address(gateway) == cidr[1] else gateway,
        "pools": [] if _whole(thing) else [dict(one) for one in thing["allocation_pools"]],
        "dns": list(thing["dns_nameservers"] or []),
        "dhcp": None if thing["is_dhcp_enabled"] else False,
        "ipv6_mode": thing["ipv6_address_mode"],
        "host_routes": [
            {"destination": one["destination"], "next_hop": one["nexthop"]}
            for one in thing["host_routes"] or []
        ],
    }
    return {key: value for key, value in block.items() if value not in (None, "", [])}


def _whole(thing: Thing) -> bool:
    """Whether it hands out all of its addresses (neutron/ipam/utils.py ``generate_pools``)."""
    cidr = ip_network(thing["cidr"])
    gateway = thing["gateway_ip"]
    pools = sorted((ip_address(one["start"]), ip_address(one["end"])) for one in thing["allocation_pools"])
    handed = sum(int(last) - int(first) + 1 for first, last in pools)
    usable = cidr.num_addresses - (2 if cidr.version == 4 else 1)
    return handed == usable - (1 if gateway is not None and ip_address(gateway) in cidr else 0)


def routers(found: Found, taking: Taking) -> None:
    """Routers that join whole networks."""
    subnets = {one["id"]: one for one in found.subnets}
    for name, thing in taking.named("router", found.routers):
        joined = {
            address["subnet_id"]
            for port in found.ports
            if port["device_id"] == thing["id"] and "router_gateway" not in (port["device_owner"] or "")
            for address in port["fixed_ips"]
        }
        of = {subnets[one]["network_id"] for one in joined if one in subnets}
        members = [taking.known("networks", one) for one in of]
        whole = {one["id"] for one in found.subnets if one["network_id"] in of}
        gateway = thing["external_gateway_info"] or {}
        outside = taking.known("networks", gateway.get("network_id"))
        if None in members or (gateway and outside is None):
            taking.leave("router", name, "one of its networks is left out")
            continue
        if whole - joined:
            missing = ", ".join(sorted(subnets[one]["name"] or one for one in whole - joined))
            taking.leave(
                "router", name, f"a router of the language joins all subnets of a network; {missing} lacks it"
            )
            continue
        block: Block = {
            "networks": sorted(one for one in members if one),
            "external_network": outside,
            "snat": False if gateway.get("enable_snat") is False else None,
            "routes": [
                {"destination": one["destination"], "next_hop": one["nexthop"]}
                for one in thing["routes"] or []
            ],
        }
        taking.take("routers", name, block, thing["id"])
    for thing in found.floating_ips:
        taking.leave("floating address", thing["floating_ip_address"], "the language does not know them")


def security_groups(found: Found, taking: Taking) -> None:
    """Groups and their rules. A project's ``default`` is taken only where a server has it."""
    used = {group for port in found.ports if _of_server(port) for group in port["security_group_ids"] or []}
    wanted = [one for one in found.security_groups if one["name"] != "default" or one["id"] in used]
    for one in found.security_groups:
        if one not in wanted:
            taking.leave(
                f'security group "default" of project {one["project_id"]}',
                "",
                "Neutron makes one for each project, and no server has it",
            )
    listed = list(taking.named("security group", wanted))
    for name, thing in listed:
        taking.names.setdefault("security_groups", {})[thing["id"]] = name
    for name, thing in listed:
        block: Block = {
            "description": thing["description"],
            "stateful": False if thing["stateful"] is False else None,
            "rules": list(_rules(name, thing["security_group_rules"] or [], taking)),
        }
        taking.take("security_groups", name, block, thing["id"])


def _of_server(port: Thing) -> bool:
    return (port["device_owner"] or "").startswith("compute:")


def _rules(group: str, rules: Iterable[Thing], taking: Taking) -> Iterator[Block]:
    """Two rules that differ in their IP version only, and name no addresses, are one of the language."""
    said: dict[str, tuple[Block, set[str]]] = {}
    for rule in sorted(rules, key=lambda one: str(one["id"])):
        block = _rule(group, rule, taking)
        if block is not None:
            said.setdefault(repr(block), (block, set()))[1].add(rule["ethertype"])
    for block, versions in said.values():
        only = 4 if "IPv4" in versions else 6
        yield block if "remote" in block or len(versions) == 2 else {**block, "ip_version": only}


def _rule(group: str, rule: Thing, taking: Taking) -> Block | None:
    protocol = "any" if rule["protocol"] is None else _PROTOCOLS.get(str(rule["protocol"]))
    remote_group = taking.known("security_groups", rule["remote_group_id"])
    first, last = rule["port_range_min"], rule["port_range_max"]
    has_ports = protocol is not None and Protocol(protocol).has_ports
    why = None
    if protocol is None:
        why = f"the language has no protocol {rule['protocol']}"
    elif rule.get("remote_address_group_id"):
        why = "the language has no address groups"
    elif rule["remote_group_id"] and remote_group is None:
        why = f"the remote group {rule['remote_group_id']} is left out"
    elif first is not None and not has_ports:
        why = f"the language has no types and codes of {protocol}"
    if why:
        taking.leave(f'rule {rule["id"]} of security group "{group}"', "", f"{why}; left as found")
        return None
    block: Block = {
        "direction": "egress" if rule["direction"] == "egress" else None,
        "protocol": protocol,
        "ports": None if first is None else str(first) if first == last else f"{first}-{last}",
        "remote": rule["remote_ip_prefix"],
        "group": remote_group,
        "description": rule["description"],
    }
    return {key: value for key, value in block.items() if value not in (None, "")}
