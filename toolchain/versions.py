"""The pinned versions of ``versions.toml``, typed."""

import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Archives(_Record):
    """Official release archives: address and SHA-256 by platform, as the release itself calls it."""

    url: str
    sha256: dict[str, str]


class Release(_Record):
    """The Pulumi engine with its command line, or a plugin."""

    version: str
    archives: Archives


class Go(_Record):
    """The Go compiler: the oldest that will do, and the PyPI wheel that is taken where there is none."""

    minimum: str
    wheel: str
    sha256: dict[str, str]


class Versions(_Record):
    """All of ``versions.toml``; ``plugins`` by a provider's name."""

    engine: Release
    plugins: dict[str, Release]
    go: Go


@cache
def versions() -> Versions:
    """The pinned versions."""
    return Versions.model_validate(tomllib.loads(Path(__file__).with_name("versions.toml").read_text()))
