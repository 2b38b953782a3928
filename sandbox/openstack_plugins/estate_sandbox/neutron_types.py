# mypy: disable-error-code="import-not-found,misc"
"""The network type ``l3_ext`` of NSX: an external network behind a tier-0 router, its physical network."""

from typing import Any

from neutron.plugins.ml2.drivers import type_local


class TierZero(type_local.LocalTypeDriver):
    """Takes every tier-0 router: vmware-nsx asks NSX whether it exists."""

    def get_type(self) -> str:
        """As in vmware_nsx/common/utils.py ``NetworkTypes.L3_EXT``."""
        return "l3_ext"

    def validate_provider_segment(self, segment: dict[str, Any]) -> None:
        """There is nothing to validate against."""
