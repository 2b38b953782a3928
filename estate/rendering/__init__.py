"""What operators must configure, from the model: text with comments that say why and where it is written."""

from estate.model import Estate
from estate.rendering import cinder, glance, neutron, nova
from estate.rendering.fragment import Fragment

__all__ = ["Fragment", "render"]


def render(estate: Estate) -> tuple[Fragment, ...]:
    """All fragments of an environment, in a stable order. The estate's references must be in order."""
    return (
        *nova.fragments(estate),
        *cinder.fragments(estate),
        *glance.fragments(),
        *neutron.fragments(estate),
    )
