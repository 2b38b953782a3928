"""Tables: ``workloads: !table workloads.csv``, for people who live in spreadsheets.

A table has a row for each block and a column for each field; the column ``name`` is the block's key. A
field inside a field is a column with dots (``restriction.reason``), the items of a list are divided by
``;``, and an empty cell says nothing. The model says which columns there are, and whether a cell is text or
a number.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from estate.documents import shapes
from estate.documents.nodes import (
    AMBIGUOUS,
    LEADING_ZERO,
    MAX_BYTES,
    REMOVE,
    TABLE,
    Mapping,
    Node,
    Remove,
    Scalar,
    Sequence,
    Table,
    UnreadableError,
    decoded,
    resolved,
)
from estate.documents.problem import Position, Problem
from estate.model import Loc
from estate.model.nearest import nearest
from estate.model.secrets import TAG as SECRET
from estate.model.secrets import Secret
from estate.model.subjects import subject

NAME = "name"
_CELL = re.compile(r'\s*"(?:[^"]|"")*"[^,\r\n]*|[^,\r\n]*')
_ONLY_SPACE = re.compile(r"\s*")


class Reader:
    """Reads the tables that a document names."""

    def __init__(self, folder: Path) -> None:
        self.problems: list[Problem] = []
        self.files: list[Path] = []
        self.lost: list[Loc] = []
        """Where tables could not be read, so that what they say is not known."""
        self._folder = folder

    def into(self, tree: Mapping, loc: Loc = ()) -> None:
        """Put the blocks of every table where the document names it."""
        for key, node in tree.items.items():
            if isinstance(node, Table):
                tree.items[key] = self._table(node, (*loc, key))
            else:
                self._inside(node, (*loc, key))

    def _inside(self, node: Node, loc: Loc) -> None:
        if isinstance(node, Mapping):
            self.into(node, loc)
        elif isinstance(node, Sequence):
            for index, item in enumerate(node.items):
                self._inside(item, (*loc, index))

    def _table(self, node: Table, loc: Loc) -> Mapping:
        try:
            table = _Blocks(Mapping(node.position), loc)
            path = self._folder / node.file
            for row in _rows(self._text(path, node, loc), str(path)):
                table.add(row)
            self.problems += table.problems
        except UnreadableError as error:
            self.problems.append(error.problem)
            self.lost.append(loc)
            return Mapping(node.position)
        return table.blocks

    def _text(self, path: Path, node: Table, loc: Loc) -> str:
        if shapes.block_type((*loc, NAME)) is None:
            raise UnreadableError(
                "wrong-tag",
                f"{TABLE} stands for blocks with names, such as workloads; write the value here.",
                node.position,
            )
        try:
            if not path.resolve().is_relative_to(self._folder.resolve()):
                raise UnreadableError(
                    "unreadable",
                    f"expected a table in the folder of the document, got {node.file}.",
                    node.position,
                )
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except (OSError, ValueError) as error:  # ValueError: a path with a null byte
            beside = [one.name for one in self._folder.glob("*.csv") if one.is_file()]
            raise UnreadableError(
                "unreadable",
                f"the table {node.file} cannot be read: {getattr(error, 'strerror', None) or error}."
                + nearest(node.file, beside),
                node.position,
            ) from None
        self.files.append(path)
        return decoded(content, str(path))


class _Blocks:
    """The blocks of one table, row by row; the first row says what the columns are."""

    def __init__(self, blocks: Mapping, loc: Loc) -> None:
        self.blocks = blocks
        self.problems: list[Problem] = []
        self._loc = loc
        self._columns: list[_Column | None] | None = None

    def _problem(self, rule: str, message: str, position: Position, about: str = "table") -> None:
        self.problems.append(Problem(rule=rule, message=message, position=position, subject=about))

    def add(self, row: list[Scalar]) -> None:
        """Add the block of a row, or take the row as the header. Raises ``UnreadableError`` for a header
        without which the rows mean nothing."""
        if self._columns is None:
            self._columns = self._header(row)
            return
        beyond = next((cell for cell in row[len(self._columns) :] if cell.source), None)
        if beyond is not None:
            message = f"expected {len(self._columns)} cells in a row, as in the first, got more."
            self._problem("wrong-row", message, beyond.position)
        cells = [(column, cell) for column, cell in zip(self._columns, row, strict=False) if cell.source]
        key = next((cell for column, cell in cells if column and column.path == (NAME,)), None)
        if key is None:
            message = f"expected a name in the column {NAME}, got an empty cell."
            self._problem("missing-key", message, row[0].position)
        elif key.source in self.blocks.items:
            message = f"is defined twice; it stands at {self.blocks.keys[key.source]} already."
            self._problem("duplicate-block", message, key.position, subject((*self._loc, key.source)))
        else:
            block = Mapping(key.position)
            for column, cell in cells:
                if column is not None and cell is not key:
                    self._put(block, column, cell)
            self.blocks.items[key.source], self.blocks.keys[key.source] = block, key.position

    def _header(self, row: list[Scalar]) -> "list[_Column | None]":
        """The columns; ``None`` for one that is wrong, which has been said."""
        columns: list[_Column | None] = []
        seen: dict[str, Position] = {}
        if len(row) == 1 and ";" in row[0].source:
            raise UnreadableError(
                "wrong-row", "expected columns divided by commas, found semicolons.", row[0].position
            )
        for cell in row:
            column = None
            if cell.source in seen:
                message = (
                    f"the column {cell.source} is there twice; it stands at {seen[cell.source]} already."
                )
                self._problem("duplicate-key", message, cell.position)
            elif cell.source == NAME:
                column = _Column((NAME,), number=False, several=False)
            elif cell.source:
                column = self._column(cell)
            seen.setdefault(cell.source, cell.position)
            columns.append(column)
        if NAME not in seen:
            raise UnreadableError(
                "missing-key",
                f"expected a column {NAME} with the names of the blocks, found none.",
                row[0].position,
            )
        return columns

    def _column(self, cell: Scalar) -> "_Column | None":
        path = tuple(cell.source.split("."))
        inside: Loc = (*self._loc, NAME)
        for part in path:
            known = shapes.keys_at(inside)
            inside = (*inside, part)
            if known is not None and part not in known:
                hint = nearest(part, known)
                self._problem("unknown-key", f'unknown column "{cell.source}".{hint}', cell.position)
                return None
            if not part or shapes.annotation_at(inside) is None:
                hint = f"{inside[-2]} has no such part"
                self._problem("unknown-key", f'unknown column "{cell.source}": {hint}.', cell.position)
                return None
        sort = shapes.cell_of(inside)
        if sort is None:
            known = shapes.keys_at(inside)
            hint = f", such as {cell.source}.{known[0]}" if known else ""
            message = f'the column "{cell.source}" has parts that no cell can hold; give each a column{hint}.'
            self._problem("wrong-type", message, cell.position)
            return None
        return _Column(path, *sort)

    def _put(self, block: Mapping, column: "_Column", cell: Scalar) -> None:
        *above, last = column.path
        for part in above:
            inner = block.items.setdefault(part, Mapping(cell.position))
            block.keys.setdefault(part, cell.position)
            assert isinstance(inner, Mapping)  # the same path leads to the same type
            block = inner
        block.items[last], block.keys[last] = self._value(column, cell), cell.position

    def _value(self, column: "_Column", cell: Scalar) -> Node:
        text = cell.source
        if text == REMOVE:
            return Remove(cell.position)
        if text.startswith(f"{SECRET} "):
            try:
                return Scalar(cell.position, Secret(text.removeprefix(SECRET).strip()), text)
            except ValueError as error:
                self._problem("wrong-tag", f"{error}.", cell.position)
                return Scalar(cell.position, None, SECRET)
        items = [one.strip() for one in text.split(";") if one.strip()] if column.several else [text]
        if column.number and any(LEADING_ZERO.fullmatch(one) for one in items):
            self._problem("ambiguous-number", f"{AMBIGUOUS}; write it without.", cell.position)
        if not column.several:
            return Scalar(cell.position, resolved(text) if column.number else text, text)
        return Sequence(
            cell.position,
            [Scalar(cell.position, resolved(one) if column.number else one, one) for one in items],
        )


@dataclass(frozen=True)
class _Column:
    """A column: the field it is for, and how its cells are read."""

    path: tuple[str, ...]
    number: bool
    several: bool


def _rows(text: str, file: str) -> Iterator[list[Scalar]]:
    """The rows that have anything in them, as cells with their places.

    The values are the ``csv`` module's; the places are found again in the lines that it took.
    """
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in StringIO(text, newline=""):
            taken.append(line)
            yield line

    first = 1
    reader = csv.reader(lines(), strict=True)
    while True:
        try:
            values = next(reader, None)
        except csv.Error as error:
            message = f"no table: {error}; quotes inside a cell are doubled."
            raise UnreadableError("table-syntax", message, Position(file, first, 1)) from None
        if values is None:
            return
        raw = "".join(taken)
        taken.clear()
        if any(value.strip() for value in values):
            yield [
                Scalar(Position(file, first + line, column), value.strip(), value.strip())
                for value, (line, column) in zip(values, _places(raw, len(values)), strict=True)
            ]
        first = reader.line_num + 1


def _places(raw: str, count: int) -> Iterator[tuple[int, int]]:
    """Line (from 0) and column (from 1) in which each cell of a row begins."""
    at = 0
    for _ in range(count):
        lead = _ONLY_SPACE.match(raw, at)
        begin = lead.end() if lead and raw[lead.end() : lead.end() + 1] not in ("", ",", "\n") else at
        before = raw[:begin]
        yield before.count("\n"), begin - before.rfind("\n")
        cell = _CELL.match(raw, at)
        at = (cell.end() if cell else at) + 1
