"""The command line: thin. One command or group is one file, named in ``COMMANDS``.

A file offers ``app``, a ``typer.Typer``. It is imported only when its command is called (or when all of
them are listed), and takes heavy imports inside its functions: ``estate check`` runs at every
save of a document and imports neither Pulumi nor a cloud's client.
"""

import signal
import sys
from importlib import import_module
from typing import cast

import typer
from typer.core import TyperCommand, TyperGroup

COMMANDS = {
    "check": "cli.check",
    "review": "cli.review",
    "comment": "cli.comment",
    "show": "cli.show",
    "graph": "cli.graph",
    "fmt": "cli.fmt",
    "schema": "cli.schema",
    "policies": "cli.policies",
    "register": "cli.register",
    "render": "cli.render",
    "explain": "cli.explain",
    "place": "cli.place",
    "prove": "cli.prove",
    "headroom": "cli.headroom",
    "import": "cli.importing",
    "rehearse": "cli.rehearse",
    "preview": "cli.apply:preview",
    "up": "cli.apply:up",
    "destroy": "cli.apply:destroy",
    "landing": "cli.landing",
    "evidence": "cli.evidence",
    "env": "cli.environment",
    "sandbox": "cli.sandbox",
    "toolchain": "cli.toolchain",
}
"""Command → the file that has it, and after a colon what it is called there if not ``app``."""


class _Lazy(TyperGroup):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: object) -> list[str]:  # noqa: ARG002 - the signature is typer's
        return list(COMMANDS)

    def get_command(self, ctx: object, cmd_name: str) -> TyperCommand | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command = typer.main.get_command(getattr(import_module(module), attribute or "app"))
        command.name = cmd_name
        return cast("TyperCommand", command)


app = typer.Typer(
    cls=_Lazy,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _estate() -> None:
    """Multi-hypervisor OpenStack estates (KVM and ESXi) as code.

    ENV is in every command a name under stacks/, or the path of a folder of documents.
    """


def main() -> None:
    """Entry point ``estate``. Exit codes: 0 fine, 1 findings, 2 unusable input, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):  # a terminal that cannot show a name still shows the rest
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
    for number in (signal.SIGTERM, signal.SIGHUP):  # as by Ctrl-C: what was started is ended, too
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, signal.default_int_handler)
    app()
