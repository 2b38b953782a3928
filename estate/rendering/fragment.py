"""A piece of configuration as an operator gets it, and a small writer for the format of oslo.config."""

from collections.abc import Iterable
from dataclasses import dataclass, field

DEFAULT = "DEFAULT"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One option, and why it has that value."""

    section: str
    key: str
    values: tuple[str, ...]
    """More than one: the option is written once per value (oslo.config ``MultiStrOpt``)."""
    why: str
    """A sentence with its source, written above the option; empty for what speaks for itself."""


@dataclass(frozen=True, kw_only=True)
class Fragment:
    """One file for one service. ``settings`` is empty where the file is not in oslo.config's format."""

    path: str
    """Where it goes on the machine, e.g. ``/etc/nova/nova.conf.d/estate.conf``."""
    service: str
    """Who reads it, e.g. ``nova-compute``."""
    host: str | None = None
    """The one compute host (``[DEFAULT] host``) or back end that it is for; ``None``: all of that kind."""
    text: str
    settings: dict[tuple[str, str], str] = field(default_factory=dict)
    """(section, key) → value as written; several values are joined by a newline."""

    @property
    def name(self) -> str:
        """Path below a folder that holds the fragments of all machines: ``HOST/etc/…`` or "
        "``SERVICE/etc/…``."""
        return f"{self.host or self.service}{self.path}"


def setting(section: str, key: str, value: object, why: str = "") -> Setting:
    """A setting with one value; booleans are written ``true`` and ``false``."""
    written = str(value).lower() if isinstance(value, bool) else str(value)
    return Setting(section=section, key=key, values=(written,), why=why)


def fragment(
    *, path: str, service: str, host: str | None = None, purpose: str, settings: Iterable[Setting]
) -> Fragment:
    """A fragment in oslo.config's format. ``purpose``: the lines at its top, without ``#``."""
    known = list(settings)
    lines = _comment(purpose)
    for section in dict.fromkeys(one.section for one in known):
        lines += ["", f"[{section}]"]
        for one in known:
            if one.section == section:
                lines += _comment(one.why)
                lines += [f"{one.key} = {value}" for value in one.values]
    return Fragment(
        path=path,
        service=service,
        host=host,
        text="\n".join(lines) + "\n",
        settings={(one.section, one.key): "\n".join(one.values) for one in known},
    )


def policy_file(*, path: str, service: str, why: str, rules: Iterable[str], who: str) -> Fragment:
    """A file of oslo.policy's: calls that only ``who`` may make (``!``: nobody)."""
    lines = [*_comment(why), *(f'"{name}": "{who}"' for name in rules)]
    return Fragment(path=path, service=service, text="\n".join(lines) + "\n")


def _comment(text: str) -> list[str]:
    return [f"# {line}".rstrip() for line in text.splitlines()]
