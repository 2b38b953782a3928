"""What hosts of both hypervisors have in common: traits, and network cards by what they carry."""

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from estate.model.block import Block
from estate.model.words import shown

_TRAIT = re.compile(r"^(CUSTOM|HW|COMPUTE|STORAGE|HOST|MISC|OWNER)_[A-Z0-9_]{1,240}$")
_NIC = re.compile(r"^[a-z][a-z0-9._@-]{0,31}$")


def _trait(value: str) -> str:
    # placement/schemas/trait.py; standard traits are those of os-traits.
    if not _TRAIT.match(value):
        raise ValueError(
            "expected a trait in capitals, digits and underscores, such as CUSTOM_LOCAL_NVME or "
            f"HW_CPU_X86_AVX512F, got {shown(value)}"
        )
    return value


def _nic(value: str) -> str:
    if not _NIC.match(value):
        raise ValueError(
            f"expected a network card as the host names it, such as ens1f0 or vmnic2, got {shown(value)}"
        )
    return value


Trait = Annotated[str, AfterValidator(_trait)]
"""A trait of placement, e.g. ``CUSTOM_LOCAL_NVME``."""

Nic = Annotated[str, AfterValidator(_nic)]
"""A physical network card as its host names it."""


class NicRole(StrEnum):
    """What a network card carries."""

    MANAGEMENT = "management"
    STORAGE = "storage"
    DATA = "data"


class Nics(Block):
    """Physical network cards of a host, by what they carry. A card carries one thing only."""

    management: tuple[Nic, ...] = Field(default=(), description="Cards of the management network.")
    storage: tuple[Nic, ...] = Field(
        default=(), description="Cards of the storage network; nothing else may use them."
    )
    data: tuple[Nic, ...] = Field(
        default=(),
        description="Cards that carry the servers' networks. ESXi: uplinks of the distributed switch.",
    )

    @model_validator(mode="after")
    def _one_role_each(self) -> Self:
        roles: dict[str, list[NicRole]] = {}
        for role in NicRole:
            for card in self.of(role):
                roles.setdefault(card, []).append(role)
        for card, several in roles.items():
            if len(several) > 1:
                raise ValueError(
                    f"expected each card once, got {card} under {' and '.join(several)}; "
                    "storage and data need cards of their own"
                )
        return self

    def of(self, role: NicRole) -> tuple[str, ...]:
        """The cards of one role."""
        cards: tuple[str, ...] = getattr(self, role.value)
        return cards
