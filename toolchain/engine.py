"""The Pulumi engine with its Python language host and the two resource plugins, in one of three ways.

``path``: ``pulumi`` on PATH, not older than the Python SDK. ``download``: Pulumi's official archive.
``build``: all of it from Go modules, where only package registries can be reached. The first two ways take
the official plugins. The way is chosen when the toolchain is first installed, or by
``ESTATE_TOOLCHAIN``; it stays until another one is asked for.

All of it lives in the home folder: ``pulumi`` is the engine's PULUMI_HOME (programs in ``bin``, plugins in
``plugins``), ``pulumi-state`` holds the stacks, ``pulumi-passphrase`` encrypts their secrets.
"""

import json
import os
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from toolchain.errors import ToolchainError
from toolchain.golang import Program, build_all
from toolchain.home import home
from toolchain.locks import held
from toolchain.progress import Progress
from toolchain.versions import versions

Way = Literal["path", "download", "build"]

_GO = Path(__file__).with_name("go")
_SDK = "github.com/pulumi/pulumi/sdk/v3"


@dataclass(frozen=True)
class Toolchain:
    """An installed engine."""

    way: Way
    pulumi: Path
    """The command; the Python language host stands beside it."""

    @property
    def home(self) -> Path:
        """The engine's PULUMI_HOME."""
        return home() / "pulumi"

    def environment(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """``base`` (else the process's environment), changed so that ``pulumi`` is this one."""
        environment = dict(os.environ if base is None else base)
        # These would win over our backend and passphrase file.
        for name in ("PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE"):
            environment.pop(name, None)
        environment |= {
            "PATH": os.pathsep.join([str(self.pulumi.parent), environment.get("PATH", os.defpath)]),
            "PULUMI_HOME": str(self.home),
            "PULUMI_BACKEND_URL": backend(_state()),
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(_passphrase()),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # All plugins are there; a missing one is to be said at once, not looked for on the network.
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }
        return environment


def backend(folder: Path) -> str:
    """The URL of a backend that is a folder.

    Without attributes (content type, MD5) beside each file: the engine reads none of them, and empties them
    before it writes them, so that one killed between the two never reads that state again.
    """
    return f"file://{folder}?metadata=skip"


def install(progress: Progress, way: Way | None = None) -> Toolchain:
    """The toolchain, installed now unless it is current (then this only reads a few files).

    ``way`` overrides ``ESTATE_TOOLCHAIN``, which overrides the choice made here. Processes that ask at the
    same time wait for the first. Raises ToolchainError, in one sentence, when no way leads to an engine.
    """
    wanted = way or _wanted_way()
    if (current := _current(wanted)) is not None:
        _keep_no_logs()
        return current
    with held(home() / "toolchain.lock", progress):
        if (current := _current(wanted)) is not None:
            return current
        chosen, why = (wanted, "as asked for") if wanted else _choose()
        progress.say(f"Pulumi {versions().engine.version} and its plugins, way '{chosen}': {why}.")
        _stamp().unlink(missing_ok=True)
        for folder in (home() / "pulumi" / "bin", _state()):
            folder.mkdir(parents=True, exist_ok=True)
        _make_passphrase()
        _keep_no_logs()
        pulumi = _INSTALLERS[chosen](progress)
        toolchain = Toolchain(chosen, pulumi)
        _stamp().write_text(json.dumps({"way": chosen, "pulumi": str(pulumi), "key": _key(chosen)}))
        return toolchain


def _keep_no_logs() -> None:
    """Stand a file where the engine would make a folder of logs; it then goes on without.

    It logs every call to a plugin, with all properties, of every command, and has no switch for it
    (pkg/cmd/pulumi/pulumi.go, ``StartLogging``). That is a third of its own time, and a copy of an estate
    that nobody asked for.
    """
    logs = home() / "pulumi" / "logs"
    if logs.is_file():
        return
    # Other processes may be at it, too, or an engine at work: then the next call finds the folder again.
    with suppress(OSError):
        shutil.rmtree(logs, ignore_errors=True)
        logs.write_text("While this file is here, Pulumi keeps no logs of its runs (toolchain/engine.py).\n")


def programs() -> dict[str, Program]:
    """What the build way builds: ``engine``, ``language-python`` and a plugin by provider name."""
    version = versions().engine.version
    all_programs = {
        "engine": Program(
            _GO / "engine",
            "pulumi",
            package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
            variables=((f"{_SDK}/go/common/version.Version", f"v{version}"),),
        ),
        "language-python": Program(
            _GO / "language-python",
            "pulumi-language-python",
            variables=(("main.version", version),),
            scripts=(
                (_SDK, "python/cmd/pulumi-language-python-exec"),  # runs a program
                (_SDK, "python/dist/pulumi-resource-pulumi-python"),  # runs dynamic providers
            ),
        ),
    }
    for name, plugin in versions().plugins.items():
        variables = (("main.version", plugin.version),)
        all_programs[name] = Program(_GO / f"provider-{name}", f"pulumi-resource-{name}", variables=variables)
    return all_programs


def _wanted_way() -> Way | None:
    text = os.environ.get("ESTATE_TOOLCHAIN", "")
    for way in get_args(Way):
        if text == way:
            return way  # type: ignore[no-any-return]
    if text:
        raise ToolchainError(f"ESTATE_TOOLCHAIN is {text!r}; expected path, download or build, or nothing.")
    return None


def _choose() -> tuple[Way, str]:
    from toolchain import download  # noqa: PLC0415 (slow to import, and seldom needed)

    pulumi, problem = _on_path()
    if not download.reachable():
        return "build", "the official downloads cannot be reached"
    if pulumi is not None:
        return "path", f"{pulumi} is new enough"
    return "download", problem


def _current(wanted: Way | None) -> Toolchain | None:
    """What is installed, if it is what was asked for and nothing that it was made of has changed."""
    try:
        stamp = json.loads(_stamp().read_text())
    except FileNotFoundError:
        return None
    way: Way = stamp["way"]
    pulumi = Path(stamp["pulumi"])
    if wanted not in {None, way} or not pulumi.exists() or stamp["key"] != _key(way):
        return None
    return Toolchain(way, pulumi)


def _key(way: Way) -> str:
    """Changes when an installation made in this way is no longer what it would be if made now."""
    plugins = sorted((name, plugin.version) for name, plugin in versions().plugins.items())
    pinned = f"{versions().engine.version} {plugins}"
    if way == "build":
        return " ".join([pinned, *(program.key for program in programs().values())])
    if way == "path":
        found = shutil.which("pulumi")
        # Resolved, because that is also what is found where our own environment comes first on PATH.
        pulumi = Path(found).resolve() if found else None
        return f"{pinned} {pulumi} {pulumi.stat().st_mtime_ns if pulumi else None}"
    return pinned


def _use_path(progress: Progress) -> Path:
    pulumi, problem = _on_path()
    if pulumi is None:
        raise ToolchainError(
            f"ESTATE_TOOLCHAIN=path cannot be done: {problem}. Leave it unset to let it be chosen."
        )
    _fetch_plugins(pulumi, progress)
    return pulumi


def _use_download(progress: Progress) -> Path:
    from toolchain import download  # noqa: PLC0415 (slow to import, and seldom needed)

    folder = home() / "pulumi" / "bin"
    with tempfile.TemporaryDirectory(dir=home(), prefix=".download-") as temporary:
        with progress.step(f"Fetch Pulumi {versions().engine.version}") as step:
            unpacked = download.engine(Path(temporary), step)
        for program in unpacked.iterdir():
            program.replace(folder / program.name)
    _fetch_plugins(folder / "pulumi", progress)
    return folder / "pulumi"


def _use_build(progress: Progress) -> Path:
    built = dict(zip(programs(), build_all(list(programs().values()), progress), strict=True))
    folder = home() / "pulumi" / "bin"
    for source in (built["engine"].parent, built["language-python"].parent):
        for file in source.iterdir():
            _place(file, folder / file.name)
    for name in versions().plugins:
        plugin = _plugin(name)
        shutil.rmtree(plugin.parent, ignore_errors=True)  # an official one may be there
        plugin.parent.mkdir(parents=True)
        _place(built[name], plugin)
    return folder / "pulumi"


_INSTALLERS = {"path": _use_path, "download": _use_download, "build": _use_build}


def _place(source: Path, target: Path) -> None:
    """Make ``target`` the same file as ``source``, whether or not the old one is running at the moment."""
    temporary = target.with_name(f".{target.name}.new")
    temporary.unlink(missing_ok=True)
    temporary.hardlink_to(source)
    temporary.replace(target)


def _on_path() -> tuple[Path | None, str]:
    """``pulumi`` on PATH if it will do; else what is wrong with it."""
    found = shutil.which("pulumi")
    if found is None:
        return None, "there is no pulumi on PATH"
    output = subprocess.run(
        [found, "version"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
    ).stdout
    needed = versions().engine.version
    match = re.search(r"v(\d+)\.(\d+)\.(\d+)", output)
    version = tuple(int(part) for part in match.groups()) if match else (0, 0, 0)
    if version < tuple(int(part) for part in needed.split(".")):
        return None, f"{found} is {output.strip() or 'no Pulumi'}, older than the Python SDK ({needed})"
    if not Path(found).resolve().with_name("pulumi-language-python").exists():
        return None, f"{found} has no pulumi-language-python beside it"
    return Path(found).resolve(), ""


def _fetch_plugins(pulumi: Path, progress: Progress) -> None:
    from toolchain import download  # noqa: PLC0415 (slow to import, and seldom needed)

    environment = {**os.environ, "PULUMI_HOME": str(home() / "pulumi"), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    for name, release in versions().plugins.items():
        # One that our build way left here would pass for the official one.
        shutil.rmtree(_plugin(name).parent, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=home(), prefix=".download-") as temporary:
            with progress.step(f"Fetch the official plugin {name} {release.version}") as step:
                archive = download.plugin(name, Path(temporary), step)
            identity = ["resource", name, release.version, "--file", str(archive)]
            result = subprocess.run(
                [str(pulumi), "plugin", "install", *identity, "--non-interactive"],
                capture_output=True,
                text=True,
                check=False,
                env=environment,
            )
        if result.returncode != 0:
            reason = result.stderr.strip().splitlines()[-1:] or ["no reason given"]
            raise ToolchainError(
                f"{pulumi} does not take the plugin {name} {release.version}: {reason[0]}. "
                "Set ESTATE_TOOLCHAIN=build to build all from Go modules."
            )


def _plugin(name: str) -> Path:
    folder = f"resource-{name}-v{versions().plugins[name].version}"
    return home() / "pulumi" / "plugins" / folder / f"pulumi-resource-{name}"


def _make_passphrase() -> None:
    """A random one, once: without it the secrets in the stacks' state cannot be read any more."""
    if not _passphrase().exists():
        descriptor, name = tempfile.mkstemp(dir=home())  # mode 0600
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32))
        Path(name).rename(_passphrase())


def _passphrase() -> Path:
    return home() / "pulumi-passphrase"


def _state() -> Path:
    return home() / "pulumi-state"


def _stamp() -> Path:
    return home() / "pulumi" / "installed.json"
