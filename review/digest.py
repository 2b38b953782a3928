"""Digests: equal ones mean that documents, policies, exemptions and tools are the same."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from review.value import Digest
from toolchain.versions import versions

_ROOT = Path(__file__).resolve().parents[1]
_PROGRAM = ("estate", "components")
"""Folders whose code decides what the documents become, beside ``__main__.py``."""


@cache
def tools() -> dict[str, str]:
    """Name → version of what takes part: this program, its SDKs, the engine and the plugins."""
    pinned = versions()
    return {
        "estate": f"{version('estate')}+{_sources('__main__.py', *_PROGRAM)[:12]}",
        "pulumi": pinned.engine.version,
        **{f"pulumi-{name}": number for name, number in sorted(pinned.plugins.items())},
        "pulumi-policy": version("pulumi-policy"),
    }


def digest(model: Mapping[str, Any], texts: Mapping[str, str]) -> Digest:
    """Of one environment: its resolved model, and what its user data files hold, by server."""
    exemptions = model["exemptions"]
    parts = {
        "model": sha256([{**model, "exemptions": None}, dict(texts)]),
        "policies": _sources("policies"),
        "exemptions": sha256(exemptions),
        "tools": sha256(tools()),
    }
    return Digest(documents=sha256(parts), **parts)


def together(digests: Iterable[tuple[str, Digest | None]]) -> str:
    """Of a whole review: environment and digest, in order."""
    return sha256([[name, one.documents if one else None] for name, one in digests])


def sha256(value: object) -> str:
    """Of a value as canonical JSON."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


@cache
def _sources(*names: str) -> str:
    """Of Python files, by their path and content."""
    places = [_ROOT / name for name in names]
    files = [file for place in places for file in (place.rglob("*.py") if place.is_dir() else [place])]
    whole = hashlib.sha256()
    for file in sorted(files):
        whole.update(f"{file.relative_to(_ROOT)}\0".encode())
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()
