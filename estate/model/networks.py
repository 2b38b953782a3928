"""Kind ``networks`` and what belongs to it: routers, address scopes and subnet pools.

A network is an overlay unless it says ``vlan``: servers of both hypervisors share it, and the network back
end (``estate.network_backend``) decides how it is carried.
"""

from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from estate.model.block import Block, Blocks, ResourceBlock
from estate.model.words import Address, Cidr, Flag, Name, NameRange, RefersTo, Text, address

NO_GATEWAY = "none"
"""Value of a subnet's ``gateway``: servers learn no default route from it."""


def _gateway(value: object) -> object:
    return value if value is None or value == NO_GATEWAY else address(value)


Gateway = Annotated[IPv4Address | IPv6Address | Literal["none"] | None, BeforeValidator(_gateway)]
"""An address, ``none`` for a subnet without gateway, or absent for the first address."""

MAX_DNS = 5
"""Name servers of a subnet (neutron/conf/common.py ``max_dns_nameservers``)."""

MAX_HOST_ROUTES = 20
"""Routes of a subnet (neutron/conf/common.py ``max_subnet_host_routes``)."""

SHORTEST = {4: 8, 6: 64}
"""Shortest prefix of a subnet from a pool that says none, by IP version (neutron/ipam/subnet_alloc.py)."""

Octet = Annotated[int, Field(strict=True, ge=1, le=128)]
"""Length of a prefix."""


class Ipv6Mode(StrEnum):
    """How a server gets its IPv6 address: Neutron's ``ipv6_address_mode`` and ``ipv6_ra_mode``, set alike."""

    SLAAC = "slaac"
    DHCPV6_STATEFUL = "dhcpv6-stateful"
    DHCPV6_STATELESS = "dhcpv6-stateless"

    @property
    def automatic(self) -> bool:
        """Whether the address follows from the MAC, so that a port cannot ask for another.

        neutron/ipam/utils.py and neutron/db/ipam_backend_mixin.py ``_get_fixed_ips_for_port`` refuse it.
        """
        return self is not Ipv6Mode.DHCPV6_STATEFUL


