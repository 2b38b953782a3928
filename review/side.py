"""One side of the comparison: an environment's documents, read and judged."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from estate.documents import DocumentsError, Loaded, Position, load
from estate.documents import Problem as Found
from estate.documents.attachments import user_data
from estate.model import Estate, Loc, Severity
from estate.model.words import AS_WRITTEN
from policies.over_documents import judged
from review import digest
from review.hiding import hidden
from review.value import Place, Reading


@dataclass(frozen=True, kw_only=True)
class Side:
    """What the documents say there."""

    reading: Reading
    why: str | None = None
    """Why it could not be read, one sentence."""
    loaded: Loaded | None = None
    root: Path = Path()
    """The repository's files as they are there; places are shown relative to it."""
    found: tuple[Found, ...] = ()
    """All that is wrong, with places relative to the repository."""
    texts: Mapping[str, str] | None = None
    """User data by server: SHA-256 and number of lines, since the text may hold anything."""

    @property
    def known(self) -> bool:
        """Whether anything is known of it, if only that there is nothing."""
        return self.loaded is not None or self.reading is Reading.ABSENT

    @property
    def estate(self) -> Estate | None:
        """The estate, if nothing is wrong with its text and its blocks."""
        return self.loaded.estate if self.loaded is not None else None

    @property
    def draft(self) -> Estate | None:
        """The blocks that are sound in themselves."""
        return self.loaded.draft if self.loaded is not None else None

    @cached_property
    def sources(self) -> digest.Sources:
        """What judges these documents, and makes resources of them."""
        return digest.Sources.of(self.root)

    @cached_property
    def data(self) -> dict[str, Any]:
        """The draft as documents write it, defaults filled in: kind → name → fields. Empty without one.

        (Blocks themselves are not compared: what they have computed once is part of pydantic's equality.)
        """
        if self.draft is None:
            return {}
        dumped: dict[str, Any] = self.draft.model_dump(mode="json", context=AS_WRITTEN)
        return dumped

    def place(self, loc: Loc) -> Place | None:
        """Where a value stands, or the nearest thing around it."""
        if self.loaded is None:
            return None
        return place(_relative(self.loaded.where(loc), self.root))

    def has(self, loc: Loc) -> bool:
        """Whether a document says it, and no default."""
        return self.loaded is not None and self.loaded.origin(loc) is not None

    def may_have(self, loc: Loc, other: "Side") -> bool:
        """Whether a block that only the other side has is merely not seen here: its file has errors."""
        at = other.place(loc)
        if self.loaded is None or self.estate is not None or at is None:
            return False
        return any(one.severity == Severity.ERROR and one.position.file == at.file for one in self.found)


ABSENT = Side(reading=Reading.ABSENT)
OUT_OF_REACH = Side(reading=Reading.UNREADABLE, why="its revision cannot be had")


def side(folder: Path, root: Path, *, python: bool | None = None) -> Side:
    """Read and judge the documents of a folder below ``root`` (absolute). Never raises for what they say."""
    if not folder.is_dir():
        return ABSENT
    try:
        loaded = load(folder, python=python)
        found = judged(loaded)
    except DocumentsError as error:
        return Side(reading=Reading.UNREADABLE, why=_without(str(error), root), root=root)
    if loaded.estate is not None:
        reading = Reading.READ
    else:
        reading = Reading.FAULTY if loaded.draft is not None else Reading.UNREADABLE
    return Side(
        reading=reading,
        why=None if reading is Reading.READ else "its documents have errors, which are among the findings",
        loaded=loaded,
        root=root,
        found=tuple(
            replace(one, position=_relative(one.position, root), message=hidden(_without(one.message, root)))
            for one in found
        ),
        texts=_texts(loaded),
    )


def place(position: Position) -> Place:
    """As a review has it."""
    return Place(file=position.file, line=position.line, column=position.column)


def _texts(loaded: Loaded) -> dict[str, str]:
    if loaded.estate is None:
        return {}
    texts = user_data(loaded)[0]
    return {server: digest.attached(text) for server, text in texts.items()}


def _relative(position: Position, root: Path) -> Position:
    return position._replace(file=_without(position.file, root))


def _without(text: str, root: Path) -> str:
    return text.replace(f"{root}/", "")
