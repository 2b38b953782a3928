"""Kind ``workloads``: what runs. A workload says what it needs, not where it goes."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import (
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from estate.model.block import Block, ResourceBlock
from estate.model.differences import Difference, MembersError, by_member, differing, with_difference
from estate.model.finding import Loc
from estate.model.needs import Need
from estate.model.secrets import SecretText
from estate.model.words import (
    VERSION,
    Address,
    Day,
    Flag,
    GibiBytes,
    MetadataKey,
    Name,
    NameRange,
    RefersTo,
    Tag,
    Text,
)

OWN_METADATA = "estate_"
"""Keys of server metadata that are written from the documents begin with this."""


MAX_TAGS = 50
"""Tags of a server (nova/objects/instance.py ``MAX_TAG_COUNT``)."""


class ReasonCode(StrEnum):
    """Why a workload must stay on ESXi."""

    VENDOR_SUPPORT = "vendor-support"
    LICENCE = "licence"
    CERTIFICATION = "certification"
    TECHNICAL = "technical"


class Restriction(Block):
    """A workload's duty to stay on ESXi, as an auditor wants it: reason, evidence, owner, review date."""

    reason: ReasonCode = Field(description="Reason code.")
    evidence: Text = Field(description="Where the reason is written: contract, support statement, ticket.")
    owner: Text = Field(description="Who answers for it.")
    review: Day = Field(description="When it is looked at again, e.g. `2027-06-30`.")


class Volume(Block):
    """A data volume of each member of a workload."""

    type: Annotated[Name, RefersTo("volume_types")] = Field(description="Volume type.")
    size: GibiBytes = Field(description="Size, GiB.")
    was: Name | None = Field(
        default=None,
        description="Its name before it was renamed: what exists is kept and takes the new name.",
    )


class BootVolume(Block):
    """A root disk that is a volume made from the image; a disk of the flavor's size if there is none."""

    type: Annotated[Name, RefersTo("volume_types")] = Field(description="Volume type.")
    size: GibiBytes | None = Field(default=None, description="Size, GiB; as the image has it if absent.")


