"""The vocabulary: small types with a meaning, shared by all kinds.

Sizes are written with their unit (``64 GiB``), because a bare number invites the classic mistake of
reading GiB as MiB; inside the model they are integers in the unit that the type's name says.
"""

import re
from typing import Annotated

from ClusterShell.NodeSet import NodeSet, NodeSetException
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

_UNITS_IN_MIB = {"MiB": 1, "GiB": 1024, "TiB": 1024 * 1024}
_SIZE = re.compile(r"^\s*(?P<count>\d+(?:\.\d+)?)\s*(?P<unit>MiB|GiB|TiB)\s*$")
_HOST = re.compile(
    r"^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$"
)

MAX_RANGE = 10_000
"""Names that one range may stand for; more is taken for a typing error."""


def mebibytes(value: object) -> int:
    """``"64 GiB"`` → 65536. An ``int`` passes through (values from Python documents are MiB already)."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise ValueError(f"expected a size with its unit, such as {value} GiB or {value} MiB, got {value}")
    match = _SIZE.match(value) if isinstance(value, str) else None
    if not match:
        raise ValueError(f"expected a size such as 64 GiB, 512 MiB or 2 TiB, got {value!r}")
    size = float(match["count"]) * _UNITS_IN_MIB[match["unit"]]
    if size != int(size) or size <= 0:
        raise ValueError(f"expected a positive whole number of MiB, got {value}")
    return int(size)


def gibibytes(value: object) -> int:
    """``"2 TiB"`` → 2048; a size that is not a whole number of GiB is an error."""
    size = mebibytes(value)
    if size % 1024:
        raise ValueError(f"expected a whole number of GiB, got {value}")
    return size // 1024


def _host_name(value: str) -> str:
    if not _HOST.match(value):
        raise ValueError(
            f"expected a host name in lower-case letters, digits, hyphens and dots (RFC 1123), got {value!r}"
        )
    return value


def expand(value: object) -> tuple[str, ...]:
    """``"kvm[01-03]"`` (or a list of such) → ``("kvm01", "kvm02", "kvm03")``.

    The notation is ClusterShell's NodeSet, by its own library: padding is kept, ``[1,3-4]`` and
    several brackets work. A name that is given twice is an error.
    """
    parts = [value] if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        raise ValueError(f"expected a name or a range such as kvm[01-12], or a list of them, got {value!r}")
    names: list[str] = []
    for part in parts:
        if re.search(r"[,!&^@*?\s](?![^\[]*\])", part):
            raise ValueError(f"expected one range such as kvm[01-12]; write several as a list, got {part!r}")
        try:
            nodes = NodeSet(part)
        except NodeSetException as error:
            raise ValueError(f"expected a range such as kvm[01-12], got {part!r}: {error}") from error
        if len(nodes) > MAX_RANGE:
            raise ValueError(f"the range {part!r} stands for {len(nodes)} names, more than {MAX_RANGE}")
        names.extend(nodes)
    if not names:
        raise ValueError("expected at least one name, got none")
    doubled = (
        sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    )
    if doubled:
        raise ValueError(f"named twice: {', '.join(doubled)}")
    return tuple(names)


Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$")]
"""A block's name: lower-case letters, digits, dots, underscores and hyphens, at most 63 characters."""

HostName = Annotated[str, AfterValidator(_host_name)]
"""A host name as Nova and vCenter show it."""

_range_schema = WithJsonSchema(
    {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
)
_size_schema = WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)? ?(MiB|GiB|TiB)$"})

HostRange = Annotated[tuple[HostName, ...], BeforeValidator(expand), _range_schema]
"""Host names, written as a range (``kvm[01-12]``) or as a list of names and ranges."""

NameRange = Annotated[tuple[Name, ...], BeforeValidator(expand), _range_schema]
"""Names, written as a range (``ledger-db-[1,3-4]``) or as a list of names and ranges."""

MebiBytes = Annotated[int, BeforeValidator(mebibytes), _size_schema]
"""A size, kept in MiB."""

GibiBytes = Annotated[int, BeforeValidator(gibibytes), _size_schema]
"""A size, kept in GiB."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=255, strip_whitespace=True)]
"""One line of prose."""

Ratio = Annotated[float, Field(gt=0)]
"""An allocation ratio of placement: 1.0 means no overcommitment."""
