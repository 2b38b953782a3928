"""Kind ``security_groups``: what may reach a server, on both hypervisors alike."""

from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import Self

from pydantic import Field, model_validator

from estate.model.block import Block, NamedBlock
from estate.model.words import Name, Text


class Direction(StrEnum):
    """Seen from the server."""

    INGRESS = "ingress"
    EGRESS = "egress"


class Protocol(StrEnum):
    """Protocols with and without ports."""

    TCP = "tcp"
    UDP = "udp"
    ICMP = "icmp"
    ANY = "any"


class SecurityGroupRule(Block):
    """One thing that is allowed."""

    direction: Direction = Field(default=Direction.INGRESS, description="Seen from the server.")
    protocol: Protocol = Field(description="Protocol.")
    ports: str | None = Field(
        default=None, pattern=r"^\d{1,5}(-\d{1,5})?$", description="`443` or `8000-8100`; all if absent."
    )
    remote: IPv4Network | IPv6Network | None = Field(
        default=None, description="Remote addresses; all if absent."
    )
    group: Name | None = Field(default=None, description="Remote security group, instead of addresses.")

    @property
    def port_range(self) -> tuple[int, int] | None:
        """First and last port, or ``None`` for all."""
        if self.ports is None:
            return None
        first, _, last = self.ports.partition("-")
        return int(first), int(last or first)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.remote is not None and self.group is not None:
            raise ValueError("expected either remote (addresses) or group, got both")
        if self.port_range:
            if self.protocol not in (Protocol.TCP, Protocol.UDP):
                raise ValueError(f"ports belong to tcp and udp, got protocol {self.protocol}")
            first, last = self.port_range
            if not 1 <= first <= last <= 65535:
                raise ValueError(f"expected ports between 1 and 65535, the smaller first, got {self.ports}")
        return self


class SecurityGroup(NamedBlock):
    """A named set of rules. What no rule allows is refused."""

    description: Text | None = Field(default=None, description="What it is for.")
    rules: tuple[SecurityGroupRule, ...] = Field(default=(), description="What is allowed.")
