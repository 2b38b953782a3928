"""``make fidelity``: the engine and Nova's own code, decision by decision, on clouds and requests of chance.

Exit code 1 where they differ.
"""

import sys
import tempfile
import time
from pathlib import Path

from tests.fidelity import plan, record


def main() -> int:
    """Ask, print, compare."""
    with tempfile.TemporaryDirectory() as folder, record.running("fidelity", Path(folder)) as nova:
        began = time.monotonic()
        found = record.ask(nova, plan.questions())
        print(found)
        print(f"asked in {time.monotonic() - began:.0f} s")
    return 1 if found.differing else 0


if __name__ == "__main__":
    sys.exit(main())
