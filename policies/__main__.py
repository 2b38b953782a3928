"""Entry point of the policy pack: ``pulumi preview --policy-pack policies``.

The engine runs it as ``python -m pulumi.policy ENGINE FOLDER`` with this folder as the working directory, so
the repository's root is put on the path first. Nothing may write to stdout before the pack: the engine reads
the port of the pack's server there.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policies.analyzer import serve

serve()
