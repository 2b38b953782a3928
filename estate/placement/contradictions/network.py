"""Networks that overlap, that their back end cannot carry, or that their ports do not fit into.

Rules of ``nsx-policy`` were read in vmware-nsx 17.0.0 (plugins/nsx_p/plugin.py, plugins/common_v3/plugin.py).
"""

from collections.abc import Callable, Iterator
from itertools import combinations, pairwise

from estate.model import (
    Estate,
    Finding,
    Hypervisor,
    Loc,
    Network,
    NetworkBackend,
    Router,
    Severity,
    Subnet,
    SubnetPool,
    Workload,
)
from estate.model.networks import SHORTEST, Ipv6Mode
from estate.model.subjects import subject
from estate.model.words import Address, Cidr
from estate.placement.contradictions.words import about

Place = tuple[str, Subnet]
"""A network's name and one of its subnets."""


def check(estate: Estate) -> Iterator[Finding]:
    """Findings about networks, routers, pools and ports, in the order of the documents."""
    for pool in estate.subnet_pools.values():
        yield from _pool(estate, pool)
    for network in estate.networks.values():
        yield from _network(estate, network)
    yield from _vlans(estate)
    for router in estate.routers.values():
        yield from _router(estate, router)
    yield from _gateways_of_two(estate)
    yield from _by_back_end(estate)
    for workload in estate.workloads.values():
        yield from _ports(estate, workload)
    yield from _addresses_of_two(estate)
    yield from _room_for_ports(estate)


