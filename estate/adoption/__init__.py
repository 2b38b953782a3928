"""What exists → documents that describe it, and what cannot be described. Pure: facts come in as values."""

from estate.adoption.documents import Adopted, describe
from estate.adoption.found import Found, FoundCluster, FoundDatastore, FoundHost, LeftOut

__all__ = ["Adopted", "Found", "FoundCluster", "FoundDatastore", "FoundHost", "LeftOut", "describe"]
