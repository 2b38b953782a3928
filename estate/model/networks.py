"""Kinds ``networks`` and ``routers``: logical networks that servers of both hypervisors share."""

from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from estate.model.block import Block, Blocks, NamedBlock
from estate.model.words import Address, Cidr, Name, NameRange, RefersTo, Text


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


class Subnet(NamedBlock):
    """Addresses of a logical network."""

    cidr: Cidr = Field(description="Range of addresses, e.g. `10.20.0.0/24`.")
    gateway: Address | None = Field(default=None, description="Gateway; the first address if absent.")
    pools: tuple[AllocationPool, ...] = Field(default=(), description="Addresses handed out; all if absent.")
    dns: tuple[Address, ...] = Field(default=(), description="Name servers.")

    @field_validator("gateway", mode="after")
    @classmethod
    def _gateway_inside(cls, gateway: Address | None, info: ValidationInfo) -> Address | None:
        cidr = info.data.get("cidr")
        if cidr is not None and gateway is not None and gateway not in cidr:
            raise ValueError(f"expected the gateway inside {cidr}, got {gateway}")
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
        return pools


class Network(NamedBlock):
    """A logical network (overlay): the back end decides how it is carried."""

    description: Text | None = Field(default=None, description="What it is for.")
    subnets: Blocks[Subnet] = Field(min_length=1, description="Its subnets.")


class Router(NamedBlock):
    """A logical router between networks."""

    networks: Annotated[NameRange, RefersTo("networks")] = Field(
        description="Networks that it joins (every subnet of them)."
    )
    external_network: Name | None = Field(
        default=None, description="External network for its gateway; it exists in the cloud already."
    )