class AllocationPool(Block):
    """Addresses that are handed out."""

    start: Address = Field(description="First address.")
    end: Address = Field(description="Last address.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start.version != self.end.version or int(self.start) > int(self.end):
            raise ValueError(
                f"expected a pool from a lower to a higher address, got {self.start} to {self.end}"
            )
        return self

    def __contains__(self, one: IPv4Address | IPv6Address) -> bool:
        return one.version == self.start.version and int(self.start) <= int(one) <= int(self.end)


class Route(Block):
    """A static route."""

    destination: Cidr = Field(description="Where it leads, e.g. `10.99.0.0/16`.")
    next_hop: Address = Field(description="Address that the packets are sent to.")

    @field_validator("next_hop", mode="after")
    @classmethod
    def _same_version(cls, next_hop: Address, info: ValidationInfo) -> Address:
        destination = info.data.get("destination")
        if destination is not None and next_hop.version != destination.version:
            raise ValueError(
                f"expected a next hop of IPv{destination.version} as the destination {destination}, "
                f"got {next_hop}"
            )
        return next_hop


def _no_machines(cidr: Cidr) -> dict[Address, str]:
    """Addresses that no pool may have, and what the range does there: IPv6 has no broadcast."""
    return {cidr[0]: "begins"} | ({cidr[-1]: "ends (broadcast)"} if cidr.version == 4 else {})


class Subnet(ResourceBlock):
    """Addresses of a logical network."""

    cidr: Cidr = Field(description="Range of addresses, e.g. `10.20.0.0/24`.")
    pool: Annotated[Name | None, RefersTo("subnet_pools")] = Field(
        default=None, description="Subnet pool that the range is taken from."
    )
    gateway: Gateway = Field(default=None, description="Gateway, or `none`; the first address if absent.")
    pools: tuple[AllocationPool, ...] = Field(default=(), description="Addresses handed out; all if absent.")
    dns: tuple[Address, ...] = Field(default=(), description="Name servers.")
    dhcp: Flag = Field(default=True, description="Whether addresses are handed out by DHCP.")
    ipv6_mode: Ipv6Mode | None = Field(
        default=None, description="IPv6: how servers get their address; by no announcement if absent."
    )
    host_routes: tuple[Route, ...] = Field(default=(), description="Routes that servers learn by DHCP.")

    @field_validator("cidr", mode="after")
    @classmethod
    def _room_for_servers(cls, cidr: Cidr) -> Cidr:
        if cidr.num_addresses < 4:
            raise ValueError(f"expected a range with room for a gateway and servers, got {cidr}")
        if cidr.prefixlen == 0 or (cidr.version == 6 and int(cidr.network_address) == 0):
            # neutron/db/ipam_backend_mixin.py _validate_subnet_cidr, db_base_plugin_v2.py _validate_subnet
            raise ValueError(f"expected a range that Neutron takes for a subnet, got {cidr}")
        return cidr

    @field_validator("gateway", mode="after")
    @classmethod
    def _gateway_inside(cls, gateway: Gateway, info: ValidationInfo) -> Gateway:
        cidr = info.data.get("cidr")
        if cidr is not None and isinstance(gateway, IPv4Address | IPv6Address) and gateway not in cidr:
            raise ValueError(f"expected the gateway inside {cidr}, got {gateway}")
        # neutron/ipam/utils.py check_gateway_invalid_in_subnet: of IPv6 a router may take the first one.
        for end, what in _no_machines(cidr).items() if cidr is not None and cidr.version == 4 else ():
            if gateway == end:
                raise ValueError(f"expected the address of a machine, got {end}, where {cidr} {what}")
        return gateway

    @field_validator("pools", mode="after")
    @classmethod
    def _pools_inside(
        cls, pools: tuple[AllocationPool, ...], info: ValidationInfo
    ) -> tuple[AllocationPool, ...]:
        cidr = info.data.get("cidr")
        outside = [
            str(end)
            for pool in pools
            for end in (pool.start, pool.end)
            if cidr is not None and end not in cidr
        ]
        if outside:
            raise ValueError(f"expected pools inside {cidr}, got {', '.join(outside)}")
        # neutron/db/ipam_backend_mixin.py validate_allocation_pools
        for one, other in pairwise(sorted(pools, key=lambda pool: int(pool.start))):
            if other.start in one:
                raise ValueError(
                    f"expected pools that do not overlap, got {one.start} to {one.end} and {other.start} to "
                    f"{other.end}"
                )
        for end, what in _no_machines(cidr).items() if cidr is not None else ():
            if any(end in pool for pool in pools):
                raise ValueError(
                    f"expected addresses of machines in the pools, got {end}, where {cidr} {what}"
                )
        gateway = info.data.get("gateway", NO_GATEWAY)
        if gateway is None and cidr is not None:
            gateway = cidr[1]
        if isinstance(gateway, IPv4Address | IPv6Address) and any(gateway in pool for pool in pools):
            # neutron/db/ipam_backend_mixin.py validate_gw_out_of_pools
            why = "" if info.data["gateway"] else " (the first address, if gateway says no other)"
            raise ValueError(f"expected pools without the gateway{why}, got {gateway} in one")
        return pools

    @field_validator("dns", mode="after")
    @classmethod
    def _name_servers_that_neutron_takes(
        cls, dns: tuple[Address, ...], info: ValidationInfo
    ) -> tuple[Address, ...]:
        # neutron/db/db_base_plugin_v2.py _validate_subnet, neutron_lib/api/validators validate_nameservers
        cidr = info.data.get("cidr")
        for one in dns:
            if cidr is not None and one.version != cidr.version:
                raise ValueError(
                    f"expected name servers of IPv{cidr.version} as {cidr} is, got {one}; "
                    f"name it in a subnet of IPv{one.version}"
                )
            if dns.count(one) > 1:
                raise ValueError(f"expected each name server once, got {one} twice")
        if len(dns) > MAX_DNS:
            raise ValueError(
                f"expected at most {MAX_DNS} name servers (Neutron's max_dns_nameservers), got {len(dns)}"
            )
        return dns

    @field_validator("dhcp", mode="after")
    @classmethod
    def _range_that_dhcp_serves(cls, dhcp: bool, info: ValidationInfo) -> bool:
        cidr = info.data.get("cidr")
        if not dhcp or cidr is None:
            return dhcp
        # neutron/db/db_base_plugin_v2.py _validate_subnet
        wrong = {
            "multicast": cidr.is_multicast,
            "loopback": cidr.is_loopback,
            "addresses that begin with 0.0.0.0": cidr.version == 4 and int(cidr.network_address) == 0,
        }
        for what, is_so in wrong.items():
            if is_so:
                raise ValueError(f"Neutron has no DHCP for {cidr} ({what}); take another range")
        return dhcp

    @field_validator("host_routes", mode="after")
    @classmethod
    def _routes_that_neutron_takes(cls, routes: tuple[Route, ...], info: ValidationInfo) -> tuple[Route, ...]:
        # neutron/db/db_base_plugin_v2.py _validate_host_route, neutron_lib/api/validators validate_hostroutes
        cidr = info.data.get("cidr")
        for route in routes:
            if cidr is not None and route.destination.version != cidr.version:
                raise ValueError(
                    f"expected routes of IPv{cidr.version} as {cidr} is, got one to {route.destination}"
                )
            if routes.count(route) > 1:
                raise ValueError(f"expected each route once, got {route.destination} twice")
        if len(routes) > MAX_HOST_ROUTES:
            raise ValueError(
                f"expected at most {MAX_HOST_ROUTES} routes (Neutron's max_subnet_host_routes), "
                f"got {len(routes)}"
            )
        return routes

    @field_validator("ipv6_mode", mode="after")
    @classmethod
    def _mode_of_ipv6(cls, mode: Ipv6Mode | None, info: ValidationInfo) -> Ipv6Mode | None:
        cidr = info.data.get("cidr")
        if mode is None or cidr is None:
            return mode
        if cidr.version == 4:
            raise ValueError("only an IPv6 subnet has a mode; remove ipv6_mode")
        if info.data.get("dhcp") is False:
            # neutron/db/db_base_plugin_v2.py _validate_ipv6_dhcp
            raise ValueError("a mode needs dhcp: true (Neutron counts announcements as DHCP); remove one")
        if mode.automatic and cidr.prefixlen != 64:
            # neutron/db/db_base_plugin_v2.py _validate_eui64_applicable
            raise ValueError(f"expected a range of 64 bits (/64) for {mode}, got /{cidr.prefixlen}")
        return mode

    @property
    def gateway_address(self) -> IPv4Address | IPv6Address | None:
        """The gateway that it will have; ``None`` if it has none."""
        match self.gateway:
            case None:
                return self.cidr[1]
            case IPv4Address() | IPv6Address():
                return self.gateway
            case _:
                return None


class Vlan(Block):
    """What carries a network that is no overlay."""

    id: Annotated[int, Field(strict=True, ge=1, le=4094)] = Field(description="VLAN id.")
    transport_zone: Text = Field(
        description="What carries it: with `nsx-policy` the VLAN transport zone, with `ovn` the "
        "physical network."
    )


class External(Block):
    """A network that leads out: routers take their gateway from it."""

    existing: Flag = Field(
        default=False, description="Whether it is in the cloud already and only referred to, not made."
    )
    uplink: Text | None = Field(
        default=None,
        description="What leads out: with `nsx-policy` the tier-0 router (the default one if absent), "
        "with `ovn` an untagged physical network.",
    )

    @field_validator("uplink", mode="after")
    @classmethod
    def _no_uplink_if_existing(cls, uplink: str | None, info: ValidationInfo) -> str | None:
        if uplink is not None and info.data.get("existing"):
            raise ValueError("an existing network has its uplink already; remove one of the two")
        return uplink


class Network(ResourceBlock):
    """A logical network: an overlay, unless it says ``vlan``. Without ``external`` it has subnets."""

    description: Text | None = Field(default=None, description="What it is for.")
    vlan: Vlan | None = Field(default=None, description="VLAN that carries it; an overlay if absent.")
    external: External | None = Field(default=None, description="That it leads out of the cloud.")
    mtu: Annotated[int, Field(strict=True, ge=1280, le=9216)] | None = Field(
        default=None, description="MTU in bytes; as the back end has it if absent. Not with `nsx-policy`."
    )
    port_security: Flag = Field(
        default=True, description="Whether ports filter by address and security group."
    )
    shared: Flag = Field(default=False, description="Whether every project may use it.")
    shared_with: Annotated[NameRange, RefersTo("projects")] = Field(
        default=(), description="Projects that may use it, besides its own."
    )
    subnets: Blocks[Subnet] = Field(default_factory=dict, description="Its subnets.")

    @field_validator("shared_with", mode="after")
    @classmethod
    def _shared_once(cls, projects: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if projects and info.data.get("shared"):
            raise ValueError("shared: true opens it to every project already; remove one of the two")
        return projects

    @field_validator("subnets", mode="after")
    @classmethod
    def _has_subnets(cls, subnets: dict[str, Subnet], info: ValidationInfo) -> dict[str, Subnet]:
        external = info.data.get("external")
        if not subnets and (external is None or not external.existing):
            raise ValueError("a network needs at least one subnet, because a port takes its address from one")
        return subnets

    @property
    def existing(self) -> bool:
        """Whether it is only referred to."""
        return self.external is not None and self.external.existing

    def subnet_of(self, one: IPv4Address | IPv6Address) -> Subnet | None:
        """The subnet that an address belongs to."""
        return next((subnet for subnet in self.subnets.values() if one in subnet.cidr), None)


class Router(ResourceBlock):
    """A logical router between networks."""

    networks: Annotated[NameRange, RefersTo("networks")] = Field(
        default=(), description="Networks that it joins (every subnet of them)."
    )
    external_network: Annotated[Name | None, RefersTo("networks")] = Field(
        default=None, description="External network that its gateway stands in."
    )
    external_addresses: tuple[Address, ...] = Field(
        default=(), description="Addresses of its gateway; Neutron takes some if absent."
    )
    snat: Flag | None = Field(
        default=None, description="Whether servers go out with its address; as the cloud has it if absent."
    )
    routes: tuple[Route, ...] = Field(default=(), description="Static routes.")

    @field_validator("external_addresses", "snat", mode="after")
    @classmethod
    def _only_with_gateway(cls, value: object, info: ValidationInfo) -> object:
        if value not in (None, ()) and info.data.get("external_network") is None:
            raise ValueError(f"only a router with an external_network has {info.field_name}; remove it")
        return value


class AddressScope(ResourceBlock):
    """Addresses that are unique among themselves: routers pass them on without translation."""

    ip_version: Literal[4, 6] = Field(description="`4` or `6`.")
    shared: Flag = Field(default=False, description="Whether every project may use it.")


class SubnetPool(ResourceBlock):
    """Ranges that subnets are cut out of."""

    prefixes: tuple[Cidr, ...] = Field(min_length=1, description="Ranges, e.g. `10.20.0.0/16`.")
    scope: Annotated[Name | None, RefersTo("address_scopes")] = Field(
        default=None, description="Address scope that it belongs to."
    )
    smallest: Octet | None = Field(default=None, description="Longest prefix of a subnet, e.g. `28`.")
    largest: Octet | None = Field(default=None, description="Shortest prefix of a subnet, e.g. `20`.")
    shared: Flag = Field(default=False, description="Whether every project may use it.")
    description: Text | None = Field(default=None, description="What it is for.")

    @field_validator("prefixes", mode="after")
    @classmethod
    def _one_version(cls, prefixes: tuple[Cidr, ...]) -> tuple[Cidr, ...]:
        if len({prefix.version for prefix in prefixes}) > 1:
            raise ValueError("expected ranges of one IP version, got IPv4 and IPv6; make it two pools")
        return prefixes

    @field_validator("largest", mode="after")
    @classmethod
    def _bounds_in_order(cls, largest: int | None, info: ValidationInfo) -> int | None:
        # neutron/ipam/subnet_alloc.py SubnetPoolHelper
        prefixes, smallest = info.data.get("prefixes"), info.data.get("smallest")
        if not prefixes:
            return largest
        version = prefixes[0].version
        bits = prefixes[0].max_prefixlen
        if (too_long := max(smallest or 0, largest or 0)) > bits:
            raise ValueError(f"expected prefixes of at most {bits} bits (IPv{version}), got {too_long}")
        bound = SHORTEST[version] if largest is None else largest
        if smallest is not None and smallest < bound:
            if largest is None:
                raise ValueError(
                    f"a pool with smallest: {smallest} needs it, because Neutron takes /{bound} for "
                    f"IPv{version} if it is absent"
                )
            raise ValueError(
                f"expected a prefix of at most {smallest}, as smallest is, got {largest}: the larger the "
                "subnet, the shorter its prefix"
            )
        return largest

    @property
    def ip_version(self) -> int:
        """4 or 6."""
        return self.prefixes[0].version
