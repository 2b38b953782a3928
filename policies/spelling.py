"""Keys and names that look like ones that are read, and are not."""

import re
from difflib import get_close_matches


def misspelt(key: str, known: tuple[str, ...]) -> str | None:
    """The key that was probably meant; ``None`` for one that is spelt right, or looks like none of these."""
    if key in known:
        return None
    folded = {_folded(one): one for one in known}
    close = get_close_matches(_folded(key), folded, n=1, cutoff=0.88)
    return folded[close[0]] if close else None


def looks_like(key: str, words: tuple[str, ...]) -> bool:
    """Whether a key is one of these words, or nearly."""
    return key in words or misspelt(key, words) is not None


def says(key: str, words: tuple[str, ...]) -> bool:
    """Whether a key is one of these words, whatever letter case and separators it has."""
    return _folded(key) in {_folded(one) for one in words}


def host_name(server: str) -> str:
    """What Nova makes of a server's name for its guest (nova/utils.py ``sanitize_hostname``).

    Two names that become one are the same machine to people, whatever letter case, spaces or invisible
    characters are in them.
    """
    plain = server.encode("latin-1", "ignore").decode("latin-1")
    return re.sub(r"[^\w.-]+", "", re.sub(r"[ _.]", "-", plain)).lower().strip(".-")


def _folded(key: str) -> str:
    return "".join(one for one in key.lower() if one.isalnum())
