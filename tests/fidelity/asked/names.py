"""What everything that is asked about is called in Nova."""

import uuid

USER = "fidelity"
PLACEMENT = "1.39"
"""Microversion of placement."""
_NAMESPACE = uuid.UUID("5f0b1f3e-6a0e-4c5e-9c46-1a1d8a3b7c55")


def known(name):
    """The id of an image, a volume or a flavor."""
    return str(uuid.uuid5(_NAMESPACE, name))
