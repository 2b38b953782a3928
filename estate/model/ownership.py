"""Who owns what a block stands for."""

from enum import StrEnum


class Mode(StrEnum):
    """Whether the stack makes it, or it exists and is only looked at."""

    MANAGED = "managed"
    REFERENCED = "referenced"
