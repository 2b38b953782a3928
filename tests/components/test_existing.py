"""What a project's part finds in the cloud, and that it takes nothing that is not as the documents say."""

from types import SimpleNamespace
from typing import Any

import pytest

from estate.model.partition import partition
from estate.openstack.errors import CloudError
from estate.openstack.existing import Existing, find
from estate.placement.triple import flavor_extra_specs, image_properties
from tests.estates import changed

ESTATE = changed(
    ("networks/data/shared_with", "payments"),
    ("parts/payments", {"project": "payments", "workloads": ["queue", "cache", "ledger-app"]}),
)
(SHARE,) = [one for one in partition(ESTATE) if one.project]


class Image(SimpleNamespace):
    def to_dict(self, *, original_names: bool) -> dict[str, Any]:
        assert original_names
        return {"disk_format": self.disk_format, "hypervisor_type": self.hypervisor_type}


class FakeCloud:
    """Lists that a member gets."""

    current_project_id = "p1"

    def __init__(self) -> None:
        self.objects: dict[str, list[Any]] = {
            "images": [
                Image(
                    id=f"{name}-1",
                    name=name,
                    disk_format=image.disk_format,
                    hypervisor_type=image_properties(image)["hypervisor_type"],
                    properties=image_properties(image),
                )
                for name, image in ESTATE.images.items()
            ],
            "flavors": [
                SimpleNamespace(id=f"{name}-1", name=name, extra_specs=flavor_extra_specs(one))
                for name, one in ESTATE.flavors.items()
            ],
            "networks": [SimpleNamespace(id=f"{name}-1", name=name) for name in ESTATE.networks],
            "security_groups": [
                SimpleNamespace(id=f"{name}-1", name=name) for name in ESTATE.security_groups
            ],
            "types": [SimpleNamespace(id="t-1", name=name) for name in ESTATE.volume_types],
            "ports": [SimpleNamespace(id="port-1", name="cache/data")],
        }
        self.image = SimpleNamespace(images=self._images)
        self.compute = SimpleNamespace(flavors=lambda **_: self.objects["flavors"])
        self.block_storage = SimpleNamespace(types=lambda: self.objects["types"])
        self.network = SimpleNamespace(
            networks=lambda: self.objects["networks"],
            security_groups=lambda: self.objects["security_groups"],
            ports=self._ports,
        )

    def _images(self, *, visibility: str, is_hidden: bool) -> list[Any]:
        assert visibility == "public"  # others may have images of the same name
        return [] if is_hidden else self.objects["images"]

    def _ports(self, *, project_id: str) -> list[Any]:
        assert project_id == self.current_project_id
        return self.objects["ports"]

    def find(self) -> Existing:
        return find(self, ESTATE, SHARE)  # type: ignore[arg-type]

    def named(self, kind: str, name: str) -> Any:
        return next(one for one in self.objects[kind] if one.name == name)


def test_only_what_the_workloads_name_is_found() -> None:
    assert FakeCloud().find() == Existing(
        images={"linux-kvm": "linux-kvm-1", "linux-esxi": "linux-esxi-1"},
        flavors={name: f"{name}-1" for name in ("kvm-small", "kvm-medium", "esxi-small")},
        networks={"data": "data-1", "app": "app-1"},
        security_groups={"db": "db-1", "web": "web-1"},
        volume_types={"encrypted-kvm": "encrypted-kvm"},
        ports={"cache/data": "port-1"},
    )


def test_what_was_renamed_has_its_earlier_name_where_a_service_knows_no_rename() -> None:
    cloud = FakeCloud()
    cloud.named("flavors", "kvm-small").name = "kvm-tiny"
    cloud.named("types", "encrypted-kvm").name = "secret-kvm"
    renamed = changed(
        ("flavors/kvm-small/was", "kvm-tiny"),
        ("storage/array1/volume_types/encrypted-kvm/was", "secret-kvm"),
        ("parts/payments", {"project": "payments", "workloads": ["queue", "cache"]}),
    )
    (share,) = [one for one in partition(renamed) if one.project]
    found = find(cloud, renamed, share)  # type: ignore[arg-type]
    assert found.flavors["kvm-small"] == "kvm-small-1"
    assert found.volume_types == {"encrypted-kvm": "secret-kvm"}


def test_all_that_is_missing_or_twice_is_said_at_once() -> None:
    cloud = FakeCloud()
    cloud.objects["networks"] += cloud.objects["networks"]
    cloud.objects["ports"] = []
    cloud.objects["images"].remove(cloud.named("images", "linux-esxi"))
    with pytest.raises(CloudError) as raised:
        cloud.find()
    for said in (
        'network "data" is there more than once',
        'network "app" is there more than once',
        'port "cache/data" is not there',
        'image "linux-esxi" is not there',
        "Apply the platform's part",
    ):
        assert said in str(raised.value)


@pytest.mark.parametrize(
    ("kind", "name", "change", "says"),
    [
        ("images", "linux-esxi", {"properties": {}}, "trait:CUSTOM_HV_VMWARE=required (found none)"),
        ("images", "linux-esxi", {"disk_format": "raw"}, "disk_format=vmdk (found raw)"),
        ("flavors", "esxi-small", {"extra_specs": {}}, "trait:CUSTOM_HV_VMWARE=required (found none)"),
    ],
)
def test_what_decides_the_side_must_be_as_declared(
    kind: str, name: str, change: dict[str, Any], says: str
) -> None:
    cloud = FakeCloud()
    vars(cloud.named(kind, name)).update(change)
    with pytest.raises(CloudError, match=name) as raised:
        cloud.find()
    assert says in str(raised.value)
