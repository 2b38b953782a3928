"""``vcenters.yaml``: what is wrong with it, in one sentence, without a password; and a vCenter that hangs."""

import socket
from pathlib import Path

import pytest
from pydantic import SecretStr

from estate.vsphere.connections import ConnectionsError, Login, load
from estate.vsphere.session import session

GOOD = "vc1: {server: 'vc1.example.com:8443', username: estate, password: hunter2}\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "vcenters.yaml"
    monkeypatch.setenv("ESTATE_VCENTERS", str(path))
    path.touch(mode=0o600)
    return path


def wrong(content: str, file: Path) -> str:
    file.write_text(content)
    with pytest.raises(ConnectionsError) as caught:
        load(["vc1"])
    assert "hunter2" not in str(caught.value)
    assert str(file) in str(caught.value)
    return str(caught.value)


def test_a_login(file: Path) -> None:
    file.write_text(GOOD)
    login = load(["vc1"])["vc1"]
    assert (login.server, login.username) == ("vc1.example.com:8443", "estate")
    assert login.password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(login)


def test_without_vcenters_no_file_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESTATE_VCENTERS", "/nowhere")
    assert load([]) == {}


def test_no_file(file: Path) -> None:
    file.unlink()
    with pytest.raises(ConnectionsError, match="how to reach vCenter vc1"):
        load(["vc1"])


def test_readable_by_others(file: Path) -> None:
    file.chmod(0o644)
    assert f"chmod 600 {file}" in wrong(GOOD, file)


def test_another_vcenter(file: Path) -> None:
    assert "does not say how to reach vCenter vc1; it knows vc2" in wrong(GOOD.replace("vc1:", "vc2:"), file)


def test_not_yaml(file: Path) -> None:
    assert ":3: not YAML" in wrong("vc1:\n  server: [\n", file)


def test_not_a_mapping(file: Path) -> None:
    assert "valid dictionary" in wrong("- vc1\n", file)


def test_missing_and_unknown_keys(file: Path) -> None:
    said = wrong("vc1: {server: vc1, user: estate, password: hunter2}\n", file)
    assert "vc1.username: Field required" in said
    assert "vc1.user: Extra inputs" in said


def test_a_vcenter_that_takes_connections_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that hangs does: its kernel takes connections all the same."""
    monkeypatch.setattr("estate.vsphere.session.TIMEOUT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        login = Login(server=address, username="u", password=SecretStr("p"))
        says = r"vCenter vc1 .* does not answer: .*timed out"
        with pytest.raises(ConnectionsError, match=says), session("vc1", login):
            pass