def _found(rule: str, message: str, loc: Loc, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(rule=rule, message=message, loc=loc, subject=subject(loc), severity=severity)


def _overlap(one: Cidr, other: Cidr) -> bool:
    return one.version == other.version and one.overlaps(other)


def _inside(one: Cidr, other: Cidr) -> bool:
    return one.version == other.version and one.subnet_of(other)  # type: ignore[arg-type]


def _places(estate: Estate, networks: tuple[str, ...]) -> Iterator[Place]:
    for name in networks:
        if name in estate.networks:
            yield from ((name, subnet) for subnet in estate.networks[name].subnets.values())


def _overlapping(places: list[Place]) -> Iterator[tuple[Place, Place]]:
    """Neighbours by address that overlap: sorted, so that a thousand subnets are no million pairs."""
    ordered = sorted(
        places, key=lambda one: (one[1].cidr.version, int(one[1].cidr[0]), one[1].cidr.prefixlen)
    )
    return ((one, other) for one, other in pairwise(ordered) if _overlap(one[1].cidr, other[1].cidr))


# -- pools and networks ------------------------------------------------------------------------------------


def _pool(estate: Estate, pool: SubnetPool) -> Iterator[Finding]:
    loc: Loc = ("subnet_pools", pool.name)
    scope = estate.address_scopes.get(pool.scope or "")
    if scope is not None and scope.ip_version != pool.ip_version:
        yield _found(
            "pool-and-scope",
            f'expected ranges of IPv{scope.ip_version} as address scope "{scope.name}" has, found '
            f"IPv{pool.ip_version}.",
            (*loc, "prefixes"),
        )
    for other in estate.subnet_pools.values():
        if other.name == pool.name:
            break
        both = pool.scope is not None and pool.scope == other.scope
        if both and any(_overlap(one, two) for one in pool.prefixes for two in other.prefixes):
            # neutron/db/db_base_plugin_v2.py _check_subnetpool_address_scope_conflict
            yield _found(
                "pool-overlap",
                f'its ranges overlap with those of subnet pool "{other.name}" in the same address scope.',
                (*loc, "prefixes"),
            )


def _network(estate: Estate, network: Network) -> Iterator[Finding]:
    loc: Loc = ("networks", network.name, "subnets")
    for (_, one), (_, other) in _overlapping([(network.name, subnet) for subnet in network.subnets.values()]):
        yield _found(
            "subnet-overlap",
            f'{other.cidr} overlaps with {one.cidr} of subnet "{one.name}" in the same network.',
            (*loc, other.name, "cidr"),
        )
    by_version: dict[int, set[str | None]] = {}
    for subnet in network.subnets.values():
        yield from _in_pool(estate, subnet, (*loc, subnet.name))
        by_version.setdefault(subnet.cidr.version, set()).add(subnet.pool)
    for version, pools in by_version.items():
        if len(pools) > 1:
            # neutron/db/ipam_backend_mixin.py _validate_network_subnetpools
            yield _found(
                "one-pool-per-network",
                f"expected all its IPv{version} subnets from one subnet pool or from none, found "
                f"{' and '.join(sorted(pool or 'none' for pool in pools))}.",
                ("networks", network.name),
            )


def _in_pool(estate: Estate, subnet: Subnet, loc: Loc) -> Iterator[Finding]:
    pool = estate.subnet_pools.get(subnet.pool or "")
    if pool is None:
        return
    if not any(_inside(subnet.cidr, prefix) for prefix in pool.prefixes):
        yield _found(
            "subnet-in-pool",
            f"expected a range inside {', '.join(map(str, pool.prefixes))} (subnet pool "
            f'"{pool.name}"), found '
            f"{subnet.cidr}.",
            (*loc, "cidr"),
        )
        return
    # neutron/ipam/subnet_alloc.py SubnetPoolHelper
    largest = SHORTEST[pool.ip_version] if pool.largest is None else pool.largest
    if largest > subnet.cidr.prefixlen or subnet.cidr.prefixlen > (pool.smallest or 128):
        said = str(largest) if pool.largest is not None else f"{largest}, as Neutron has it if absent"
        yield _found(
            "subnet-in-pool",
            f'expected a prefix that subnet pool "{pool.name}" gives (largest: {said}, '
            f"smallest: {pool.smallest or 'any'}), found /{subnet.cidr.prefixlen}.",
            (*loc, "cidr"),
        )


def _vlans(estate: Estate) -> Iterator[Finding]:
    known: dict[tuple[str, int], str] = {}
    for network in estate.networks.values():
        if network.vlan is None:
            continue
        first = known.setdefault((network.vlan.transport_zone, network.vlan.id), network.name)
        if first != network.name:
            yield _found(
                "vlan-of-one-network",
                f'VLAN {network.vlan.id} of "{network.vlan.transport_zone}" carries network "{first}" '
                "already.",
                ("networks", network.name, "vlan", "id"),
            )


# -- routers -----------------------------------------------------------------------------------------------


def _router(estate: Estate, router: Router) -> Iterator[Finding]:
    loc: Loc = ("routers", router.name)
    places = list(_places(estate, router.networks))
    for (first, one), (second, other) in _overlapping(places):
        if first != second:
            yield _found(
                "router-overlap",
                f'it joins {one.cidr} of network "{first}" and {other.cidr} of network "{second}", '
                "which overlap.",
                (*loc, "networks"),
            )
    for name in router.networks:
        network = estate.networks.get(name)
        if network is None:
            continue
        if network.external is not None:
            yield _found(
                "router-joins-internal",
                f'network "{name}" leads out; name it as external_network.',
                (*loc, "networks", name),
            )
        for subnet in network.subnets.values():
            if subnet.gateway_address is None and network.external is None:
                # neutron/db/l3_db.py _add_interface_by_subnet
                yield _found(
                    "router-needs-gateway",
                    f'a router stands at the gateway of a subnet, and subnet "{subnet.name}" has none. '
                    "Give it "
                    "one, or leave its network out.",
                    (*loc, "networks", name),
                )
    yield from _way_out(estate, router, [subnet.cidr for _, subnet in places])


def _way_out(estate: Estate, router: Router, joined: list[Cidr]) -> Iterator[Finding]:
    loc: Loc = ("routers", router.name)
    outside = estate.networks.get(router.external_network or "")
    if outside is not None and outside.external is None:
        ways_out = ", ".join(one.name for one in estate.networks.values() if one.external) or "none"
        yield _found(
            "router-leads-out",
            f'expected a network that leads out (external: {{…}}), found "{outside.name}". There are: '
            f"{ways_out}.",
            (*loc, "external_network"),
        )
    elif outside is not None and outside.subnets:
        for address in router.external_addresses:
            if outside.subnet_of(address) is None:
                yield _found(
                    "address-in-subnet",
                    f'expected addresses of a subnet of network "{outside.name}" ({_ranges(outside)}), found '
                    f"{address}.",
                    (*loc, "external_addresses"),
                )
    if outside is not None and not outside.subnets:
        return  # an existing network whose addresses the documents do not say
    reached = [*joined, *(subnet.cidr for subnet in outside.subnets.values())] if outside else joined
    for index, route in enumerate(router.routes):
        if not any(route.next_hop in cidr for cidr in reached):
            # neutron/db/extraroute_db.py _validate_routes_nexthop
            yield _found(
                "route-next-hop",
                f"expected a next hop in a network of the router, found {route.next_hop}.",
                (*loc, "routes", index, "next_hop"),
            )


def _gateways_of_two(estate: Estate) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for router in estate.routers.values():
        for name in router.networks:
            if first.setdefault(name, router.name) != router.name:
                yield _found(
                    "one-router-per-subnet",
                    f'router "{first[name]}" stands at the gateways of network "{name}" already.',
                    ("routers", router.name, "networks", name),
                )


def _ranges(network: Network) -> str:
    return ", ".join(str(subnet.cidr) for subnet in network.subnets.values())


# -- what the back end can ---------------------------------------------------------------------------------


def _by_back_end(estate: Estate) -> Iterator[Finding]:
    rules: dict[NetworkBackend, Callable[[Estate], Iterator[Finding]]] = {
        NetworkBackend.NSX_POLICY: _nsx_policy,
        NetworkBackend.OVN: _ovn,
    }
    yield from rules[estate.estate.network_backend](estate)


def _nsx_policy(estate: Estate) -> Iterator[Finding]:
    for network in estate.networks.values():
        loc: Loc = ("networks", network.name)
        if network.mtu is not None:
            yield _found(
                "nsx-mtu",
                "nsx-policy has no MTU of networks (its plugin lacks the extension net-mtu). Remove mtu; the "
                "physical MTU must be 1600 at least.",
                (*loc, "mtu"),
            )
        if network.vlan is not None and network.external is not None and not network.existing:
            yield _found(
                "nsx-external",
                "with nsx-policy a network leads out by a tier-0 router, not by a VLAN. Remove vlan, "
                "and name the "
                "router as external.uplink.",
                (*loc, "vlan"),
            )
        version6 = [subnet for subnet in network.subnets.values() if subnet.cidr.version == 6]
        for subnet in version6[1:]:
            yield _found(
                "nsx-one-ipv6-subnet",
                f'nsx-policy takes one IPv6 subnet per network, and "{version6[0].name}" is one already.',
                (*loc, "subnets", subnet.name),
            )
        served = [subnet for subnet in network.subnets.values() if subnet.dhcp and subnet.cidr.version == 4]
        for subnet in served[1:]:
            yield _found(
                "nsx-one-dhcp-subnet",
                "nsx-policy hands out IPv4 addresses in one subnet per network, and does so in "
                f'"{served[0].name}" already. Say dhcp: false.',
                (*loc, "subnets", subnet.name),
            )
    for group in estate.security_groups.values():
        if not group.stateful:
            yield _found(
                "nsx-stateful",
                "nsx-policy has no stateless security groups (its plugin lacks the extension). Remove "
                "stateful, "
                "and the rules for answers.",
                ("security_groups", group.name, "stateful"),
            )
    for router in estate.routers.values():
        vlans = [name for name in router.networks if name in estate.networks and estate.networks[name].vlan]
        if vlans and router.external_network is None:
            yield _found(
                "nsx-vlan-router",
                f'with nsx-policy a router at a VLAN (network "{vlans[0]}") needs an external_network.',
                ("routers", router.name, "networks", vlans[0]),
            )
    for workload in estate.workloads.values():
        for name, addresses in workload.addresses.items():
            versions = [one.version for one in addresses]
            if len(set(versions)) < len(versions):
                yield about(
                    workload,
                    "nsx-one-address-per-version",
                    ("addresses", name),
                    "nsx-policy gives a port one address of each IP version.",
                )


def _ovn(estate: Estate) -> Iterator[Finding]:
    """OVN ends at the KVM hosts; distributed port groups carry VLANs, which both sides reach."""
    for network in estate.networks.values():
        external = network.external
        if (
            external is not None
            and not external.existing
            and (external.uplink is None) == (network.vlan is None)
        ):
            yield _found(
                "ovn-external",
                "with ovn a network leads out by a physical network: name it as external.uplink "
                "(untagged) or "
                "as vlan.transport_zone, one of the two.",
                ("networks", network.name, "external"),
            )
    for workload in estate.workloads.values():
        image = estate.images.get(workload.image)
        if image is None or image.hypervisor is Hypervisor.KVM:
            continue
        for name in workload.networks:
            network_ = estate.networks.get(name)
            if network_ is not None and network_.vlan is None and not network_.existing:
                yield about(
                    workload,
                    "network-carried",
                    ("networks", name),
                    f'network "{name}" is an overlay of OVN, which ends at the KVM hosts; its servers '
                    "run on ESXi. "
                    "Give the network a vlan (id and transport_zone), or use network_backend: nsx-policy.",
                )
        if workload.security_groups:
            yield Finding(
                rule="security-groups-enforced",
                # No error: the driver that binds these ports is not Neutron's, and may well filter.
                message="with ovn nothing of Neutron filters on distributed port groups (there is no "
                "mechanism driver for vSphere in its tree): its security groups count on ESXi only if the "
                "driver that binds its ports there enforces them. Make sure of that, filter in the network "
                "or in the server, or use network_backend: nsx-policy.",
                loc=("workloads", workload.name, "security_groups"),
                subject=f'workload "{workload.name}"',
                severity=Severity.WARNING,
            )


# -- ports -------------------------------------------------------------------------------------------------


def _ports(estate: Estate, workload: Workload) -> Iterator[Finding]:
    for name in workload.networks:
        network = estate.networks.get(name)
        if network is None:
            continue
        if network.external is not None:
            yield about(
                workload,
                "port-inside",
                ("networks", name),
                f'network "{name}" leads out; servers stand behind a router. Use a network that it joins.',
            )
        if not network.port_security and workload.security_groups:
            # neutron/db/portsecurity_db.py
            yield about(
                workload,
                "port-security",
                ("networks", name),
                f'network "{name}" has port_security: false, so its ports can have no security groups.',
            )
    for name, addresses in workload.addresses.items():
        network = estate.networks.get(name)
        if name not in workload.networks:
            yield about(
                workload,
                "address-of-port",
                ("addresses", name),
                f'it has no port in network "{name}": networks names {", ".join(workload.networks)}.',
            )
        elif network is not None:
            for address in addresses:
                yield from _address(workload, network, address)


def _address(workload: Workload, network: Network, address: Address) -> Iterator[Finding]:
    def wrong(rule: str, message: str) -> Finding:
        return about(workload, rule, ("addresses", network.name), message)

    subnet = network.subnet_of(address)
    if subnet is None:
        yield wrong(
            "address-in-subnet",
            f'expected an address of a subnet of network "{network.name}" ({_ranges(network)}), found '
            f"{address}.",
        )
    elif address == subnet.gateway_address:
        yield wrong("address-free", f'{address} is the gateway of subnet "{subnet.name}".')
    elif address.version == 4 and address in (subnet.cidr[0], subnet.cidr[-1]):
        yield wrong(
            "address-free", f"{address} is no address of a server: {subnet.cidr} begins or ends there."
        )
    elif subnet.ipv6_mode is not None and subnet.ipv6_mode is not Ipv6Mode.DHCPV6_STATEFUL:
        yield wrong(
            "address-chosen",
            f'subnet "{subnet.name}" is {subnet.ipv6_mode}: the address follows from the port\'s MAC, and '
            "Neutron takes no other. Remove it, or say ipv6_mode: dhcpv6-stateful.",
        )
    elif not subnet.pools or any(address in pool for pool in subnet.pools):
        yield wrong(
            "address-outside-pools",
            f'{address} can be handed out to another port of subnet "{subnet.name}" before. Give the subnet '
            "pools that leave it out.",
        )


def _addresses_of_two(estate: Estate) -> Iterator[Finding]:
    first: dict[tuple[str, Address], str] = {}
    for workload in estate.workloads.values():
        for name, addresses in workload.addresses.items():
            for one, other in combinations(addresses, 2):
                if one == other:
                    yield about(
                        workload,
                        "address-of-one",
                        ("addresses", name),
                        f"expected {one} once, found it twice.",
                    )
            for address in dict.fromkeys(addresses):
                for server in workload.servers:
                    owner = first.setdefault((name, address), server)
                    if owner != server:
                        same = owner in workload.servers
                        yield about(
                            workload,
                            "address-of-one",
                            ("addresses", name),
                            f'{address} in network "{name}" is the address of server "{owner}" already.'
                            + (" Give each member its own, under differences." if same else ""),
                        )
                        break


def _room_for_ports(estate: Estate) -> Iterator[Finding]:
    """Each port takes an IPv4 address of one of the network's subnets (neutron/db/ipam_pluggable_backend.py
    ``_allocate_ips_for_port``): more ports than addresses cannot be. Of what DHCP and routers take only the
    gateway counts, so that what is found is certain.
    """
    ports: dict[str, int] = {}
    chosen: dict[str, int] = {}
    for workload in estate.workloads.values():
        for name in workload.networks:
            own = any(one.version == 4 for one in workload.addresses.get(name, ()))
            count = chosen if own else ports
            count[name] = count.get(name, 0) + len(workload.servers)
    for name, network in estate.networks.items():
        subnets = [one for one in network.subnets.values() if one.cidr.version == 4]
        asked = ports.get(name, 0) + chosen.get(name, 0)
        room = sum(_addresses(one) for one in subnets)
        handed_out = sum(_handed_out(one) for one in subnets)
        if subnets and (asked > room or ports.get(name, 0) > handed_out):
            found, limit = (asked, room) if asked > room else (ports[name], handed_out)
            which = "" if asked > room else " of their pools"
            yield _found(
                "addresses-for-ports",
                f"expected an IPv4 address for every port, found {found} ports of servers and {limit} "
                f"addresses{which} ({', '.join(str(one.cidr) for one in subnets)}): Neutron "
                "would refuse the last ones. Make a subnet larger, add one, or use fewer servers.",
                ("networks", name),
            )


def _addresses(subnet: Subnet) -> int:
    """What servers can have of an IPv4 subnet: neither its first, its last nor its gateway's address."""
    return subnet.cidr.num_addresses - 2 - (subnet.gateway_address is not None)


def _handed_out(subnet: Subnet) -> int:
    """What Neutron hands out by itself: its pools, or all."""
    if not subnet.pools:
        return _addresses(subnet)
    return sum(int(pool.end) - int(pool.start) + 1 for pool in subnet.pools)
