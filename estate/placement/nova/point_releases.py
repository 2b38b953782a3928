"""Point releases of Nova below which a call goes where no rule of the engine looks.

Read in Nova's repository: tags 31.3.0 and 31.3.1, 32.2.0 and 32.2.1, 33.0.1 and 33.0.2; 34.0.0 as installed.
"""

from collections.abc import Mapping

LEAST: Mapping[str, str] = {"2025.1": "31.3.1", "2025.2": "32.2.1", "2026.1": "33.0.2"}
"""Release → its first version with both fixes. 2026.2 has them from its first on, 34.0.0."""

FIXED = "Nova 31.3.1, 32.2.1, 33.0.2, 34.0.0 or later"
"""All of them, in words."""

HINT = (
    "anybody who may create servers can say the scheduler hint _nova_check_type=rebuild, and Nova then asks "
    "neither request filters nor placement, and of the filters those of a rebuild alone (CVE-2026-46448, "
    "OSSA-2026-022, bug 2151252)"
)
RESIZE = "members can resize to any private flavor whose id they know (bug 2151256)"


def not_proven(release: str) -> str | None:
    """What is open in a release before the version that it must have at least, in words; ``None``: nothing.

    The documents name releases, not versions.
    """
    least = LEAST.get(release)
    if least is None:
        return None
    return (
        f"no claim of the proof holds with Nova before {least} in release {release}: {HINT}; {RESIZE}. Bring "
        f"every nova-api and nova-scheduler to {least} or later"
    )