class UserData(Block):
    """What cloud-init gets: text, a file beside the document, or all of it a secret."""

    text: str | None = Field(default=None, description="The text itself.")
    file: Text | None = Field(
        default=None, description="A file, relative to the folder of the document that names it."
    )
    secret: SecretText | None = Field(default=None, description="A secret that holds the whole text.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        given = [key for key in ("text", "file", "secret") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(f"expected one of text, file and secret, got {' and '.join(given) or 'none'}")
        return self


class Workload(ResourceBlock):
    """Servers of one kind. Placement follows from the image and the restriction."""

    members: NameRange = Field(
        default=(),
        description="Names of its servers, e.g. `ledger-db-[1-2]`; its own name if absent.",
    )
    image: Annotated[Name, RefersTo("images")] = Field(description="Image that its servers boot from.")
    image_version: Annotated[str, StringConstraints(pattern=VERSION)] | None = Field(
        default=None, description="An older version of the image that its servers stay on."
    )
    flavor: Annotated[Name, RefersTo("flavors")] = Field(description="Flavor of its servers.")
    networks: Annotated[NameRange, RefersTo("networks")] = Field(
        description="Logical networks, one port each, in this order."
    )
    addresses: Annotated[dict[Name, tuple[Address, ...]], RefersTo("networks")] = Field(
        default_factory=dict,
        description="Fixed addresses of its port, by network; of a workload with several members each "
        "says its own.",
    )
    security_groups: Annotated[NameRange, RefersTo("security_groups")] = Field(
        default=(), description="Security groups of its ports."
    )
    boot_volume: BootVolume | None = Field(
        default=None, description="That the root disk is a volume, and of which type."
    )
    volumes: dict[Name, Volume] = Field(default_factory=dict, description="Data volumes of each member.")
    keypair: Annotated[Name | None, RefersTo("keypairs")] = Field(
        default=None, description="Public key that cloud-init lets in, at a server's first boot."
    )
    user_data: UserData | None = Field(
        default=None, description="What cloud-init gets, at a server's first boot."
    )
    config_drive: Flag | None = Field(
        default=None, description="Whether metadata comes on a drive; as the cloud has it if absent."
    )
    description: Text | None = Field(default=None, description="What it is for.")
    owner: Text | None = Field(default=None, description="Who answers for it.")
    metadata: dict[MetadataKey, Text] = Field(
        default_factory=dict, description="Further metadata of its servers; `estate_…` is ours."
    )
    tags: tuple[Tag, ...] = Field(default=(), max_length=MAX_TAGS, description="Tags of its servers.")
    availability_zone: Annotated[Name | None, RefersTo("availability_zones")] = Field(
        default=None, description="Only needed where several aggregates have the image's hypervisor."
    )
    server_group: Annotated[Name | None, RefersTo("server_groups")] = Field(
        default=None, description="Server group that its servers are members of."
    )
    needs: tuple[Need, ...] = Field(
        default=(), description="What it needs of its machine beyond size, disks and networks, e.g. `vtpm`."
    )
    restriction: Restriction | None = Field(
        default=None, description="Why it must stay on ESXi; absent if it may run anywhere."
    )

    @field_validator("metadata", mode="after")
    @classmethod
    def _not_ours(cls, metadata: dict[str, str]) -> dict[str, str]:
        ours = [key for key in metadata if key.startswith(OWN_METADATA)]
        if ours:
            raise ValueError(
                f"expected keys without {OWN_METADATA}, which are written from the documents, got {ours[0]}"
            )
        return metadata

    differences: dict[str, "MemberDifference"] = Field(
        default_factory=dict,
        description="What a member, or a range of them, has otherwise: mappings merge, lists, single "
        "values and `user_data` replace.",
        examples=["{ledger-db-3: {flavor: esxi-large}}"],
    )

    @field_validator("differences", mode="after")
    @classmethod
    def _members_hold(
        cls, differences: dict[str, "MemberDifference"], info: ValidationInfo
    ) -> dict[str, "MemberDifference"]:
        """Each names members of the workload, and what a member has altogether fits together."""
        if not differences:
            return differences
        values = {**info.data, "differences": {}}
        if {"members", "name"} <= values.keys():
            by_member(differences, values["members"] or (values["name"],))
        if set(cls.model_fields) <= values.keys():
            wrong: list[tuple[str, ValidationError]] = []
            for key, difference in differences.items():
                try:
                    cls.model_validate(with_difference(values, difference))
                except ValidationError as error:
                    wrong.append((key, error))
            if wrong:
                raise MembersError(wrong)
        return differences

    @property
    def servers(self) -> tuple[str, ...]:
        """Names of its servers as Nova shows them."""
        return self.members or (self.name,)

    def __eq__(self, other: object) -> bool:
        """Of declared values: ``variants``, once asked for, stays in the object and leads back to it."""
        return isinstance(other, Workload) and all(
            getattr(self, name) == getattr(other, name) for name in type(self).model_fields
        )

    __hash__ = ResourceBlock.__hash__

    def __copy__(self) -> Self:
        """Without ``variants``: ``model_copy`` gives a copy other values."""
        copied = super().__copy__()
        copied.__dict__.pop("variants", None)
        return copied

    @cached_property
    def variants(self) -> tuple["Variant", ...]:
        """Its servers in groups of equal values: first those without differences, then each difference."""
        if not self.differences:
            return (Variant(workload=self, servers=self.servers),)
        key_of = by_member(self.differences, self.servers)
        values = {**{name: getattr(self, name) for name in type(self).model_fields}, "differences": {}}
        found = []
        for key, difference in [(None, MemberDifference()), *self.differences.items()]:
            servers = tuple(name for name in self.servers if key_of.get(name) == key)
            if servers:
                own = {**with_difference(values, difference), "members": servers}
                found.append(
                    Variant(
                        workload=type(self).model_validate(own),
                        servers=servers,
                        key=key,
                        difference=difference,
                    )
                )
        return tuple(found)

    def member(self, server: str) -> "Workload":
        """The workload as one of its servers has it; its only member is that server."""
        variant = next(one for one in self.variants if server in one.servers)
        return variant.workload.model_copy(update={"members": (server,)})


if TYPE_CHECKING:
    MemberDifference = Difference
else:
    # What places a workload, or is said of it as a whole, is the same for all of its members.
    MemberDifference = differing(
        Workload,
        but=frozenset(
            {"name", "was", "protect", "members", "differences", "description", "owner"}
            | {"image", "restriction", "needs", "server_group"}
        ),
        # One of three keys: another one would be a second one beside it.
        whole=frozenset({"user_data"}),
    )
    Workload.model_rebuild()


@dataclass(frozen=True, kw_only=True)
class Variant:
    """Servers of a workload that have the same values."""

    workload: Workload
    """With these values; its members are the servers."""
    servers: tuple[str, ...]
    key: str | None = None
    """The key of ``differences`` that makes them so."""
    difference: Difference | None = None

    def place(self, *field: str | int) -> Loc:
        """Where the documents say a value: in the difference, if it does, else in the workload."""
        if self.key is not None and self.difference is not None and self.difference.says(field):
            return ("workloads", self.workload.name, "differences", self.key, *field)
        return ("workloads", self.workload.name, *field)
