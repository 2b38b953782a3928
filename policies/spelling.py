"""Keys that look like ones that are read, and are not."""

from difflib import get_close_matches


def misspelt(key: str, known: tuple[str, ...]) -> str | None:
    """The key that was probably meant; ``None`` for one that is spelt right, or looks like none of these."""
    if key in known:
        return None
    folded = {_folded(one): one for one in known}
    if _folded(key) in folded:
        return folded[_folded(key)]
    close = get_close_matches(_folded(key), folded, n=1, cutoff=0.88)
    return folded[close[0]] if close else None


def _folded(key: str) -> str:
    return "".join(one for one in key.lower() if one.isalnum())
