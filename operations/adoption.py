"""What exists becomes documents, and resources of the stack. Nothing is changed in the cloud.

The documents come first (``estate.adoption``). Then the program runs over them: it says which resources they
mean, each is looked up by what identifies it, and the engine imports it. What differs between the cloud and
the documents afterwards is noted or left (``estate.adoption.left``), or said.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from estate.adoption import Adopted, Found, LeftOut, describe
from estate.adoption.documents import FILES, fitted, text, texts, together
from estate.adoption.found import Thing
from estate.adoption.taking import Block, name_of
from estate.documents import DocumentsError, Loaded, load
from estate.model import Estate
from estate.model.partition import whole
from estate.model.subjects import subject
from estate.model.words import AS_WRITTEN
from estate.openstack import found as in_cloud
from estate.openstack.connection import cloud_faults, connect
from estate.openstack.sdk import Connection
from estate.vsphere import connections
from estate.vsphere import found as in_vcenter
from estate.vsphere.session import session
from operations import parts, target
from operations.errors import OperationError
from operations.importing import Import, Imported, Violation
from operations.stack import PROGRAM, Stack
from policies.clock import today
from policies.exemptions import rule_fault
from policies.over_documents import findings
from policies.properties import block_of
from toolchain.progress import Progress

_DAYS = 90
"""How long what was found is exempted from the rules that it breaks."""
_EXEMPTIONS = "exemptions.yaml"
_CHUNK = 1 << 20

Blocks = Mapping[str, Mapping[str, Block]]


@dataclass(frozen=True, kw_only=True)
class Report:
    """What an import did."""

    stack: str
    cloud: str
    written: tuple[Path, ...]
    """Documents."""
    left_out: tuple[LeftOut, ...]
    exempted: tuple[str, ...]
    """``KIND/NAME: RULE`` of the exemptions that the documents have now."""
    imported: Imported
    changes: tuple[str, ...]
    """What a preview would change now, a line for each resource; none if the import is whole."""


def adopt(loaded: Loaded, progress: Progress, *, sandbox: bool | None, overwrite: bool) -> Report:
    """Write the documents of what exists, and import it.

    Raises ``OperationError``, ``CloudError`` or ``ConnectionsError``, one sentence each.
    """
    if loaded.estate is None:
        raise DocumentsError("\n".join(str(problem) for problem in loaded.problems))
    if loaded.estate.parts:
        raise OperationError(
            f"{loaded.name} is in parts, and an import is into one stack: take parts out of the documents, "
            "import, and put them back (docs/parts.md says what moves to them)"
        )
    stack = target.stack(loaded, progress, sandbox=sandbox)
    progress.say(f"{stack.name} on {stack.cloud}")
    parts.enter(parts.Part(share=whole(loaded.estate), stack=stack), progress)
    _initialise(stack)
    with progress.step("Look at what is there") as step, stack.entered(), cloud_faults():
        found = observe(loaded.estate)
        step.note(f"{len(found.servers)} servers, {len(found.networks)} networks")
    folder = _Folder(loaded, overwrite=overwrite)
    adopted, exemptions = _described(found, folder.declared)
    folder.write({**adopted.blocks, "exemptions": exemptions})
    with stack.entered(), cloud_faults():
        _fetch_images(stack, loaded.folder, found, set(adopted.blocks.get("images", ())), progress)
    importing = Import(stack, progress, adopted.ids, adopted.unnamed)
    importing.bring_in()
    verified = importing.verified()
    if verified.violations:
        exemptions |= dict(_exemption(one.rule, _exempted(one)) for one in verified.violations)
        folder.write_exemptions(exemptions)
        verified = importing.verified()
    if verified.violations:
        raise OperationError("\n".join(f"{one.rule}: {one.message}" for one in verified.violations))
    return Report(
        stack=stack.name,
        cloud=stack.cloud,
        written=tuple(folder.written),
        left_out=adopted.left_out,
        exempted=tuple(f"{one['subject']}: {one['rule']}" for one in exemptions.values()),
        imported=importing.imported(),
        changes=verified.changes,
    )


def observe(estate: Estate) -> Found:
    """All that the cloud and the vCenters of an estate have."""
    found = in_cloud.observe(connect())
    for name, login in connections.load(estate.vcenters).items():
        with session(name, login) as service:
            found = replace(
                found,
                clusters=(*found.clusters, *in_vcenter.clusters(name, service)),
                datastores=(*found.datastores, *in_vcenter.datastores(name, service)),
            )
    return found


def _initialise(stack: Stack) -> None:
    """Have an empty stack where there is none of that name; it knows its documents, wherever they are."""
    if not stack.config_file.exists():
        named = stack.documents.parent == PROGRAM / "stacks"
        where = stack.documents.name if named else str(stack.documents)
        with stack.config_file.open("w") as file:
            YAML().dump({"config": {"estate:environment": where}}, file)
    if stack.pulumi("stack", "export", quiet=True).returncode:
        stack.create()


def _described(found: Found, declared: Mapping[str, Any]) -> tuple[Adopted, dict[str, Block]]:
    """What the documents will say, and the exemptions for rules that what exists breaks."""
    adopted = describe(found, declared)
    blocks = {kind: dict(named) for kind, named in adopted.blocks.items()}
    left = list(adopted.left_out)
    exemptions: dict[str, Block] = {}
    while True:
        said = together(together(declared, blocks), {"exemptions": exemptions})
        broken = [
            one
            for one in findings(Estate.model_validate(said), today())
            if one.severity == "error" and one.loc[1] in blocks.get(str(one.loc[0]), {})
        ]
        if not broken:
            return replace(adopted, blocks=blocks, left_out=tuple(sorted(left))), exemptions
        for one in broken:
            kind, name = str(one.loc[0]), str(one.loc[1])
            if rule_fault(one.rule) is None:
                exemptions |= dict([_exemption(one.rule, f"{kind}/{name}")])
            else:
                del blocks[kind][name]
                left.append(LeftOut(subject(one.loc), one.message))
        blocks, unfit = fitted(declared, blocks)
        left += unfit


def _exempted(violation: Violation) -> str:
    """The block that is exempted from a rule. Raises ``OperationError`` if there can be no exemption."""
    block = block_of(violation.urn)
    if block is None or rule_fault(violation.rule) is not None:
        raise OperationError(
            f"what exists breaks {violation.rule}, from which nothing can be exempted: {violation.message}"
        )
    return block


def _exemption(rule: str, about: str) -> tuple[str, Block]:
    """Name and block of an exemption; ``about``: ``KIND/NAME``."""
    block: Block = {
        "rule": rule,
        "subject": about,
        "owner": "to be named",
        "reason": "Found so by estate import",
        "ticket": "estate import",
        "expires": today() + timedelta(days=_DAYS),
    }
    return name_of(f"found-{about.rpartition('/')[2]}-{rule}", rule), block


class _Folder:
    """The documents of an environment: what they say, and what is written beside them."""

    def __init__(self, loaded: Loaded, *, overwrite: bool) -> None:
        self._folder = loaded.folder
        self._ours: list[Path] = []
        if overwrite:
            self._ours = [loaded.folder / file for file in FILES if (loaded.folder / file).exists()]
        self.written: list[Path] = []
        self._exemptions: Path | None = None
        self.declared = _said(_without(loaded, self._ours) if overwrite else loaded.estate)

    def write(self, blocks: Blocks) -> None:
        """The new blocks, each kind in its file; beside one that is there and may not be overwritten."""
        for path in self._ours:
            path.unlink()
        for file, content in texts(blocks).items():
            path = self._free(file)
            path.write_text(content, encoding="utf-8", newline="\n")
            self.written.append(path)
            if file == _EXEMPTIONS:
                self._exemptions = path

    def write_exemptions(self, exemptions: Mapping[str, Block]) -> None:
        """Those that the documents do not have already."""
        new = {
            name: block
            for name, block in exemptions.items()
            if name not in self.declared.get("exemptions", {})
        }
        if not new:
            return
        if self._exemptions is None:
            self._exemptions = self._free(_EXEMPTIONS)
            self.written.append(self._exemptions)
        self._exemptions.write_text(text({"exemptions": new}, _EXEMPTIONS), encoding="utf-8", newline="\n")

    def _free(self, file: str) -> Path:
        """``network.yaml``, or ``network-2.yaml`` if there is one already, …"""
        path, number = self._folder / file, 2
        while path.exists():
            path = self._folder / f"{Path(file).stem}-{number}.yaml"
            number += 1
        return path


def _without(loaded: Loaded, files: Iterable[Path]) -> Estate:
    """What a folder's documents say without some of them, which are back again afterwards."""
    kept = {path: path.read_bytes() for path in files}
    try:
        for path in kept:
            path.unlink()
        rest = load(loaded.folder)
    finally:
        for path, content in kept.items():
            path.write_bytes(content)
    if rest.estate is None:
        raise DocumentsError("\n".join(str(problem) for problem in rest.problems))
    return rest.estate


