"""Digests: equal ones mean that documents, policies, exemptions and tools are the same."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from estate.documents import Loaded
from estate.documents.attachments import user_data
from estate.model.words import AS_WRITTEN
from review.value import Digest, Value
from toolchain.versions import versions

APPROVED = "ESTATE_APPROVED"
"""Variable in which the program gets the documents' digest that was approved."""

_ROOT = Path(__file__).resolve().parents[1]
_POLICIES = "policies"
_PROGRAM = ("__main__.py", "components", "estate", "requirements.lock", "toolchain/versions.toml")
"""What decides what the documents become: code, the packages that it needs, and the engine's version."""
_PACKAGES = ("openstacksdk", "pydantic", "pyvmomi")
"""Packages that take part beside Pulumi's: what reads the model, what gates speak with."""


@dataclass(frozen=True, kw_only=True)
class Contents(Value):
    """What a digest of documents is made of, one by one, so that a difference can be named."""

    blocks: Mapping[str, str]
    """``KIND/NAME`` of every block but exemptions, and ``estate`` → SHA-256."""
    user_data: Mapping[str, str]
    """Server → SHA-256 of the text that documents attach to it."""
    policies: Mapping[str, str]
    """File of the policy pack, relative to the repository → SHA-256."""
    exemptions: Mapping[str, str]
    """Name → SHA-256."""
    tools: Mapping[str, str]
    """Name → version."""

    @property
    def digest(self) -> Digest:
        """The digest of all of it, and of its parts."""
        parts = {
            "model": sha256([dict(self.blocks), dict(self.user_data)]),
            "policies": sha256(dict(self.policies)),
            "exemptions": sha256(dict(self.exemptions)),
            "tools": sha256(dict(self.tools)),
        }
        return Digest(documents=sha256(parts), **parts)


@dataclass(frozen=True)
class Sources:
    """What judges documents and makes resources of them: file → SHA-256."""

    policies: Mapping[str, str]
    program: Mapping[str, str]

    @classmethod
    def of(cls, root: Path = _ROOT) -> "Sources":
        """Of the files of a revision: its own, if it has a program beside its documents; else these here."""
        home = root if (root / _POLICIES / "PulumiPolicy.yaml").is_file() else _ROOT
        return cls(_hashes(home, _POLICIES), _hashes(home, *_PROGRAM))

    def differing(self, other: "Sources") -> tuple[list[str], list[str]]:
        """Files of the policy pack, and of the program, in which they differ."""
        return _differing(self.policies, other.policies), _differing(self.program, other.program)


def _differing(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    return sorted(file for file in one.keys() | other.keys() if one.get(file) != other.get(file))


def tools(sources: Sources | None = None) -> dict[str, str]:
    """Name → version of what takes part: the program, its packages, the engine and the plugins."""
    pinned = versions()
    program = (sources or Sources.of()).program
    return {
        "estate": f"{version('estate')}+{sha256(dict(program))[:12]}",
        "pulumi": pinned.engine.version,
        **{f"pulumi-{name}": plugin.version for name, plugin in sorted(pinned.plugins.items())},
        "pulumi-sdk": version("pulumi"),
        **{name: version(name) for name in _PACKAGES},
    }


def contents(model: Mapping[str, Any], texts: Mapping[str, str], sources: Sources | None = None) -> Contents:
    """Of one environment: its resolved model as documents write it, and its user data by server."""
    sources = sources or Sources.of()
    blocks = {"estate": model["estate"]}
    for kind, named in model.items():
        if kind not in ("estate", "exemptions"):
            blocks |= {f"{kind}/{name}": block for name, block in named.items()}
    return Contents(
        blocks={name: sha256(block) for name, block in blocks.items()},
        user_data={server: sha256(text) for server, text in texts.items()},
        policies=sources.policies,
        exemptions={name: sha256(one) for name, one in model["exemptions"].items()},
        tools=tools(sources),
    )


def contents_of(loaded: Loaded) -> Contents:
    """Of documents that describe an estate."""
    assert loaded.estate is not None
    return contents(
        loaded.estate.model_dump(mode="json", context=AS_WRITTEN),
        {server: attached(text) for server, text in user_data(loaded)[0].items()},
    )


def approval_of(loaded: Loaded) -> dict[str, str]:
    """Variables with which the program takes these documents for approved, if they describe an estate."""
    return {APPROVED: contents_of(loaded).digest.documents} if loaded.estate is not None else {}


def attached(text: str) -> str:
    """What stands for user data, which may hold anything: its SHA-256 and number of lines."""
    return f"{hashlib.sha256(text.encode()).hexdigest()} {len(text.splitlines())}"


def together(digests: Iterable[tuple[str, Digest | None]]) -> str:
    """Of a whole review: environment and digest, in order."""
    return sha256([[name, one.documents if one else None] for name, one in digests])


def sha256(value: object) -> str:
    """Of a value as canonical JSON."""
    return hashlib.sha256(canonical(value)).hexdigest()


def canonical(value: object) -> bytes:
    """A value as canonical JSON (RFC 8785, for texts, whole numbers, truth values and null; ASCII keys)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _hashes(root: Path, *names: str) -> dict[str, str]:
    """SHA-256 of files, and of the Python files of folders, by their path; what is not there is not told."""
    places = [root / name for name in names]
    files = [file for place in places for file in (place.rglob("*.py") if place.is_dir() else [place])]
    return {
        str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(files)
        if file.is_file()
    }
