"""What changes between two sides, in words of the language: blocks and their fields, old and new."""

from collections.abc import Iterator, Mapping
from typing import TypeGuard

from estate.documents.nodes import REMOVE, TABLE, Node, Remove, Scalar, Sequence, Table
from estate.documents.nodes import Mapping as MappingNode
from estate.model import Estate, Loc
from estate.model.secrets import TAG, Secret
from estate.model.subjects import subject
from estate.model.words import AS_WRITTEN, ranges
from review.hiding import HIDDEN, hidden, is_secret
from review.side import Side
from review.value import Action, Change

SETTINGS = "estate"
_RANGED = {("hosts",), ("members",)}
"""Fields that documents may write as ranges."""
_BRIEF = 300
"""Characters of a block that is added or removed."""

_Blocks = Mapping[tuple[str, str], object]
"""(kind, name) → a block as documents write it."""
Renames = Mapping[tuple[str, str], tuple[str, str]]
"""(kind, name) of a block → what it was called before."""


def changes(environment: str, before: Side, after: Side) -> tuple[Change, ...]:
    """Every difference, by kind and name in the order of the head, what it removes last.

    Estates are compared as they are resolved; where a side has none, what the documents say. A block that
    is missing there has neither come nor gone if the file that has it elsewhere could not be read.
    """
    old, new = _blocks(before, after), _blocks(after, before)
    found = list(_changes(environment, before, after, old, new))
    found += _attached(environment, before, after)
    kinds = list(Estate.model_fields)
    return tuple(sorted(found, key=lambda one: kinds.index(one.kind) if one.kind in kinds else len(kinds)))


def renames(before: Side, after: Side) -> Renames:
    """Which blocks of the head are others of the base under a new name."""
    return _renamed(_blocks(before, after), _blocks(after, before))


def _blocks(side: Side, other: Side) -> _Blocks:
    if side.loaded is None:
        return {}
    if side.draft is not None and (other.draft is not None or other.loaded is None):
        data = side.data
    else:
        data = {kind: _plain(node) for kind, node in side.loaded.root.items.items()}
    return {
        (kind, name): block
        for kind, blocks in data.items()
        for name, block in (
            blocks.items() if isinstance(blocks, Mapping) and kind != SETTINGS else [(kind, blocks)]
        )
    }


def _plain(node: Node) -> object:
    """The value as it was written; of a tag that could not be followed, the tag."""
    match node:
        case Scalar():
            return str(node.value) if isinstance(node.value, Secret) else node.value
        case Sequence():
            return [_plain(item) for item in node.items]
        case MappingNode():
            return {key: _plain(item) for key, item in node.items.items()}
        case Remove():
            return REMOVE
        case Table():
            return f"{TABLE} {node.file}"


def _changes(environment: str, before: Side, after: Side, old: _Blocks, new: _Blocks) -> Iterator[Change]:
    def change(key: tuple[str, str], action: Action, was: str | None, now: str | None) -> Change:
        kind, name = key
        loc = _loc(kind, name)
        return Change(
            environment=environment,
            kind=kind,
            name=environment if kind == SETTINGS else name,
            subject=subject(loc),
            action=action,
            field=None,
            old=was,
            new=now,
            place=after.place(loc) if key in new else None,
            old_place=before.place(loc) if key in old else None,
        )

    def fields(key: tuple[str, str], earlier: str, was: object, now: object) -> Iterator[Change]:
        kind, name = key
        for path, first, then in _fields(_but_was(was), _but_was(now), ()):
            loc = _loc(kind, name, *path)
            yield Change(
                environment=environment,
                kind=kind,
                name=environment if kind == SETTINGS else name,
                subject=subject(loc),
                action=Action.CHANGED,
                field=".".join(path),
                old=first,
                new=then,
                place=after.place(loc),
                old_place=before.place(_loc(kind, earlier, *path)),
            )

    renamed = _renamed(old, new)
    for key, block in new.items():
        earlier = renamed.get(key, key)
        if earlier in old:
            if earlier != key:
                yield change(key, Action.RENAMED, earlier[1], key[1])
            if block != old[earlier]:
                yield from fields(key, earlier[1], old[earlier], block)
        elif not before.may_have(_loc(*key), after):
            yield change(key, Action.ADDED, None, _brief(after, key, block))
        elif (was := _written(before, key)) is not None:
            yield from fields(key, key[1], was, _written(after, key))
    for key, block in old.items():
        if key in new or key in renamed.values():
            continue
        if not after.may_have(_loc(*key), before):
            yield change(key, Action.REMOVED, _brief(before, key, block), None)
        elif (now := _written(after, key)) is not None:
            yield from fields(key, key[1], _written(before, key), now)