def _said(estate: Estate | None) -> dict[str, Any]:
    assert estate is not None
    return estate.model_dump(mode="json", context=AS_WRITTEN, exclude_unset=True)


def _fetch_images(
    stack: Stack, documents: Path, found: Found, new: Collection[str], progress: Progress
) -> None:
    """Have the file of each image that Glance has: the program names an image by its content.

    Raises ``OperationError`` if there is another file for an image that is ``new``.
    """
    loaded = load(documents)
    if loaded.estate is None:
        raise DocumentsError("\n".join(str(problem) for problem in loaded.problems))
    folder = Path(stack.environment.get("ESTATE_IMAGES") or documents / "images")
    things = {one["name"]: one for one in found.images}
    for name, image in loaded.estate.images.items():
        if image.file is None or name not in things:
            continue
        file = folder / image.file
        if not file.exists():
            with progress.step(f"Fetch image {name}"):
                _fetch(connect(), things[name], file)
        elif name in new:
            _compare(things[name], file)


def _fetch(cloud: Connection, thing: Thing, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    try:
        answer: Any = cloud.image.download_image(thing["id"], stream=True)
        with part.open("wb") as copy:
            for chunk in answer.iter_content(_CHUNK):
                copy.write(chunk)
        _compare(thing, part)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _compare(thing: Thing, file: Path) -> None:
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, thing["hash_algo"]).hexdigest()
    if digest != thing["hash_value"]:
        raise OperationError(
            f"{file} is not what Glance has as image {thing['name']} ({thing['hash_algo']}); move it away, "
            "and import again"
        )
