"""What is being taken: blocks by kind and name, what is left out, and ids of what carries no name of ours."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import TypeAdapter, ValidationError

from estate.adoption.found import LeftOut, Thing
from estate.model.subjects import LABELS
from estate.model.words import Name

Block = dict[str, Any]
_NAMES: TypeAdapter[str] = TypeAdapter(Name)


class Taking:
    """Collects. ``names`` leads from ids of the cloud to names of blocks, for who refers to them."""

    def __init__(self) -> None:
        self.blocks: dict[str, dict[str, Block]] = {}
        self.left_out: list[LeftOut] = []
        self.notes: list[tuple[str, str, LeftOut]] = []
        """Of blocks (kind, name) that are taken: what is not said of them, or is a placeholder."""
        self.names: dict[str, dict[str, str]] = {}
        """Kind → id in the cloud → block."""
        self.ids: dict[str, dict[str, str]] = {}
        """Pulumi type → name that its component gives it → id, for what has another name in the cloud."""
        self.unnamed: set[str] = set()
        """Of those ``TYPE::NAME`` of what has no name at all."""

    def take(self, kind: str, name: str, block: Block, identity: str | None = None) -> None:
        """One more block, without the keys that say nothing."""
        said = {key: value for key, value in block.items() if value not in (None, "", [], {})}
        self.blocks.setdefault(kind, {})[name] = said
        if identity is not None:
            self.names.setdefault(kind, {})[identity] = name

    def leave(self, label: str, name: str, reason: str) -> None:
        """Something is not described."""
        self.left_out.append(LeftOut(f'{label} "{name}"' if name else label, reason))

    def note(self, kind: str, name: str, field: str, reason: str) -> None:
        """Something of a block is not as it is, or a placeholder."""
        self.notes.append((kind, name, LeftOut(f'{LABELS[kind]} "{name}", {field}', reason)))

    def known(self, kind: str, identity: str | None) -> str | None:
        """Name of the block that stands for an id; ``None`` if none does."""
        return self.names.get(kind, {}).get(identity or "")

    def named(self, label: str, things: Iterable[Thing]) -> Iterator[tuple[str, Thing]]:
        """Those whose name can name a block, by name; the others are left out."""
        listed = sorted(things, key=lambda one: (str(one.get("name") or ""), str(one.get("id"))))
        times = Counter(one.get("name") for one in listed)
        for one in listed:
            name = one.get("name") or ""
            if not name:
                self.leave(f"{label} {one.get('id')}", "", "it has no name; give it one and import again")
            elif not is_name(name):
                self.leave(
                    label,
                    name,
                    "its name is not valid in the language: expected lower-case letters, digits, dots, "
                    "underscores and hyphens, at most 63 characters; rename it and import again",
                )
            elif times[name] > 1:
                self.leave(
                    label,
                    name,
                    f"{times[name]} have this name (this one has the id {one.get('id')}), and a name stands "
                    "for one block; rename all but one, and import again",
                )
            else:
                yield name, one


def is_name(text: str) -> bool:
    """Whether it can name a block."""
    try:
        _NAMES.validate_python(text)
    except ValidationError:
        return False
    return True


def name_of(text: str, otherwise: str) -> str:
    """A text as a name of the language, as near as can be."""
    made = re.sub(r"[^a-z0-9._-]+", "-", text.lower())[:63].strip("-._")
    return made if is_name(made) else otherwise


def size(mebibytes: float) -> str:
    """``8192`` → ``8 GiB``."""
    whole = int(mebibytes)
    return f"{whole // 1024} GiB" if whole % 1024 == 0 else f"{whole} MiB"
