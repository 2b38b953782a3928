"""The vocabulary: small types with a meaning, shared by all kinds.

Sizes are written with their unit (``64 GiB``), because a bare number invites the classic mistake of
reading GiB as MiB; inside the model they are integers in the unit that the type's name says.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated

from ClusterShell.NodeSet import NodeSet, NodeSetException
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    SerializationInfo,
    Strict,
    StringConstraints,
    WithJsonSchema,
)

_UNITS_IN_MIB = {"MiB": 1, "GiB": 1024, "TiB": 1024 * 1024}
_SIZE = re.compile(r"^(?P<count>[0-9]{1,9}(?:\.[0-9]{1,9})?) ?(?P<unit>MiB|GiB|TiB)$")
_HOST = re.compile(
    r"^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$"
)
_RANGE = re.compile(r"^[^\s,;!&^@*?%\[\]]*(\[[0-9,/-]+\][^\s,;!&^@*?%\[\]]*)*$")
_BRACKET = re.compile(r"\[([^\]]*)\]")
_PLAIN = re.compile(r"^[a-z0-9._-]+$")
_BETWEEN_RANGES = re.compile(r",(?![^\[]*\])")
_STEPS = re.compile(r"^([0-9]+)-([0-9]+)(?:/[0-9]+)?$")
_NAMES = "expected a name or a range such as kvm[01-12], or a list of them"
_METADATA_KEY = re.compile(r"^[A-Za-z0-9 ._:-]{1,255}$")  # nova/api/validation/parameter_types.py

MAX_RANGE = 10_000
"""Names that one range may stand for; more is taken for a typing error."""

AS_WRITTEN = "as written"
"""Serialisation context in which sizes carry their unit again, as documents do."""


@dataclass(frozen=True)
class RefersTo:
    """Mark of a field that names blocks of another kind, e.g. ``RefersTo("networks")``.

    The kind is an attribute of ``Estate`` that lists names: a kind of the language, or
    ``volume_types`` or ``availability_zones``. ``references`` checks whatever carries this mark.
    """

    kind: str


def folded(text: str) -> str:
    """What two names have in common that Nova takes for one: its database compares without letter case and
    trailing spaces (MySQL's ``utf8_general_ci``).
    """
    return text.rstrip(" ").casefold()


def mebibytes(value: object) -> int:
    """``"64 GiB"`` → 65536. A bare number is refused, because its unit would be a guess."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number:
        raise ValueError(f"expected a size with its unit, such as {value} GiB or {value} MiB, got {value}")
    match = _SIZE.match(value) if isinstance(value, str) else None
    if not match:
        raise ValueError(f"expected a size such as 64 GiB, 512 MiB or 2 TiB, got {shown(value)}")
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


def gibibytes_from_zero(value: object) -> int:
    """As ``gibibytes``, where none at all has a meaning: ``"0 GiB"`` → 0."""
    match = _SIZE.match(value) if isinstance(value, str) else None
    return 0 if match and float(match["count"]) == 0 else gibibytes(value)


def shown(value: object) -> str:
    """A value as messages show it: short, on one line, and named by its sort where it has parts."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case str():
            return repr(value if len(value) <= 60 else f"{value[:57]}...")
        case _:
            return str(value)


def _host_name(value: str) -> str:
    if not _HOST.match(value):
        raise ValueError(
            "expected a host name in lower-case letters, digits, hyphens and dots (RFC 1123), "
            f"got {shown(value)}"
        )
    return value


def expand(value: object) -> tuple[str, ...]:
    """``"kvm[01-03]"`` (or a list of such) → ``("kvm01", "kvm02", "kvm03")``.

    The notation is ClusterShell's NodeSet, by its own library: padding is kept, ``[1,3-4]`` and
    several brackets work. A name that is given twice is an error. The empty tuple, which no document
    can contain, is the default of a field and stays what it is.
    """
    if value == ():
        return ()
    parts = value if isinstance(value, list | tuple) else [value]
    texts = [part for part in parts if isinstance(part, str)]
    odd = [shown(part) for part in parts if not isinstance(part, str)]
    faults = [f"{_NAMES}, got {', '.join(odd)}{'' if parts == [value] else ' in the list'}"] if odd else []
    count = 0
    for text in texts:
        try:
            count += _count(text)
        except ValueError as error:
            faults.append(str(error))
    if faults:
        raise ValueError("; ".join(faults))
    if count > MAX_RANGE:
        raise ValueError(f"expected at most {MAX_RANGE} names, got {count}")
    names = [name for text in texts for name in _names(text)]
    if not names:
        raise ValueError("expected at least one name, got none")
    doubled = sorted(name for name, times in Counter(names).items() if times > 1)
    if doubled:
        raise ValueError(f"expected each name once, got {', '.join(doubled)} twice")
    return tuple(names)


def ranges(names: Iterable[str]) -> list[str]:
    """What ``expand`` reads back, by name: ``kvm01``, ``kvm02``, ``rack`` → ``kvm[01-02]``, ``rack``.

    Names that cannot stand in a range are listed as they are.
    """
    listed = sorted(names)
    if not listed or not all(_PLAIN.match(one) for one in listed):
        return listed
    return _BETWEEN_RANGES.split(str(NodeSet.fromlist(listed)))


def _count(part: str) -> int:
    """How many names a range stands for: the library builds them all before it tells."""
    if len(part) > 255:
        raise ValueError(f"expected at most 255 characters, got {len(part)} in {shown(part)}")
    if not _RANGE.match(part):
        raise ValueError(
            "expected a name or a range such as kvm[01-12] (several are written as a list), "
            f"got {shown(part)}"
        )
    count = 1
    for bracket in _BRACKET.findall(part):
        count *= sum(
            max(0, int(steps[2]) - int(steps[1]) + 1) if (steps := _STEPS.match(piece)) else 1
            for piece in bracket.split(",")
        )
    return count


def _names(part: str) -> list[str]:
    if "[" not in part:
        return [part]  # most names are no ranges, and the library takes its time
    try:
        return list(NodeSet(part))
    except (NodeSetException, ValueError) as error:
        raise ValueError(f"expected a range such as kvm[01-12], got {shown(part)} ({error})") from error


def address(value: object) -> IPv4Address | IPv6Address:
    """``"10.20.0.2"`` → the address. Raises ``ValueError``, also for a number."""
    if isinstance(value, IPv4Address | IPv6Address):
        return value
    try:
        return ip_address(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError(f"expected an IP address such as 10.20.0.2, got {shown(value)}") from None


def _cidr(value: object) -> IPv4Network | IPv6Network:
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    try:
        network = ip_network(value if isinstance(value, str) else "", strict=False)
    except ValueError:
        raise ValueError(f"expected a range of addresses such as 10.20.0.0/24, got {shown(value)}") from None
    written = str(value).partition("/")[0]
    if ip_address(written) != network.network_address:
        raise ValueError(f"expected the first address of the range, {network}, got {value}")
    return network


def _metadata_key(value: str) -> str:
    if not _METADATA_KEY.match(value):
        raise ValueError(
            "expected a key of letters, digits, spaces and . _ : -, at most 255 characters long, got "
            f"{shown(value)}"
        )
    return value


def _day(value: object) -> date:
    if type(value) is date:
        return value
    written = value if isinstance(value, str) else ""
    try:
        return date.fromisoformat(written if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", written) else "")
    except ValueError:
        raise ValueError(f"expected a date such as 2027-06-30, got {shown(value)}") from None


def _written(size: int) -> str:
    units = ("TiB", "GiB", "MiB") if size else ("GiB",)
    unit = next(unit for unit in units if size % _UNITS_IN_MIB[unit] == 0)
    return f"{size // _UNITS_IN_MIB[unit]} {unit}"


def _mebibytes_out(size: int, info: SerializationInfo) -> int | str:
    return _written(size) if info.context == AS_WRITTEN else size


def _gibibytes_out(size: int, info: SerializationInfo) -> int | str:
    return _written(size * 1024) if info.context == AS_WRITTEN else size


_NAME = r"^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$"
PORTS = r"^[0-9]{1,5}(-[0-9]{1,5})?$"
"""Ports of a security group rule."""
GUEST = r"^[A-Za-z0-9_]+$"
"""A vSphere guest id."""
SHA256 = r"^[0-9a-f]{64}$"
"""A SHA-256 in hexadecimal digits."""
SHA512 = r"^[0-9a-f]{128}$"
"""A SHA-512 in hexadecimal digits."""
URL = r"^https?://[^\s/]+/[^\s]*[^\s/]$"
"""An address of a file."""
VERSION = r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,30}[A-Za-z0-9])?$"
"""A version."""
BLOCK = r"^[a-z_]+/[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$"
"""Kind and name of a block."""
TAG = r"^[^/,]{1,60}$"
"""A server tag (nova/objects/tag.py, nova/api/openstack/compute/server_tags.py)."""

PATTERNS = {
    _NAME: "a name of lower-case letters, digits, dots, underscores and hyphens, at most 63 characters long",
    PORTS: "a port such as 443 or a range such as 8000-8100",
    GUEST: "a vSphere guest id such as rhel9_64Guest",
    SHA256: "a SHA-256 of 64 digits 0-9a-f",
    SHA512: "a SHA-512 of 128 digits 0-9a-f",
    URL: "an address such as https://images.example/rhel9.qcow2",
    TAG: "a tag of at most 60 characters without / and comma",
    BLOCK: "kind and name of a block such as networks/transit",
    VERSION: "a version such as 2026.1, at most 32 characters long",
}
"""What a text must be that does not match a pattern of the model, in words."""

Name = Annotated[str, StringConstraints(pattern=_NAME)]
"""A block's name: lower-case letters, digits, dots, underscores and hyphens, at most 63 characters."""

HostName = Annotated[str, AfterValidator(_host_name)]
"""A host name as Nova and vCenter show it."""

_range_schema = WithJsonSchema(
    {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
)
_size_schema = WithJsonSchema({"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? ?(MiB|GiB|TiB)$"})

HostRange = Annotated[tuple[HostName, ...], BeforeValidator(expand), _range_schema]
"""Host names, written as a range (``kvm[01-12]``) or as a list of names and ranges."""

NameRange = Annotated[tuple[Name, ...], BeforeValidator(expand), _range_schema]
"""Names, written as a range (``ledger-db-[1,3-4]``) or as a list of names and ranges."""

MebiBytes = Annotated[int, BeforeValidator(mebibytes), PlainSerializer(_mebibytes_out), _size_schema]
"""A size, kept in MiB."""

GibiBytes = Annotated[int, BeforeValidator(gibibytes), PlainSerializer(_gibibytes_out), _size_schema]
"""A size, kept in GiB."""

GibiBytesFromZero = Annotated[
    int, BeforeValidator(gibibytes_from_zero), PlainSerializer(_gibibytes_out), _size_schema
]
"""A size, kept in GiB, that may be none."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=255, strip_whitespace=True)]
"""One line of prose."""

Tag = Annotated[str, StringConstraints(pattern=TAG)]
"""A tag of a server."""

MetadataKey = Annotated[str, AfterValidator(_metadata_key)]
"""A key of server metadata."""

Count = Annotated[int, Strict(), Field(ge=1, le=1_000_000)]
"""How many of something there are; text and truth values are no counts."""

Flag = Annotated[bool, Strict()]
"""``true`` or ``false``; in YAML 1.2 ``yes`` and ``no`` are text."""

Ratio = Annotated[float, Strict(), Field(gt=0, le=1_000, allow_inf_nan=False)]
"""An allocation ratio of placement: 1.0 means no overcommitment."""

Address = Annotated[IPv4Address | IPv6Address, BeforeValidator(address)]
"""An IP address."""

Cidr = Annotated[IPv4Network | IPv6Network, BeforeValidator(_cidr)]
"""A range of addresses, written as its first address and the length of the prefix."""

Day = Annotated[date, BeforeValidator(_day)]
"""A date, written ``2027-06-30``."""