def _written(side: Side, key: tuple[str, str]) -> object:
    """A block as it was written, sound or not."""
    kind, name = key
    blocks = side.loaded.root.items.get(kind) if side.loaded is not None else None
    node = blocks.items.get(name) if isinstance(blocks, MappingNode) else None
    return None if node is None else _plain(node)


def _renamed(old: _Blocks, new: _Blocks) -> Renames:
    found = {}
    for (kind, name), block in new.items():
        was = block.get("was") if isinstance(block, Mapping) else None
        if not isinstance(was, str) or (kind, name) in old:
            continue
        if (kind, was) in old and (kind, was) not in new:
            found[kind, name] = (kind, was)
    return found


def _loc(kind: str, name: str, *path: str) -> Loc:
    return (kind, *path) if kind == SETTINGS else (kind, name, *path)


def _but_was(block: object) -> object:
    """Without the name before a rename, which is a change of its own."""
    return (
        {key: value for key, value in block.items() if key != "was"} if isinstance(block, Mapping) else block
    )


def _fields(
    old: object, new: object, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str | None, str | None]]:
    """Leaves that differ: path, old text, new text."""
    if old == new:
        return
    if _is_tree(old) and _is_tree(new):
        for key in dict.fromkeys([*new, *old]):
            yield from _fields(old.get(key), new.get(key), (*path, str(key)))
        return
    if _has_parts(old) and _has_parts(new):
        gone = [one for one in old if one not in new]
        come = [one for one in new if one not in old]
        yield from ((path, _text(one, path), None) for one in gone)
        yield from ((path, None, _text(one, path)) for one in come)
        if gone or come:
            return
    was, now = _text(old, path), _text(new, path)
    if was == now and was is not None:
        now = f"{now}, changed"
    yield path, was, now


def _is_tree(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, Mapping) and list(value) != [TAG]


def _has_parts(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list) and any(isinstance(one, Mapping) for one in value)


def _brief(side: Side, key: tuple[str, str], block: object) -> str:
    """A block in one line, without what it does not say."""
    kind, name = key
    if (
        side.draft is not None
        and isinstance(blocks := getattr(side.draft, kind, None), Mapping)
        and name in blocks
    ):
        block = blocks[name].model_dump(mode="json", context=AS_WRITTEN, exclude_defaults=True)
    text = (_text(_but_was(block), ()) or "").removeprefix("{").removesuffix("}")
    return text if len(text) <= _BRIEF else f"{text[: _BRIEF - 1]}…"


def _text(value: object, path: tuple[str, ...]) -> str | None:  # noqa: PLR0911 - a table
    """A value in one line."""
    if value is None:
        return None
    if path[-2:] == ("user_data", "text") or (path[-1:] == ("user_data",) and isinstance(value, str)):
        return f"({len(str(value).splitlines())} lines)"
    if isinstance(value, Mapping) and list(value) == [TAG]:
        return f"{TAG} {value[TAG]}"
    if path and is_secret(path[-1]) and not isinstance(value, bool | Mapping):
        return HIDDEN
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        parts = [
            f"{key}: {_text(inner, (*path, str(key)))}" for key, inner in value.items() if inner is not None
        ]
        return f"{{{', '.join(parts)}}}"
    if isinstance(value, list):
        texts = [str(_text(one, path)) for one in value]
        return ", ".join(ranges(texts) if path[-1:] in _RANGED else texts)
    return hidden(str(value))


def _attached(environment: str, before: Side, after: Side) -> Iterator[Change]:
    """Files of user data whose content changes while the documents name the same file."""
    old, new = before.estate, after.estate
    if old is None or new is None:
        return
    was, now = before.texts or {}, after.texts or {}
    for name, workload in new.workloads.items():
        earlier = old.workloads.get(name)
        servers = [one for one in workload.servers if one in was and one in now and was[one] != now[one]]
        if (
            not servers
            or earlier is None
            or workload.user_data != earlier.user_data
            or workload.user_data is None
        ):
            continue
        loc = ("workloads", name, "user_data", "file")
        yield Change(
            environment=environment,
            kind="workloads",
            name=name,
            subject=subject(loc),
            action=Action.CHANGED,
            field="user_data.file",
            old=f"{workload.user_data.file} ({_lines(was[servers[0]])})",
            new=f"{workload.user_data.file} ({_lines(now[servers[0]])}, changed)",
            place=after.place(loc),
            old_place=before.place(loc),
        )


def _lines(digest: str) -> str:
    return f"{digest.split()[1]} lines"
