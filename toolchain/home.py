"""Where all that is downloaded, built or generated lives: outside the repository, found by the next run.

``ESTATE_HOME`` overrides the folder. Nothing of the user's own Pulumi, OpenStack or database set-up
is read or written: the engine gets a ``PULUMI_HOME`` and a backend folder in here.
"""

import os
from pathlib import Path


def home() -> Path:
    """The machine-wide folder of this project: ``$ESTATE_HOME``, else ``$XDG_CACHE_HOME/estate``."""
    explicit = os.environ.get("ESTATE_HOME")
    if explicit:
        return Path(explicit).expanduser().resolve()
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache).expanduser() if cache else Path.home() / ".cache").resolve() / "estate"
