"""What is said before disks get smaller; the real services come in tests/rehearsal."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from pulumi.dynamic import Config, ConfigureRequest

from components.gates import gate
from components.gates.shrinking_disks import ShrinkingDisksProvider


class FakeCloud:
    """Nova and Cinder with one server and one volume, whose sizes are as they are, whatever was declared."""

    def __init__(self) -> None:
        self.compute = self.block_storage = self
        self.asked: list[str] = []

    def servers(self, *, details: bool, name: str) -> list[Any]:
        self.asked.append(name)
        assert details
        return [SimpleNamespace(flavor={"disk": 20})] if name == "^ledger\\-db$" else []

    def volumes(self, *, details: bool, name: str) -> list[Any]:
        self.asked.append(name)
        assert details
        return [SimpleNamespace(size=10)] if name == "ledger-db/data" else []


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> FakeCloud:
    fake = FakeCloud()
    monkeypatch.setattr(gate, "_connection", lambda _name: fake)
    return fake


def declared(
    disk: int, size: int, name: str = "ledger-db", key: str = "data", was: str | None = None
) -> dict[str, Any]:
    servers = {name: {"was": was or name, "size": disk}}
    volumes = {f"{name}/{key}": {"was": f"{was or name}/data", "size": size}}
    # As the engine hands them over: all numbers are floats.
    made: dict[str, Any] = json.loads(json.dumps({"servers": servers, "volumes": volumes}), parse_int=float)
    return made


def check(olds: dict[str, Any], news: dict[str, Any]) -> None:
    """What may be said, but is never refused, and never a difference."""
    provider = ShrinkingDisksProvider()
    provider.configure(ConfigureRequest(Config({}, "estate")))
    assert provider.check(dict(olds), dict(news)).failures == []
    assert not provider.diff("settled", dict(olds), dict(news)).changes


def test_what_shrinks_is_said_with_the_clouds_own_sizes(
    cloud: FakeCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    check(declared(40, 30), declared(10, 5))
    server, volume = capsys.readouterr().out.splitlines()
    assert server.startswith("server ledger-db: its root disk would shrink from 20 to 10 GiB")
    assert volume.startswith("volume ledger-db/data would shrink from 10 to 5 GiB, and Cinder only extends")


def test_what_never_was_as_large_as_declared_does_not_shrink(
    cloud: FakeCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    check(declared(40, 30), declared(20, 10))
    assert cloud.asked
    assert capsys.readouterr().out == ""


def test_nothing_is_asked_of_what_grows_or_comes(cloud: FakeCloud) -> None:
    check({}, declared(1, 1))
    check(declared(10, 5), declared(20, 10))
    check(declared(10, 5), declared(1, 1, "other"))
    assert cloud.asked == []


def test_the_renamed_is_asked_by_the_name_that_it_has(
    cloud: FakeCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    renamed = declared(10, 5, "general-ledger", "files", was="ledger-db")
    check(declared(20, 10), renamed)
    assert cloud.asked == ["^ledger\\-db$", "ledger-db/data"]
    assert len(capsys.readouterr().out.splitlines()) == 2
    check(renamed, declared(1, 1, "general-ledger", "files", was="ledger-db"))  # `was` may stay for a while
    assert cloud.asked[2:] == ["^general\\-ledger$", "general-ledger/files"]
