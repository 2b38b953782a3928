"""What a person may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str:
    """``" Did you mean …?"`` or the list of what there is, each with a leading space."""
    names = sorted(known)
    close = get_close_matches(name, names, n=3, cutoff=0.6)
    if close:
        return f" Did you mean {' or '.join(close)}?"
    if names:
        return f" There is: {', '.join(names[:8])}{', …' if len(names) > 8 else ''}."
    return " There is none."
