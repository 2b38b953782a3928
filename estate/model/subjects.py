"""How messages call a block: ``workload "ledger-db"``."""

from estate.model.finding import Loc

LABELS = {
    "estate": "estate",
    "vcenters": "vcenter",
    "clusters": "cluster",
    "aggregates": "aggregate",
    "availability_zones": "availability zone",
    "address_scopes": "address scope",
    "subnet_pools": "subnet pool",
    "networks": "network",
    "subnets": "subnet",
    "routers": "router",
    "security_groups": "security group",
    "storage": "array",
    "volume_types": "volume type",
    "datastores": "datastore",
    "images": "image",
    "flavors": "flavor",
    "projects": "project",
    "server_groups": "server group",
    "keypairs": "keypair",
    "workloads": "workload",
    "parts": "part",
    "exemptions": "exemption",
}
"""One block of a kind, in words."""

_INNER_KINDS = ("subnets", "volume_types", "datastores")


def block_of(loc: Loc) -> Loc:
    """The innermost block with a name that holds a place; the place itself where there is none."""
    if len(loc) >= 4 and loc[2] in _INNER_KINDS:
        return loc[:4]
    return loc[:1] if loc[:1] == ("estate",) else loc[:2]


def subject(loc: Loc) -> str:
    """``("workloads", "ledger-db", "image")`` → ``workload "ledger-db"``."""
    block = block_of(loc)
    if not block:
        return "estate"
    label = LABELS.get(str(block[-2 if len(block) > 1 else 0]), str(block[0]))
    return f'{label} "{block[-1]}"' if len(block) > 1 else label
