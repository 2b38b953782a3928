"""The three ways to an engine, their choice and their faults. The engine here is a script."""

import hashlib
import io
import os
import platform
import stat
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from toolchain import download, engine
from toolchain.engine import Way
from toolchain.errors import ToolchainError
from toolchain.progress import Progress
from toolchain.versions import Versions, versions

PULUMI = """#!/bin/sh
# An engine that knows its version and writes down what it is asked to do.
if [ "$1" = version ]; then echo "v{version}"; exit; fi
echo "$* $PULUMI_HOME" | sed -E 's|--file [^ ]*/|--file |' >> "{log}"
[ "$5" = --file ] && [ ! -s "$6" ] && exit 3
exit {code}
"""


PLUGIN = b"an archive that only the engine looks into"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        pass


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own, no pulumi on PATH, nothing asked for, no official downloads."""
    monkeypatch.setenv("ESTATE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ESTATE_TOOLCHAIN", raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    pin(monkeypatch, "http://127.0.0.1:9", "0" * 64)
    return tmp_path


def pin(monkeypatch: pytest.MonkeyPatch, url: str, sha256: str, plugin: str | None = None) -> None:
    """Let the official archives be those at ``url``; ``plugin`` is the SHA-256 of theirs."""
    pinned = versions().model_dump()
    pinned["engine"]["archives"] = {"url": url, "sha256": {"linux-x64": sha256, "linux-arm64": sha256}}
    of_plugins = plugin or sha256
    for name in pinned["plugins"]:
        sums = {"linux-amd64": of_plugins, "linux-arm64": of_plugins}
        pinned["plugins"][name] = {"version": "1.2.3", "archives": {"url": url, "sha256": sums}}
    for module in (download, engine):
        monkeypatch.setattr(module, "versions", lambda: Versions.model_validate(pinned))


def put_pulumi(machine: Path, monkeypatch: pytest.MonkeyPatch, version: str, code: int = 0) -> Path:
    folder = machine / "bin"
    folder.mkdir()
    pulumi = folder / "pulumi"
    pulumi.write_text(PULUMI.format(version=version, log=machine / "log", code=code))
    pulumi.chmod(0o755)
    (folder / "pulumi-language-python").write_text("")
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return pulumi


@pytest.fixture
def archive(machine: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[bytes]:
    """The engine's official archive, served with those of the plugins where versions.toml says."""
    script = PULUMI.format(version="3.259.0", log=machine / "log", code=0).encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name in ("pulumi", "pulumi-language-python"):
            entry = tarfile.TarInfo(f"pulumi/{name}")
            entry.size, entry.mode = len(script), 0o755
            tar.addfile(entry, io.BytesIO(script))
    content = packed.getvalue()
    release = machine / "served" / "v3.259.0"
    release.mkdir(parents=True)
    for its in ("linux-x64", "linux-arm64"):
        (release / f"pulumi-v3.259.0-{its}.tar.gz").write_bytes(content)
    for plugin in versions().plugins:
        for its in ("linux-amd64", "linux-arm64"):
            file = f"pulumi-resource-{plugin}-v1.2.3-{its}.tar.gz"
            (machine / "served" / file).write_bytes(PLUGIN)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=machine / "served"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    pin(monkeypatch, url, hashlib.sha256(content).hexdigest(), hashlib.sha256(PLUGIN).hexdigest())
    yield content
    server.shutdown()
    server.server_close()


def plugins_fetched(machine: Path) -> list[str]:
    log = machine / "log"
    return log.read_text().splitlines() if log.exists() else []


def test_way_download_verifies_unpacks_and_fetches_the_official_plugins(
    machine: Path, archive: bytes
) -> None:
    toolchain = engine.install(Progress())
    assert toolchain.way == "download"
    assert toolchain.pulumi == machine / "home" / "pulumi" / "bin" / "pulumi"
    assert toolchain.pulumi.with_name("pulumi-language-python").exists()
    home = machine / "home" / "pulumi"
    here = {"x86_64": "linux-amd64", "aarch64": "linux-arm64"}[platform.machine()]
    assert plugins_fetched(machine) == [
        f"plugin install resource {name} 1.2.3 --file pulumi-resource-{name}-v1.2.3-{here}.tar.gz "
        f"--non-interactive {home}"
        for name in ("openstack", "vsphere")
    ]
    assert not list((machine / "home").glob(".download-*"))


