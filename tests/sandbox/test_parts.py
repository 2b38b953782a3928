"""How the programs get onto the machine, for real: apt, uv, and what they leave alone."""

import base64
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.parts import debian, openstack, programs
from toolchain.home import home

pytestmark = pytest.mark.sandbox

UPSTREAM = ("keystone", "glance", "openstack_placement", "nova", "neutron", "cinder", "oslo_vmware")


@pytest.fixture(scope="module")
def installed() -> programs.Programs:
    openstack.ensure()
    return programs.ensure()


@pytest.mark.usefixtures("installed")
def test_a_second_call_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)
    programs.ensure()
    openstack.ensure()


def test_the_programs_run_where_they_were_unpacked(installed: programs.Programs) -> None:
    for program in (installed.mariadbd, installed.mariadb, installed.qemu_img):
        done = subprocess.run(
            (program, "--version"), env=installed.environment, capture_output=True, text=True, check=True
        )
        assert "ersion" in done.stdout or "Ver" in done.stdout


def test_erlang_runs_from_its_new_place(installed: programs.Programs) -> None:
    expression = (
        'io:format("~s~n", [code:root_dir()]), {ok, _} = application:ensure_all_started(ssl), halt().'
    )
    done = subprocess.run(
        (installed.erl, "-noshell", "-eval", expression),
        env=installed.environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert Path(done.stdout.strip()) == installed.basedir / "lib" / "erlang"


def test_unpacking_changes_nothing_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = [Path(path) for path in ("/var/lib/dpkg", "/var/lib/apt", "/var/cache/apt", "/etc")]
    before = _snapshot(watched)
    monkeypatch.setenv("ESTATE_HOME", str(tmp_path))
    unpacked = debian.unpack()
    assert _snapshot(watched) == before
    assert [path for path in (tmp_path / "debian").iterdir() if path.is_dir()] == [unpacked]


def test_openstack_is_unchanged_upstream() -> None:
    """Every file of the packages is the one of the wheel, by the wheel's own hashes, and the version ours."""
    site = next((openstack.ensure() / "lib").glob("python3*")) / "site-packages"
    lock = openstack.LOCK.read_text()
    for name in UPSTREAM:
        (information,) = site.glob(f"{name}-[0-9]*.dist-info")
        version = information.name.removeprefix(f"{name}-").removesuffix(".dist-info")
        assert f"{name.replace('_', '-').replace('oslo-', 'oslo-')}=={version} " in lock
        files = [line.rsplit(",", 2) for line in (information / "RECORD").read_text().splitlines()]
        checked = [(site / path, digest) for path, digest, _ in files if digest and "bin/" not in path]
        assert len(checked) > 50
        assert [path for path, digest in checked if _digest(path) != digest.strip('"')] == []


def test_an_unfinished_installation_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESTATE_HOME", str(tmp_path))
    calls: list[tuple[str, ...]] = []
    folder = openstack.folder()

    def uv(*arguments: str) -> None:
        calls.append(arguments)
        folder.mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(openstack, "_uv", uv)
    folder.mkdir(parents=True)
    (folder / "half").touch()
    openstack.ensure()
    assert not (folder / "half").exists()
    openstack.ensure()
    assert [call[0] for call in calls] == ["venv", "pip"]


def test_without_a_compiler_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESTATE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match=r"needs a C compiler \(gcc\): apt-get install gcc"):
        openstack.ensure()


def test_without_apt_and_programs_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "available", lambda: False)
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(SandboxError, match=r"not found: mariadbd, .*qemu-img\..*Containerfile"):
        programs.ensure()


def test_a_package_that_apt_does_not_know_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESTATE_HOME", str(tmp_path))
    monkeypatch.setattr(debian, "WANTED", (("no-such-package",),))
    with pytest.raises(SandboxError, match="apt knows no package no-such-package: check that the sources"):
        debian.unpack()


def test_what_is_prepared_is_not_made_again() -> None:
    command = [sys.executable, "-c", "from cli import main; main()", "sandbox", "prepare"]
    for first in (True, False):
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        made = {
            one: one.stat().st_ino
            for kind in ("go/programs/*/*/*", "openstack/*/complete", "debian/*", "golden/*")
            for one in home().glob(kind)
        }
        if first:
            before = made
    assert {one.parent.parent.name for one in made} >= {"vcenter", "openstack"}
    assert made == before


def _digest(path: Path) -> str:
    raw = hashlib.sha256(path.read_bytes()).digest()
    return "sha256=" + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _snapshot(folders: list[Path]) -> dict[str, tuple[int, int]]:
    found = {}
    for folder in folders:
        for base, _, names in os.walk(folder):
            for name in names:
                path = Path(base) / name
                if not path.is_symlink() and path.exists():
                    found[str(path)] = (path.stat().st_mtime_ns, path.stat().st_size)
    return found
