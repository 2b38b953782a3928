"""What Glance and Cinder would say about the one image and the volumes of a request, Cyborg about its device
profile, and Neutron about ports, of which there are none.
"""

import nova.conf
from names import USER, known
from nova import objects
from nova.accelerator import cyborg
from nova.image import glance
from nova.network import neutron
from nova.volume import cinder

CONF = nova.conf.CONF


class StandIns:
    """What Glance, Cinder, Cyborg and Neutron would say."""

    def __init__(self):
        self.images, self.volumes = {}, {}

    def install(self):
        def image(api, context, image_id, *_, **__):
            return dict(self.images[image_id])

        def volume(api, context, volume_id, *_, **__):
            return dict(self.volumes[volume_id])

        glance.API.get = image
        cinder.API.get = volume
        cinder.API.check_attached = cinder.API.check_attach = lambda *_, **__: None
        cinder.API.attachment_create = lambda *_, **__: {"id": known("attachment")}
        cinder.API.reserve_volume = lambda *_, **__: None
        cyborg.get_device_profile_request_groups = lambda *_, **__: []
        cyborg.get_device_profile_groups = lambda *_, **__: []
        neutron.API.get_requested_resource_for_instance = lambda *_, **__: (
            [],
            objects.RequestLevelParams(),
        )
        neutron.API.instance_has_extended_resource_request = lambda *_, **__: False
        neutron.API.has_port_binding_extension = lambda *_, **__: True

    def know(self, request):
        """The image that a request boots or rebuilds with, one that a server had before, and volumes."""
        image = request["image"]
        self.images = {known("before"): _glance("before", "raw", {}, 0, 0)}
        self.volumes = {}
        if image:
            self.images[known(image["name"])] = _glance(
                image["name"],
                image["disk_format"],
                image["properties"],
                image["min_disk_gb"],
                image["min_ram_mb"],
            )
        zones = request["volume_zones"] or [request["zone"] or CONF.default_availability_zone]
        for number, zone in enumerate(zones):
            self.volumes[known(f"volume {number}")] = {
                "id": known(f"volume {number}"),
                "display_name": f"volume {number}",
                "status": "available",
                "attach_status": "detached",
                "size": 100,
                "bootable": True,
                "multiattach": False,
                "availability_zone": zone,
                "volume_image_metadata": {
                    **image["properties"],
                    "image_id": known(image["name"]),
                    "disk_format": image["disk_format"],
                    "min_disk": str(image["min_disk_gb"]),
                    "min_ram": str(image["min_ram_mb"]),
                }
                if image and number == 0 and request["source"] == "volume"
                else {},
            }


def _glance(name, disk_format, properties, min_disk, min_ram):
    """As nova/image/glance.py translates an image."""
    return {
        "id": known(name),
        "name": name,
        "status": "active",
        "visibility": "public",
        "is_public": True,
        "owner": USER,
        "size": 1,
        "container_format": "bare",
        "disk_format": disk_format,
        "min_disk": min_disk,
        "min_ram": min_ram,
        "properties": dict(properties),
    }