def test_way_download_with_a_python_that_has_no_filters(
    machine: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as Debian 12's."""
    monkeypatch.delattr(tarfile, "data_filter", raising=False)
    assert engine.install(Progress()).pulumi.exists()


def test_an_archive_with_another_checksum_is_not_installed(
    machine: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin(monkeypatch, download.archive_url().split("/v3.")[0], "1" * 64)
    with pytest.raises(ToolchainError, match=f"has the SHA-256 {hashlib.sha256(archive).hexdigest()}, but"):
        engine.install(Progress())
    assert not list((machine / "home" / "pulumi" / "bin").iterdir())


@pytest.mark.parametrize("way", ["path", "download"])
def test_a_plugin_with_another_checksum_is_not_installed(
    machine: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    if way == "path":
        put_pulumi(machine, monkeypatch, "3.259.0")
    url = download.archive_url().split("/v3.")[0]
    pin(monkeypatch, url, hashlib.sha256(archive).hexdigest(), "1" * 64)
    with pytest.raises(
        ToolchainError, match=r"pulumi-resource-openstack-v1\.2\.3-.* has the SHA-256 .*, but"
    ):
        engine.install(Progress(), way)
    assert plugins_fetched(machine) == []
    assert not (machine / "home" / "pulumi" / "installed.json").exists()


def test_a_new_enough_pulumi_on_path_is_used_where_its_plugins_can_be_fetched(
    machine: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi = put_pulumi(machine, monkeypatch, "3.260.1")
    toolchain = engine.install(Progress())
    assert (toolchain.way, toolchain.pulumi) == ("path", pulumi)
    assert len(plugins_fetched(machine)) == 2


def test_a_second_call_starts_nothing(machine: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    put_pulumi(machine, monkeypatch, "3.259.0")
    first = engine.install(Progress())
    monkeypatch.setattr(subprocess, "run", None)
    assert engine.install(Progress()) == first


def test_our_own_environment_leads_to_the_same_installation(
    machine: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi = put_pulumi(machine, monkeypatch, "3.259.0")
    links = machine / "links"
    links.mkdir()
    (links / "pulumi").symlink_to(pulumi)
    monkeypatch.setenv("PATH", f"{links}:/usr/bin:/bin")
    toolchain = engine.install(Progress())
    assert toolchain.pulumi == pulumi
    monkeypatch.setenv("PATH", toolchain.environment()["PATH"])
    monkeypatch.setattr(subprocess, "run", None)
    assert engine.install(Progress()) == toolchain


def test_a_changed_pulumi_on_path_is_looked_at_again(
    machine: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi = put_pulumi(machine, monkeypatch, "3.259.0")
    engine.install(Progress())
    pulumi.write_text(PULUMI.format(version="3.100.0", log=machine / "log", code=0))
    assert engine.install(Progress()).way == "download"


@pytest.mark.parametrize("output", ["3.258.9", "2.1.0", "x"])
def test_a_pulumi_that_will_not_do_is_said_to_be_so(
    machine: Path, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    put_pulumi(machine, monkeypatch, output)
    with pytest.raises(
        ToolchainError, match=rf"bin/pulumi is v{output}, older than the Python SDK \(3\.259\.0\)"
    ):
        engine.install(Progress(), "path")


def test_without_official_downloads_all_is_built(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_pulumi(machine, monkeypatch, "3.259.0")
    assert engine._choose() == ("build", "the official downloads cannot be reached")


def test_plugins_that_cannot_be_fetched_stop_the_installation(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_pulumi(machine, monkeypatch, "3.259.0")
    with pytest.raises(
        ToolchainError, match=r"/pulumi-resource-openstack-.* could not be fetched \(Conn.*Check"
    ):
        engine.install(Progress(), "path")
    assert not (machine / "home" / "pulumi" / "installed.json").exists()


def test_a_plugin_that_the_engine_does_not_take_stops_the_installation(
    machine: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_pulumi(machine, monkeypatch, "3.259.0", code=1)
    with pytest.raises(
        ToolchainError, match=r"does not take the plugin openstack 1\.2\.3: no reason given\. Set"
    ):
        engine.install(Progress(), "path")
    assert not (machine / "home" / "pulumi" / "installed.json").exists()


def test_an_unknown_way_is_refused(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESTATE_TOOLCHAIN", "docker")
    with pytest.raises(ToolchainError, match="'docker'; expected path, download or build"):
        engine.install(Progress())


def test_the_engine_sees_nothing_of_the_user_s(machine: Path, archive: bytes) -> None:
    toolchain = engine.install(Progress())
    environment = toolchain.environment(
        {"PATH": "/usr/bin", "PULUMI_ACCESS_TOKEN": "x", "PULUMI_CONFIG_PASSPHRASE": "x", "HOME": "/home/me"}
    )
    home = machine / "home"
    assert environment.keys() & {"PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE"} == set()
    assert environment["PATH"] == f"{home}/pulumi/bin:/usr/bin"
    assert environment["PULUMI_HOME"] == f"{home}/pulumi"
    assert environment["PULUMI_BACKEND_URL"] == f"file://{home}/pulumi-state?metadata=skip"
    passphrase = Path(environment["PULUMI_CONFIG_PASSPHRASE_FILE"])
    assert stat.S_IMODE(passphrase.stat().st_mode) == 0o600
    assert len(passphrase.read_text()) > 30


def test_the_engine_keeps_no_logs_of_its_runs(machine: Path, archive: bytes) -> None:
    logs = machine / "home" / "pulumi" / "logs"
    logs.mkdir(parents=True)
    (logs / "of-an-earlier-version.log").touch()
    for _ in range(2):
        engine.install(Progress(), "download")
        assert logs.is_file()
    logs.unlink()
    engine.install(Progress())
    assert logs.is_file()


def test_the_passphrase_outlives_a_new_installation(machine: Path, archive: bytes) -> None:
    engine.install(Progress())
    before = (machine / "home" / "pulumi-passphrase").read_text()
    (machine / "home" / "pulumi" / "installed.json").unlink()
    engine.install(Progress())
    assert (machine / "home" / "pulumi-passphrase").read_text() == before


def test_two_at_the_same_time_install_once(
    machine: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_pulumi(machine, monkeypatch, "3.259.0")
    pinned = vars(engine)["versions"]().model_dump_json()
    script = f"""
from toolchain import download, engine
from toolchain.progress import Progress
from toolchain.versions import Versions
download.versions = engine.versions = lambda: Versions.model_validate_json({pinned!r})
engine.install(Progress(), 'path')
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    both = [subprocess.Popen([sys.executable, "-c", script], env=environment) for _ in range(2)]
    assert [process.wait(30) for process in both] == [0, 0]
    assert len(plugins_fetched(machine)) == 2
