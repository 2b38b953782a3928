"""Everything that was found → blocks that hold together, in documents of a few files."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from estate.adoption import compute, images, network, storage, workloads
from estate.adoption.found import Found, LeftOut
from estate.adoption.taking import Block, Taking
from estate.documents.formatting import formatted
from estate.documents.shapes import findings
from estate.model import Estate, Finding, Severity, references
from estate.model.settings import NetworkBackend
from estate.model.subjects import subject
from estate.model.words import expand
from estate.placement import contradictions

FILES = {
    "network.yaml": ("address_scopes", "subnet_pools", "networks", "routers", "security_groups"),
    "compute.yaml": ("aggregates", "clusters"),
    "storage.yaml": ("storage",),
    "catalogue.yaml": ("images", "flavors", "projects", "keypairs"),
    "workloads.yaml": ("server_groups", "workloads"),
    "exemptions.yaml": ("exemptions",),
}
"""Document → its kinds, as stacks/sandbox has them."""

_FLAT = 100
"""Columns up to which a mapping of single values stands in one line."""


@dataclass(frozen=True)
class Adopted:
    """What the documents will say of what was found."""

    blocks: Mapping[str, Mapping[str, Block]]
    """By kind and name, with the keys that say something."""
    left_out: tuple[LeftOut, ...]
    ids: Mapping[str, Mapping[str, str]]
    """Pulumi type → name that its component gives it → id, for what has another name in the cloud."""
    unnamed: frozenset[str] = frozenset()
    """``TYPE::NAME`` of what has no name there."""


def describe(found: Found, declared: Mapping[str, Any]) -> Adopted:
    """The blocks of everything that the language can say and the documents do not say yet.

    :param declared: what documents say already, by kind: at least ``estate``, and ``vcenters`` if there are.
    """
    taking = Taking()
    back_end = NetworkBackend(declared["estate"].get("network_backend", NetworkBackend.NSX_POLICY))
    compute.projects(found, taking)
    compute.clusters(found, taking)
    compute.aggregates(found, taking)
    storage.storage(found, taking, declared.get("vcenters", {}))
    compute.flavors(found, taking)
    compute.keypairs(found, taking)
    compute.server_groups(found, taking)
    images.images(found, taking, declared)
    network.scopes_and_pools(found, taking)
    network.networks(found, taking, back_end)
    network.routers(found, taking)
    network.security_groups(found, taking)
    workloads.workloads(found, taking, declared)
    new = {
        kind: {name: block for name, block in named.items() if name not in declared.get(kind, {})}
        for kind, named in taking.blocks.items()
    }
    blocks, unfit = fitted(declared, new)
    notes = [note for kind, name, note in taking.notes if name in _names(blocks, kind)]
    left_out = tuple(sorted({*taking.left_out, *notes, *unfit}))
    return Adopted(blocks, left_out, taking.ids, frozenset(taking.unnamed))


def _names(blocks: Mapping[str, Mapping[str, Block]], kind: str) -> set[str]:
    """Names of the blocks of a kind; of workloads the names of their servers."""
    named = blocks.get(kind, {})
    if kind != "workloads":
        return set(named)
    return {server for name, block in named.items() for server in expand(block.get("members", name))}


def together(
    declared: Mapping[str, Any], blocks: Mapping[str, Mapping[str, Block]]
) -> dict[str, Mapping[str, Any]]:
    """What documents say already and the new blocks, by kind."""
    kinds = {**declared, **blocks}
    return {kind: {**declared.get(kind, {}), **blocks.get(kind, {})} for kind in kinds}


def fitted(
    declared: Mapping[str, Any], blocks: Mapping[str, Mapping[str, Block]]
) -> tuple[dict[str, dict[str, Block]], list[LeftOut]]:
    """The blocks without those that the language refuses, and without those that need one of them."""
    kept = {kind: dict(named) for kind, named in blocks.items()}
    left: list[LeftOut] = []
    while wrong := list(_wrong(together(declared, kept))):
        dropped = {one.loc: one for one in wrong if _drop(kept, one)}
        if not dropped:
            break  # what is wrong is not ours: the documents that were there say it
        left += [LeftOut(subject(loc), one.message) for loc, one in dropped.items()]
    return {kind: named for kind, named in kept.items() if named}, left


def _wrong(data: Mapping[str, Any]) -> Iterator[Finding]:
    try:
        estate = Estate.model_validate(data)
    except ValidationError as error:
        yield from findings(error)
        return
    broken = list(references.check(estate))
    yield from broken or (one for one in contradictions.check(estate) if one.severity is Severity.ERROR)


def _drop(kept: dict[str, dict[str, Block]], finding: Finding) -> bool:
    """Take away the block that a finding is about, or the inner one; whether it was still there."""
    match finding.loc:
        case (str(kind), str(name), "subnets" | "volume_types" | "datastores" as inner, str(key), *_):
            return kept.get(kind, {}).get(name, {}).get(inner, {}).pop(key, None) is not None
        case (str(kind), str(name), *_):
            return kept.get(kind, {}).pop(name, None) is not None
    return False


def texts(blocks: Mapping[str, Mapping[str, Block]]) -> dict[str, str]:
    """File → its text, for every file that has something to say; in the form of ``estate fmt``."""
    found = {}
    for file, kinds in FILES.items():
        content = {kind: dict(blocks[kind]) for kind in kinds if blocks.get(kind)}
        if content:
            found[file] = text(content, file)
    return found


def text(content: Mapping[str, Any], file: str) -> str:
    """A document."""
    yaml = YAML()
    yaml.width = 2**20
    out = StringIO()
    yaml.dump(_styled(content), out)
    return formatted(out.getvalue().encode(), file)


def _styled(value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - anything that YAML can say
    """Small mappings and lists of single values in one line, as a person would write them."""
    if isinstance(value, Mapping):
        made = CommentedMap({key: _styled(inner, depth + 1) for key, inner in value.items()})
        if depth > 1 and _single(value.values()) and len(str(value)) <= _FLAT:
            made.fa.set_flow_style()
        return made
    if isinstance(value, list | tuple):
        items = CommentedSeq([_styled(inner, depth + 1) for inner in value])
        if _single(value):
            items.fa.set_flow_style()
        return items
    return DoubleQuotedScalarString(value) if isinstance(value, str) and _needs_quotes(value) else value


def _needs_quotes(value: str) -> bool:
    return "[" in value or (value.replace("-", "").isdigit())


def _single(values: Iterable[object]) -> bool:
    return not any(isinstance(one, Mapping | list | tuple) for one in values)
