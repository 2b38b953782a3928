"""The documents of an environment and of the folders that it extends, put together as one tree."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from estate.documents import folder as folders
from estate.documents.folder import DocumentsError
from estate.documents.merging import leftovers, merge
from estate.documents.names import Unread
from estate.documents.nodes import MAX_BYTES, Document, Mapping, Node, Remove, Scalar, parse
from estate.documents.problem import Position, Problem
from estate.documents.shapes import KINDS, NAMED_KINDS
from estate.model.nearest import nearest
from estate.model.subjects import subject

EXTENDS = "extends"
"""The key, beside the kinds, that names the folder below."""
MAX_LAYERS = 16
"""Folders below each other; two or three are usual."""


class Layers:
    """Reads a folder and those below it."""

    def __init__(self, *, python: bool) -> None:
        self.problems: list[Problem] = []
        self.whole = True
        """Whether everything could be read, so that what is not here is nowhere."""
        self.unread = Unread()
        """What may have been defined elsewhere than in the tree."""
        self.files: list[Path] = []
        """All documents, tables and programs that were read."""
        self._python = python
        self._marks = False
        self._above: dict[Path, Position] = {}
        """The folders on the way to the present one, with the places where each extends the next."""

    def read(self, folder: Path) -> Mapping:
        """The tree of a folder over those below it.

        Raises ``DocumentsError`` if the folder cannot be read or has no documents.
        """
        tree = self._read(folder)
        if self._marks:
            self.problems += leftovers(tree)
        return tree

    def _read(self, folder: Path) -> Mapping:
        paths = folders.documents(folder)
        layer = _Folder(self, Position(str(paths[0]), 1, 1))
        for path in paths:
            layer.add(path)
        self._below_unread(folder)
        if layer.extends is None:
            return layer.root
        below = self._below(folder, *layer.extends)
        if below is None:
            return layer.root
        self.problems += merge(below, layer.root)
        return below

    def _below_unread(self, folder: Path) -> None:
        """Refuse documents in folders inside of this one, unless such a folder is an environment or a layer
        itself: whoever put them there thinks that they are read.
        """
        for inner in folders.inside(folder):
            try:
                paths = folders.documents(inner)
            except DocumentsError:  # it has none
                continue
            said = {
                path: root
                for path in paths
                if path.suffix == ".yaml" and isinstance(root := self._glance(path), Mapping)
            }
            if any({EXTENDS, "estate"} & set(root.items) for root in said.values()):
                continue
            for path, root in said.items():
                if root.items and root.items.keys() <= set(KINDS):  # and no file of another tool
                    self.lost(
                        "folder-not-read",
                        f"only the documents of {folder} itself are read, and this one is in a folder inside "
                        f"of it. Move it to {folder / path.name}; a folder that is an environment of its own "
                        "says extends; one whose name begins with a dot is left alone.",
                        Position(str(path), 1, 1),
                        hides=partial(self.unread.node, root),
                    )

    @staticmethod
    def _glance(path: Path) -> Node | None:
        """What a file says, as far as it can be read."""
        try:
            with path.open("rb") as file:
                return parse(file.read(MAX_BYTES + 1), str(path)).root
        except OSError:
            return None

    def _below(self, folder: Path, path: str, position: Position) -> Mapping | None:
        """The tree of the folder that ``folder`` extends."""
        target = Path(os.path.normpath(folder / path))
        self._above[folder.resolve()] = position
        try:
            if not target.is_dir():
                beside = [f"../{one.name}" for one in folder.resolve().parent.iterdir() if one.is_dir()]
                self.lost(
                    "unknown-folder",
                    f"expected a folder of documents to extend, found none at {target}."
                    + nearest(path, beside),
                    position,
                )
                return None
            if len(self._above) > MAX_LAYERS:
                self.lost("nested-too-deeply", f"expected at most {MAX_LAYERS} layers, got more.", position)
                return None
            if again := self._above.get(target.resolve()):
                self.lost(
                    "extends-in-a-circle",
                    f"{target} leads back to here: it extends another folder at {again}; "
                    "one of the two must go.",
                    position,
                )
                return None
            return self._read(target)
        except (DocumentsError, OSError, ValueError) as error:  # ValueError: a path with a null byte
            self.lost("unknown-folder", f"{error}{'' if str(error).endswith('.') else '.'}", position)
            return None

    def document(self, path: Path) -> Document:
        """What a file says."""
        start = Position(str(path), 1, 1)
        try:
            if path.suffix == ".py":
                if not self._python:
                    self.lost(
                        "python-refused",
                        "would have to be executed, which --no-python (or ESTATE_NO_PYTHON) refuses; "
                        "whoever trusts its author reads the documents without it.",
                        start,
                    )
                    return Document(None, [], marks=False)
                from estate.documents import programs  # noqa: PLC0415 - few environments have one

                self.files.append(path)
                return programs.run(path)
            if path.suffix != ".yaml":
                message = f"documents end in .yaml; rename it to {path.stem}.yaml."
                self.lost("unreadable", message, start, hides=partial(self.unread.file, path))
                return Document(None, [], marks=False)
            if not path.is_file():
                self.lost("unreadable", "expected a file, found something else.", start)
                return Document(None, [], marks=False)
            self.files.append(path)
            with path.open("rb") as file:
                document = parse(file.read(MAX_BYTES + 1), str(path))
        except OSError as error:
            self.lost("unreadable", f"cannot be read: {error.strerror or error}.", start)
            return Document(None, [], marks=False)
        if document.marks and isinstance(document.root, Mapping):
            from estate.documents import tables  # noqa: PLC0415 - few environments have one

            self._marks = True
            read = tables.Reader(path.parent)
            read.into(document.root)
            self.problems += read.problems
            self.files += read.files
            self.whole = self.whole and not read.lost
            for loc in read.lost:
                self.unread.kind(str(loc[0])) if loc[0] in KINDS else self.unread.anything()
        return document

    def lost(
        self, rule: str, message: str, position: Position, *, hides: Callable[[], None] | None = None
    ) -> None:
        """A problem that hides what may have been said there; ``hides`` says what, anything if absent."""
        self.whole = False
        (hides or self.unread.anything)()
        if all(position != said.position for said in self.problems):  # its text is at fault already
            self.problems.append(Problem(rule=rule, message=message, position=position))


class _Folder:
    """The documents of one folder, put together one by one: order and split mean nothing."""

    def __init__(self, layers: Layers, start: Position) -> None:
        self.root = Mapping(start)
        self.extends: tuple[str, Position] | None = None
        self._layers = layers
        self._extends_key: Position | None = None

    def add(self, path: Path) -> None:
        document = self._layers.document(path)
        self._layers.problems += document.problems
        for node in document.dropped:
            self._layers.unread.node(node)
        if any(problem.rule == "no-anchors" for problem in document.problems):
            self._layers.unread.node(document.root)  # it may have been meant for another place, too
        match document.root:
            case Mapping() as root:
                for kind, node in root.items.items():
                    self._add_kind(kind, node, root.keys[kind])
            case None:
                if document.problems:
                    self._layers.whole = False
                    self._layers.unread.file(path)
            case root:
                self._layers.lost(
                    "wrong-type",
                    "expected kinds of blocks (workloads: …) as keys.",
                    root.position,
                    hides=partial(self._layers.unread.node, root),
                )

    def _add_kind(self, kind: str, node: Node, key: Position) -> None:
        if kind == EXTENDS:
            self._add_extends(node, key)
        elif kind not in KINDS:
            # Only a mapping can have been meant for a kind; a text, for what this folder extends.
            is_kind = isinstance(node, Mapping)
            self._layers.lost(
                "unknown-key",
                f'there is no kind "{kind}".{nearest(kind, [*KINDS, EXTENDS])}',
                key,
                hides=partial(self._layers.unread.node, node) if is_kind else None,
            )
        elif kind not in NAMED_KINDS:
            self._add(self.root, kind, node, key, subject((kind,)))
        elif not isinstance(node, Mapping):
            message = (
                f"a kind cannot be removed as a whole, only its blocks: {kind}: {{NAME: !remove }}."
                if isinstance(node, Remove)
                else f"expected blocks (name: …) under {kind}; without any, remove the key."
            )
            self._layers.lost(
                "wrong-type", message, node.position, hides=partial(self._layers.unread.kind, kind)
            )
        else:
            blocks = self.root.items.setdefault(kind, Mapping(node.position))
            self.root.keys.setdefault(kind, key)
            assert isinstance(blocks, Mapping)
            for name, block in node.items.items():
                self._add(blocks, name, block, node.keys[name], subject((kind, name)))

    def _add_extends(self, node: Node, key: Position) -> None:
        if self._extends_key is not None:
            message = f"{EXTENDS} is said twice in this folder; it stands at {self._extends_key} already."
            self._layers.lost("duplicate-key", message, key)
        elif not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.value:
            self._layers.lost("wrong-type", "expected the path of a folder, such as ../base.", node.position)
        else:
            self._extends_key, self.extends = key, (node.value, node.position)

    def _add(self, into: Mapping, name: str, node: Node, key: Position, about: str) -> None:
        if name in into.items:
            message = f"is defined twice; it stands at {into.keys[name]} already."
            self._layers.problems.append(
                Problem(rule="duplicate-block", message=message, position=key, subject=about)
            )
            self._layers.unread.node(node)  # of an array, its volume types
        else:
            into.items[name], into.keys[name] = node, key
