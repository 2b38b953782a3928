"""Imports that wait until what they bring is used: for clients that most runs import and never need."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def later(found_in: Mapping[str, str]) -> Callable[[str], Any]:
    """A module's ``__getattr__`` (PEP 562). ``found_in``: name → ``module`` or ``module:attribute``."""

    def bring(name: str) -> Any:  # noqa: ANN401 - a module, or what one has
        if name not in found_in:
            raise AttributeError(name)
        module, _, attribute = found_in[name].partition(":")
        found = import_module(module)
        return getattr(found, attribute) if attribute else found

    return bring
