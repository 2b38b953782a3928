"""Documents for tests in which ``¦`` marks the place that an error must name."""

# ruff: noqa: E501 - a document stands here as a person sees it

from pathlib import Path

BASE = """
estate: {name: t}
vcenters:
  vc1: {server: vc1.example, datacenter: dc, switch: dvs}
clusters:
  esx:
    vcenter: vc1
    compute_host: nova-esx
    host_classes: {blade: {hosts: "esxi[1-2].example", cores: 8, threads: 16, memory: 64 GiB, nics: {storage: [a], data: [b]}}}
    vmkernel: {management: vmk0, vmotion: vmk1}
aggregates:
  general:
    hypervisor: kvm
    availability_zone: az-kvm
    host_classes:
      blade: {hosts: "kvm[1-2].example", vcpus: 16, memory: 64 GiB, disk: 100 GiB, nics: {storage: [a], data: [b]}}
  vendor: {hypervisor: esxi, availability_zone: az-esxi, clusters: esx}
networks:
  app: {subnets: {app-v4: {cidr: 10.0.0.0/24}}}
  data: {subnets: {data-v4: {cidr: 10.1.0.0/24}}}
security_groups:
  web: {rules: [{protocol: tcp, ports: "443"}]}
storage:
  array:
    capacity: 10 TiB
    volume_types:
      gold-kvm: {serves: kvm}
      gold-esxi: {serves: esxi, vcenter: vc1}
    datastores:
      ds1: {capacity: 1 TiB, clusters: esx}
images:
  rhel-kvm: {hypervisor: kvm, file: rhel.qcow2, virtual_size: 1 GiB}
  rhel-esxi: {hypervisor: esxi, file: rhel.vmdk, virtual_size: 1 GiB, disk_type: sparse, adapter: lsiLogic}
projects:
  pay: {}
flavors:
  small-kvm: {hypervisor: kvm, vcpus: 1, memory: 1 GiB, disk: 10 GiB}
  small-esxi: {hypervisor: esxi, vcpus: 1, memory: 1 GiB, disk: 10 GiB, projects: pay}
"""
"""A sound estate without workloads: what a case adds to it is the only thing that can be wrong."""


def unmarked(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without its marks, and the line and column of each, counted from 1."""
    first, *others = text.split("¦")
    places: list[tuple[int, int]] = []
    plain = first
    for piece in others:
        places.append((plain.count("\n") + 1, len(plain) - plain.rfind("\n")))
        plain += piece
    return plain, places


def folder(path: Path, **documents: str) -> Path:
    """A folder of documents: ``name="text"`` becomes ``name.yaml``."""
    path.mkdir(exist_ok=True)
    for name, text in documents.items():
        (path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return path
