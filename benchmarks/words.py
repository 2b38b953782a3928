"""How the engine writes what a benchmark reads of it."""

import re

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""A string that is not known yet."""


def snake(key: str) -> str:
    """``imageId`` → ``image_id``."""
    return re.sub("([A-Z])", r"_\1", key).lower()
