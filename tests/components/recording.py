"""The environment ``sandbox``, and what the product's recorder tells of a program."""

from pathlib import Path

from estate.documents import load
from estate.model import Estate
from review.recording import LOGIN, UNKNOWN, record, record_estate
from review.registration import Registration

ROOT = Path(__file__).parents[2]

__all__ = ["LOGIN", "ROOT", "UNKNOWN", "Registration", "record", "record_estate", "sandbox"]


def sandbox() -> Estate:
    """The estate of the environment ``sandbox``."""
    loaded = load(ROOT / "stacks" / "sandbox")
    assert loaded.estate is not None, loaded.problems
    return loaded.estate
