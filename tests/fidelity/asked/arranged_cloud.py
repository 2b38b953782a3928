"""Nova's database and placement, arranged as a cloud says."""

import contextlib
import uuid

from names import PLACEMENT, USER
from nova import availability_zones, exception, objects
from nova import context as nova_context
from nova.scheduler.client import report
from to_the_choice import SCHEDULER


class Cloud:
    """Nova's database and placement, arranged as a cloud says."""

    def __init__(self):
        self.context = nova_context.get_admin_context()
        self.client = report.report_client_singleton()

    def nodes(self):
        """Cell and compute node, by host; last those that a destroyed cluster's nova-compute left alone."""
        found, served = [], set()
        for cell in objects.CellMappingList.get_all(self.context):
            if cell.uuid != objects.CellMapping.CELL0_UUID:
                with nova_context.target_cell(self.context, cell) as cctxt:
                    found += [(cell, node) for node in objects.ComputeNodeList.get_all(cctxt)]
                    served |= {one.host for one in objects.ServiceList.get_by_binary(cctxt, "nova-compute")}
        return sorted(found, key=lambda one: (one[1].host not in served, one[1].host))

    def arrange(self, cloud):
        """Hosts of the cloud, in turn, on the compute nodes that there are."""
        self._forget()
        for trait in cloud["traits"]:
            self.client.put(f"/traits/{trait}", None, version=PLACEMENT)
        nodes = self.nodes()
        assert len(nodes) >= len(cloud["hosts"]), (len(nodes), len(cloud["hosts"]))
        self.ours, self.node, self.cell = {}, {}, {}
        for (cell, node), host in zip(nodes, cloud["hosts"], strict=False):
            name = host["name"]
            self.ours[node.host], self.node[name], self.cell[name] = name, node, cell
            with nova_context.target_cell(self.context, cell) as cctxt:
                found = objects.ComputeNode.get_by_uuid(cctxt, node.uuid)
                found.hypervisor_type = host["hypervisor_type"]
                found.hypervisor_version = host["hypervisor_version"]
                found.supported_hv_specs = [objects.HVSpec.from_list(one) for one in host["supported"]]
                found.stats = {"num_instances": host["num_instances"], "io_workload": host["num_io_ops"]}
                found.save()
                service = objects.Service.get_by_compute_host(cctxt, node.host)
                service.disabled = not host["enabled"]
                service.forced_down = not host["up"]
                service.save()
            self._provider(node.uuid, host["traits"], host["inventories"])
            if used := {key: amount for key, amount in host["used"].items() if amount}:
                self.allocate(str(uuid.uuid4()), node.uuid, used)
        for cell, node in nodes[len(cloud["hosts"]) :]:
            self._provider(node.uuid, [], {})
            with (
                nova_context.target_cell(self.context, cell) as cctxt,
                contextlib.suppress(exception.ComputeHostNotFound),
            ):
                service = objects.Service.get_by_compute_host(cctxt, node.host)
                service.disabled = True  # else its zone is one of the cloud's
                service.save()
        self._aggregates(cloud["aggregates"])
        SCHEDULER.clear()
        self.client.clear_provider_cache()
        availability_zones.reset_cache()

    def theirs(self, host):
        """The compute host that stands for one of the cloud."""
        return self.node[host].host if host in self.node else host

    def _aggregates(self, aggregates):
        membership = {}
        for one in aggregates:
            made = objects.Aggregate(self.context, name=f"fidelity-{one['name']}", metadata=one["metadata"])
            made.create()
            for host in one["hosts"]:
                made.add_host(self.node[host].host)
                membership.setdefault(host, []).append(made.uuid)
        for host, node in self.node.items():
            self._put(
                f"/resource_providers/{node.uuid}/aggregates",
                {
                    "aggregates": membership.get(host, []),
                    "resource_provider_generation": self._generation(node.uuid),
                },
            )

    def _forget(self):
        for one in objects.AggregateList.get_all(self.context):
            for host in list(one.hosts):
                one.delete_host(host)
            one.destroy()
        for _, node in self.nodes():
            url = f"/resource_providers/{node.uuid}/allocations"
            for consumer in self.client.get(url, version=PLACEMENT).json()["allocations"]:
                self.client.delete(f"/allocations/{consumer}", version=PLACEMENT)

    def _generation(self, provider):
        return self.client.get(f"/resource_providers/{provider}", version=PLACEMENT).json()["generation"]

    def _put(self, url, body):
        answer = self.client.put(url, body, version=PLACEMENT)
        assert answer.status_code < 300, (url, answer.status_code, answer.text)

    def _provider(self, provider, traits, inventories):
        for trait in traits:
            if trait.startswith("CUSTOM_"):
                self.client.put(f"/traits/{trait}", None, version=PLACEMENT)
        self._put(
            f"/resource_providers/{provider}/traits",
            {"traits": sorted(traits), "resource_provider_generation": self._generation(provider)},
        )
        for name in inventories:
            if name.startswith("CUSTOM_"):
                self.client.put(f"/resource_classes/{name}", None, version=PLACEMENT)
        self._put(
            f"/resource_providers/{provider}/inventories",
            {"inventories": inventories, "resource_provider_generation": self._generation(provider)},
        )

    def allocate(self, consumer, provider, resources):
        """A consumer takes some of a provider."""
        body = {
            "allocations": {provider: {"resources": resources}},
            "project_id": USER,
            "user_id": USER,
            "consumer_generation": None,
            "consumer_type": "INSTANCE",
        }
        self._put(f"/allocations/{consumer}", body)
