"""Kind ``security_groups``: what may reach a server, on both hypervisors alike."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from estate.model.block import Block, ResourceBlock
from estate.model.words import PORTS, Cidr, Flag, Name, RefersTo, Text


class Direction(StrEnum):
    """Seen from the server."""

    INGRESS = "ingress"
    EGRESS = "egress"


class Protocol(StrEnum):
    """Protocols with and without ports."""

    TCP = "tcp"
    UDP = "udp"
    SCTP = "sctp"
    ICMP = "icmp"
    VRRP = "vrrp"
    ESP = "esp"
    AH = "ah"
    GRE = "gre"
    ANY = "any"

    @property
    def has_ports(self) -> bool:
        """Whether a rule may name ports (neutron/db/securitygroups_db.py ``_validate_port_range``)."""
        return self in (Protocol.TCP, Protocol.UDP, Protocol.SCTP)


_ALL_PORTS = (1, 65535)


class SecurityGroupRule(Block):
    """One thing that is allowed."""

    direction: Direction = Field(default=Direction.INGRESS, description="Seen from the server.")
    protocol: Protocol = Field(description="Protocol.")
    ports: str | None = Field(default=None, pattern=PORTS, description="`443` or `8000-8100`; all if absent.")
    remote: Cidr | None = Field(default=None, description="Remote addresses; all if absent.")
    group: Annotated[Name | None, RefersTo("security_groups")] = Field(
        default=None, description="Remote security group, instead of addresses."
    )
    ip_version: Literal[4, 6] | None = Field(
        default=None, description="`4` or `6`, where it allows one version only; both if absent."
    )
    description: Text | None = Field(default=None, description="What it is for.")

    @property
    def ip_versions(self) -> tuple[int, ...]:
        """Versions that it is for: both, unless it names one or addresses (a rule of Neutron is for one)."""
        if self.remote is not None:
            return (self.remote.version,)
        return (4, 6) if self.ip_version is None else (self.ip_version,)

    @property
    def port_range(self) -> tuple[int, int] | None:
        """First and last port, or ``None`` for all."""
        if self.ports is None:
            return None
        first, _, last = self.ports.partition("-")
        return int(first), int(last or first)

    @property
    def says(self) -> frozenset[tuple[object, ...]]:
        """What it allows, for each IP version: rules of a group that have one in common are one to Neutron.

        neutron/db/securitygroups_db.py ``_rule_to_key`` (no prefix is any, a description is nothing) and
        ``_make_canonical_port_range`` (all ports are none). A group is told from addresses by its name, as
        in the names of the engine's resources (components/security_group.py).
        """
        ports = None if self.port_range == _ALL_PORTS else self.port_range
        everybody = self.remote is not None and self.remote.prefixlen == 0
        remote = self.group or ("any" if self.remote is None or everybody else str(self.remote))
        return frozenset(
            (self.direction, self.protocol, ports, remote, version) for version in self.ip_versions
        )

    @field_validator("ports", mode="after")
    @classmethod
    def _ports_make_sense(cls, ports: str | None, info: ValidationInfo) -> str | None:
        if ports is None:
            return None
        protocol = info.data.get("protocol")
        if protocol is not None and not protocol.has_ports:
            raise ValueError(f"only tcp, udp and sctp have ports, got protocol {protocol}; remove ports")
        first, _, last = ports.partition("-")
        if not 1 <= int(first) <= int(last or first) <= 65535:
            raise ValueError(f"expected ports between 1 and 65535, the smaller first, got {ports}")
        return ports

    @field_validator("group", mode="after")
    @classmethod
    def _one_remote(cls, group: str | None, info: ValidationInfo) -> str | None:
        if group is not None and info.data.get("remote") is not None:
            raise ValueError("expected either remote (addresses) or group, got both")
        return group

    @field_validator("ip_version", mode="after")
    @classmethod
    def _version_of_remote(cls, version: int | None, info: ValidationInfo) -> int | None:
        remote = info.data.get("remote")
        if version is not None and remote is not None and remote.version != version:
            raise ValueError(f"expected {remote.version}, the version of {remote}, or nothing; got {version}")
        return version


class SecurityGroup(ResourceBlock):
    """A named set of rules. What no rule allows is refused."""

    description: Text | None = Field(default=None, description="What it is for.")
    stateful: Flag = Field(
        default=True,
        description="Whether answers are let through by themselves. `false` not with `nsx-policy`.",
    )
    rules: tuple[SecurityGroupRule, ...] = Field(default=(), description="What is allowed.")
