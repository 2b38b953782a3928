import json
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, fields
from pathlib import Path

import pytest

from sandbox import ports, settings
from sandbox.errors import SandboxError
from sandbox.secrets import Secrets


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESTATE_HOME", str(tmp_path / "home"))


def test_settings_come_back_as_they_were_saved(tmp_path: Path) -> None:
    made = settings.create(tmp_path / "run", "RegionOne", vcenters=2)
    assert settings.load(tmp_path / "run") == made
    assert len(made.ports.vcenters) == 2


def test_only_the_owner_can_read_them(tmp_path: Path) -> None:
    run = settings.create(tmp_path / "run", "RegionOne").run
    assert stat.S_IMODE(run.stat().st_mode) == 0o700
    assert stat.S_IMODE((run / "settings.json").stat().st_mode) == 0o600


def test_no_secret_is_in_a_printed_setting(tmp_path: Path) -> None:
    made = settings.create(tmp_path / "run", "RegionOne")
    assert not [value for value in asdict(made.secrets).values() if value in repr(made)]


def test_every_sandbox_has_its_own_secrets_and_ports(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: settings.create(tmp_path / str(number), "R"), range(8)))
    taken = [port for one in made for port in _flat(one.ports)]
    assert len(set(taken)) == len(taken) == 8 * len(fields(ports.Ports))
    secrets = [value for one in made for value in asdict(one.secrets).values()]
    assert len(set(secrets)) == len(secrets) == 8 * len(fields(Secrets))


def test_a_port_that_somebody_listens_on_is_not_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = settings.create(tmp_path / "one", "R").ports
    block = _flat(first)
    monkeypatch.setattr(ports, "FIRST", min(block))
    monkeypatch.setattr(ports, "LAST", max(block))
    with socket.create_server(("127.0.0.1", block[0])):
        claimed = _flat(settings.create(tmp_path / "two", "R").ports)
    assert block[0] not in claimed


def test_claims_of_removed_sandboxes_are_dropped(tmp_path: Path) -> None:
    run = settings.create(tmp_path / "gone", "R").run
    (run / "settings.json").unlink()
    run.rmdir()
    settings.create(tmp_path / "new", "R")
    assert list(json.loads((tmp_path / "home" / "ports.json").read_text())) == [str(tmp_path / "new")]


def test_no_port_left_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "LAST", ports.FIRST + 3)
    with pytest.raises(SandboxError, match=r"no 11 free TCP ports on 127\.0\.0\.1 between 20000 and 20003"):
        settings.create(tmp_path / "run", "R")


def test_no_sandbox_and_a_broken_one_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="start it first"):
        settings.load(tmp_path)
    (tmp_path / "settings.json").write_text("{")
    with pytest.raises(SandboxError, match="start it anew"):
        settings.load(tmp_path)


def _flat(claimed: ports.Ports) -> list[int]:
    values = asdict(claimed)
    return [*values.pop("vcenters"), *values.values()]
