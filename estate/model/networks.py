"""Kinds ``networks`` and ``routers``: logical networks that servers of both hypervisors share."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Self

from pydantic import Field, model_validator

from estate.model.block import Block, NamedBlock
from estate.model.words import Name, NameRange, Text

Address = IPv4Address | IPv6Address
Cidr = IPv4Network | IPv6Network


class AllocationPool(Block):
    """Addresses that are handed out."""

    start: Address = Field(description="First address.")
    end: Address = Field(description="Last address.")


class Subnet(NamedBlock):
    """Addresses of a logical network."""

    cidr: Cidr = Field(description="Range of addresses, e.g. `10.20.0.0/24`.")
    gateway: Address | None = Field(default=None, description="Gateway; the first address if absent.")
    pools: tuple[AllocationPool, ...] = Field(default=(), description="Addresses handed out; all if absent.")
    dns: tuple[Address, ...] = Field(default=(), description="Name servers.")

    @model_validator(mode="after")
    def _addresses_inside(self) -> Self:
        named = [("gateway", self.gateway)] if self.gateway else []
        for pool in self.pools:
            named += [("pool start", pool.start), ("pool end", pool.end)]
        for what, address in named:
            if address not in self.cidr:
                raise ValueError(f"expected the {what} inside {self.cidr}, got {address}")
        return self


class Network(NamedBlock):
    """A logical network (overlay): the back end decides how it is carried."""

    description: Text | None = Field(default=None, description="What it is for.")
    subnets: dict[Name, Subnet] = Field(min_length=1, description="Its subnets.")


class Router(NamedBlock):
    """A logical router between networks."""

    networks: NameRange = Field(description="Networks that it joins (every subnet of them).")
    external_network: Name | None = Field(
        default=None, description="External network for its gateway; it exists in the cloud already."
    )
