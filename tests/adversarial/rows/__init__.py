"""Ways to get what must stay on ESXi onto KVM, or something else onto ESXi; each with its legal sibling."""

from tests.adversarial.rows.aggregates import AGGREGATES
from tests.adversarial.rows.documents import DOCUMENTS
from tests.adversarial.rows.flavors import FLAVORS
from tests.adversarial.rows.images import IMAGES
from tests.adversarial.rows.programs import PROGRAMS
from tests.adversarial.rows.row import Documents, Row
from tests.adversarial.rows.servers import SERVERS
from tests.adversarial.rows.volumes import VOLUMES
from tests.adversarial.rows.zones import ZONES

__all__ = ["DOCUMENTS", "ROWS", "Documents", "Row"]

ROWS: tuple[Row, ...] = (*IMAGES, *FLAVORS, *SERVERS, *ZONES, *VOLUMES, *PROGRAMS, *AGGREGATES)
