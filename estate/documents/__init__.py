"""YAML documents with positions → the model, or all that is wrong with them."""

from estate.documents.folder import DocumentsError
from estate.documents.loading import Loaded, is_environment, load
from estate.documents.problem import Position, Problem

__all__ = ["DocumentsError", "Loaded", "Position", "Problem", "is_environment", "load"]
