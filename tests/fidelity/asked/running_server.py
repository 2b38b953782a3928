"""A server that runs somewhere in Nova's database, for as long as it is asked about."""

import uuid

from names import PLACEMENT, USER, known
from nova import context as nova_context
from nova import objects, utils
from nova.network import model as network_model
from oslo_utils import timeutils


class Server:
    """A server that runs somewhere in Nova's database, for as long as it is asked about."""

    def __init__(self, cloud, flavor, image, *, project, on, zone=None, volume=None, shelved=False):
        self.cloud, self.node, self.cell = cloud, cloud.node[on], cloud.cell[on]
        self.uuid = str(uuid.uuid4())
        self.silenced = False
        with nova_context.target_cell(cloud.context, self.cell) as cctxt:
            instance = objects.Instance(
                cctxt,
                uuid=self.uuid,
                project_id=project,
                user_id=USER,
                display_name="asked-about",
                host=None if shelved else self.node.host,
                node=None if shelved else self.node.hypervisor_hostname,
                compute_id=None if shelved else self.node.id,
                vm_state="shelved_offloaded" if shelved else "active",
                power_state=4 if shelved else 1,
                flavor=flavor,
                old_flavor=None,
                new_flavor=None,
                image_ref="" if volume else (image or {}).get("id", ""),
                root_device_name="/dev/vda",
                launched_at=timeutils.utcnow(),
                availability_zone=zone,
                system_metadata={
                    **utils.get_system_metadata_from_image(image or {}, flavor),
                    **({"shelved_image_id": image["id"]} if shelved and image and not volume else {}),
                },
                metadata={},
                numa_topology=None,
                pci_requests=objects.InstancePCIRequests(requests=[]),
                info_cache=objects.InstanceInfoCache(network_info=network_model.NetworkInfo()),
            )
            instance.create()
            if volume:
                objects.BlockDeviceMapping(
                    cctxt,
                    instance_uuid=self.uuid,
                    source_type="volume",
                    destination_type="volume",
                    device_type="disk",
                    boot_index=0,
                    volume_id=volume,
                    volume_size=100,
                    device_name="/dev/vda",
                    connection_info="{}",
                    attachment_id=known("attachment"),
                    delete_on_termination=False,
                    no_device=False,
                ).create()
        objects.InstanceMapping(
            cloud.context,
            instance_uuid=self.uuid,
            cell_mapping=self.cell,
            project_id=project,
            user_id=USER,
            queued_for_delete=False,
        ).create()
        self.spec = objects.RequestSpec(
            cloud.context,
            instance_uuid=self.uuid,
            num_instances=1,
            project_id=project,
            user_id=USER,
            availability_zone=zone,
            flavor=flavor,
            image=objects.ImageMeta.from_dict(image or {}),
            is_bfv=bool(volume),
            numa_topology=None,
            pci_requests=objects.InstancePCIRequests(requests=[]),
            instance_group=None,
            ignore_hosts=None,
            force_hosts=None,
            force_nodes=None,
            requested_destination=None,
            retry=None,
            limits=objects.SchedulerLimits.from_dict({}),
            scheduler_hints={},
            security_groups=objects.SecurityGroupList(objects=[]),
            requested_networks=objects.NetworkRequestList(objects=[]),
        )
        self.spec.create()

    def occupy(self):
        """It holds something of its host's provider, as running servers do."""
        inventories = self.cloud.client.get(
            f"/resource_providers/{self.node.uuid}/inventories", version=PLACEMENT
        ).json()["inventories"]
        step = inventories["MEMORY_MB"]["step_size"]
        self.cloud.allocate(self.uuid, self.node.uuid, {"MEMORY_MB": step})

    def hear_of_host(self, *, up):
        """Whether its nova-compute is heard of: Nova evacuates only from hosts that are not."""
        self.silenced = not up
        with nova_context.target_cell(self.cloud.context, self.cell) as cctxt:
            service = objects.Service.get_by_compute_host(cctxt, self.node.host)
            service.forced_down = not up
            service.save()

    def forget(self):
        if self.silenced:
            self.hear_of_host(up=True)
        self.cloud.client.delete(f"/allocations/{self.uuid}", version=PLACEMENT)
        with nova_context.target_cell(self.cloud.context, self.cell) as cctxt:
            objects.Instance.get_by_uuid(cctxt, self.uuid).destroy()
