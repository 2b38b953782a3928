"""The operators of extra specs (nova/scheduler/filters/extra_specs_ops.py ``match``)."""

import operator
from collections.abc import Callable

_NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "s==": operator.eq,
    "s!=": operator.ne,
    "s<": operator.lt,
    "s<=": operator.le,
    "s>": operator.gt,
    "s>=": operator.ge,
}


def match(value: str, wanted: str) -> bool:
    """Whether a host's value satisfies what a flavor wants. Only the first word after an operator counts:
    ``s== VMware vCenter Server`` never matches.

    A number operator on what is no number fails; Nova's own code raises ``ValueError`` there, which ends the
    whole request, so no host is accepted either way.
    """
    words = wanted.split()
    op = words[0] if words else ""
    rest = words[1:]
    if op == "<or>":
        return value in rest[::2]
    if op in _TEXTS:
        return bool(rest) and _TEXTS[op](value, rest[0])
    if op in _NUMBERS:
        return bool(rest) and _number(value, op, rest[0])
    if op == "<all-in>":
        return bool(rest) and all(one in value for one in rest)
    return bool(rest) and rest[0] in value if op == "<in>" else value == wanted


def _number(value: str, op: str, wanted: str) -> bool:
    try:
        return _NUMBERS[op](float(value), float(wanted))
    except ValueError:
        return False
