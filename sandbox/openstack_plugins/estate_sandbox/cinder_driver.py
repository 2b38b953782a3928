# ruff: noqa: ANN401, ARG002 -- the signatures and untyped values are OpenStack's
# mypy: disable-error-code="import-not-found,misc"
"""A Cinder volume driver that keeps books: the KVM side's back ends, whatever array the documents name."""

from typing import Any

from cinder.volume import driver


class PretendDriver(driver.VolumeDriver):
    """Every operation succeeds at once; Cinder's database holds all there is to know about a volume."""

    VERSION = "1"

    def do_setup(self, context: Any) -> None:
        """Nothing to connect to."""

    def check_for_setup_error(self) -> None:
        """Nothing to check."""

    def _update_volume_stats(self) -> None:
        self._stats = {
            "volume_backend_name": self.configuration.safe_get("volume_backend_name"),
            "vendor_name": "estate sandbox",
            "driver_version": self.VERSION,
            "storage_protocol": "fake",
            "pools": [
                {
                    "pool_name": "pool",
                    "total_capacity_gb": "infinite",
                    "free_capacity_gb": "infinite",
                    "reserved_percentage": 0,
                    "thin_provisioning_support": True,
                    "multiattach": True,
                }
            ],
        }

    def create_volume(self, volume: Any) -> None:
        """A blank volume."""

    def delete_volume(self, volume: Any) -> None:
        """Forget it."""

    def extend_volume(self, volume: Any, new_size: int) -> None:
        """Grow it to ``new_size`` GiB."""

    def create_snapshot(self, snapshot: Any) -> None:
        """Note a snapshot."""

    def delete_snapshot(self, snapshot: Any) -> None:
        """Forget it."""

    def create_volume_from_snapshot(self, volume: Any, snapshot: Any) -> None:
        """A copy."""

    def create_cloned_volume(self, volume: Any, src_vref: Any) -> None:
        """A copy."""

    def clone_image(
        self, context: Any, volume: Any, image_location: Any, image_meta: Any, image_service: Any
    ) -> tuple[dict[str, Any], bool]:
        """A volume with the image's content, without a download."""
        return {}, True

    def copy_volume_to_image(self, context: Any, volume: Any, image_service: Any, image_meta: Any) -> None:
        """Not pretended: an image needs real content."""
        raise NotImplementedError("the sandbox's KVM volumes have no content that could become an image")

    def retype(self, context: Any, volume: Any, new_type: Any, diff: Any, host: Any) -> bool:
        """Possible within the back end."""
        return True

    def ensure_export(self, context: Any, volume: Any) -> None:
        """Nothing to export."""

    def create_export(self, context: Any, volume: Any, connector: Any) -> None:
        """Nothing to export."""

    def remove_export(self, context: Any, volume: Any) -> None:
        """Nothing to export."""

    def initialize_connection(self, volume: Any, connector: Any, **_: Any) -> dict[str, Any]:
        """Type ``fake``: libvirt attaches it, Nova's VMware driver refuses it, as it does nfs or rbd."""
        return {"driver_volume_type": "fake", "data": {"volume_id": volume.id}}

    def terminate_connection(self, volume: Any, connector: Any, **_: Any) -> None:
        """Nothing to close."""
