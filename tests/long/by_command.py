"""`estate rehearse` as a person calls it, and its sandbox while the body looks at it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from operations import rehearsal
from sandbox import lifecycle


@contextmanager
def rehearsed(documents: Path, *options: str) -> Iterator[dict[str, Any]]:
    """What ``estate rehearse`` found, as its JSON says it; the sandbox is stopped at the end."""
    estate = Path(sys.executable).with_name("estate")
    try:
        done = subprocess.run(
            [estate, "rehearse", documents, "--format", "json", *options],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert done.returncode == 0
        yield json.loads(done.stdout)
    finally:
        lifecycle.stop(rehearsal.key(documents))
