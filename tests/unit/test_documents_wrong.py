"""Every way to be wrong that the language knows: the exact place, and the words that a person reads."""

# ruff: noqa: E501 - documents and messages stand here as a person sees them

from pathlib import Path
from typing import NamedTuple

import pytest

from estate.documents import load
from tests.unit.marked import BASE, folder, unmarked

W = "image: rhel-kvm, flavor: small-kvm, networks: app"
NAME = (
    "expected a name of lower-case letters, digits, dots, underscores and hyphens, at most 63 characters long"
)


class Case(NamedTuple):
    """A document, and what is said about each marked place in it (in the order of the places)."""

    document: str
    rule: str
    said: tuple[str, ...]


def case(document: str, rule: str, *said: str) -> Case:
    return Case(document, rule, said)


CASES = {
    # keys
    "unknown-kind": case(
        "¦netwroks: {}", "unknown-key", 'document: there is no kind "netwroks". Did you mean networks?'
    ),
    "unknown-key": case(
        f"workloads: {{w: {{{W}, ¦flavour: x}}}}",
        "unknown-key",
        'workload "w": unknown key "flavour". Did you mean flavor?',
    ),
    "unknown-key-inside": case(
        f"workloads: {{w: {{{W}, volumes: {{d: {{type: gold-kvm, size: 1 GiB, ¦sise: 1 GiB}}}}}}}}",
        "unknown-key",
        'workload "w": volumes.d: unknown key "sise". Did you mean size?',
    ),
    "unknown-key-far": case(
        "projects: {q: {¦zzz: 1}}",
        "unknown-key",
        'project "q": unknown key "zzz". There is: description, mode, protect, quota, was.',
    ),
    "missing-key": case(
        "workloads:\n  ¦w:\n    image: rhel-kvm\n    networks: app",
        "missing-key",
        'workload "w": the key "flavor" is missing (Flavor of its servers).',
    ),
    "missing-key-inside": case(
        f"workloads: {{w: {{{W}, volumes: {{¦d: {{type: gold-kvm}}}}}}}}",
        "missing-key",
        'workload "w": volumes.d: the key "size" is missing (Size, GiB).',
    ),
    "duplicate-key": case(
        f"workloads: {{w: {{{W}, ¦image: rhel-kvm}}}}",
        "duplicate-key",
        "document: image is given twice; it stands at {folder}/case.yaml:1:17 already.",
    ),
    "duplicate-block": case(
        "projects:\n  q: {}\n  ¦q: {}",
        "duplicate-key",
        "document: q is given twice; it stands at {folder}/case.yaml:2:3 already.",
    ),
    "duplicate-block-over-files": case(
        "projects:\n  ¦pay: {}",
        "duplicate-block",
        'project "pay": is defined twice; it stands at {folder}/base.yaml:35:3 already.',
    ),
    "duplicate-settings": case(
        "¦estate: {name: t}",
        "duplicate-block",
        "estate: is defined twice; it stands at {folder}/base.yaml:2:1 already.",
    ),
    "written-name": case(
        "projects: {q: {name: ¦q}}",
        "wrong-value",
        'project "q": name: a block\'s name is its key; remove name.',
    ),
    "key-is-number": case(
        "projects: {¦443: {}}",
        "key-not-text",
        "document: expected a key that is text, got 443; put it in quotes.",
    ),
    "key-is-null": case(
        "projects: {¦~: {}}",
        "key-not-text",
        "document: expected a key that is text, got ~; put it in quotes.",
    ),
    "key-is-list": case(
        "projects:\n  ? ¦[a]\n  : {}",
        "key-not-text",
        "document: expected a key that is text, got one with parts.",
    ),
    "block-name": case("projects: {¦Pay: {}}", "wrong-value", f"project \"Pay\": {NAME}, got 'Pay'."),
    "inner-block-name": case(
        "networks: {n: {subnets: {¦N 4: {cidr: 10.2.0.0/24}}}}",
        "wrong-value",
        f"subnet \"N 4\": {NAME}, got 'N 4'.",
    ),
    # types
    "kind-is-list": case(
        "routers: ¦[a]",
        "wrong-type",
        "document: expected blocks (name: …) under routers; without any, remove the key.",
    ),
    "kind-is-empty": case(
        "routers:¦",
        "wrong-type",
        "document: expected blocks (name: …) under routers; without any, remove the key.",
    ),
    "root-is-list": case("¦- a", "wrong-type", "document: expected kinds of blocks (workloads: …) as keys."),
    "root-is-text": case(
        "¦workloads", "wrong-type", "document: expected kinds of blocks (workloads: …) as keys."
    ),
    "block-is-text": case(
        "projects: {q: ¦x}", "wrong-type", "project \"q\": expected a mapping (key: value), got 'x'."
    ),
    "block-is-empty": case(
        "projects:\n  q:¦", "wrong-type", 'project "q": expected a mapping (key: value), got nothing.'
    ),
    "value-is-empty": case(
        "workloads: {w: {image: rhel-kvm, flavor: ¦, networks: app}}",
        "wrong-type",
        'workload "w": flavor: expected text, got nothing.',
    ),
    "text-is-number": case(
        "aggregates: {a: {hypervisor: kvm, availability_zone: z, host_classes: {h: {hosts: k1, "
        "vcpus: 1, memory: 1 GiB, disk: 1 GiB, nics: {storage: [s], data: [d]}}}, metadata: {tier: ¦1}}}",
        "wrong-type",
        'aggregate "a": metadata.tier: expected text, got 1; put it in quotes: "1".',
    ),
    "text-is-list": case(
        "projects: {q: {description: ¦[a]}}",
        "wrong-type",
        'project "q": description: expected text, got a list.',
    ),
    "text-with-control-character": case(
        'projects: {q: {description: ¦"a\\0b"}}',
        "not-text",
        "document: expected text, got the control character U+0000, written as an escape; remove it.",
    ),
    "text-is-empty": case(
        'projects: {q: {description: ¦""}}',
        "wrong-value",
        "project \"q\": description: expected some text, got ''.",
    ),
    "text-too-long": case(
        f"projects: {{q: {{description: ¦{'x' * 256}}}}}",
        "wrong-value",
        f"project \"q\": description: expected at most 255 characters, got '{'x' * 57}...'.",
    ),
    "number-is-text": case(
        'flavors: {f: {hypervisor: kvm, vcpus: ¦"4", memory: 1 GiB, disk: 1 GiB}}',
        "wrong-type",
        "flavor \"f\": vcpus: expected a whole number, got '4'.",
    ),
    "number-is-fraction": case(
        "flavors: {f: {hypervisor: kvm, vcpus: ¦1.5, memory: 1 GiB, disk: 1 GiB}}",
        "wrong-type",
        'flavor "f": vcpus: expected a whole number, got 1.5.',
    ),
    "number-is-truth": case(
        "flavors: {f: {hypervisor: kvm, vcpus: ¦true, memory: 1 GiB, disk: 1 GiB}}",
        "wrong-type",
        'flavor "f": vcpus: expected a whole number, got true.',
    ),
    "number-is-endless": case(
        f"flavors: {{f: {{hypervisor: kvm, vcpus: ¦{'9' * 50}, memory: 1 GiB, disk: 1 GiB}}}}",
        "wrong-type",
        f"flavor \"f\": vcpus: expected a whole number, got '{'9' * 50}'.",
    ),
    "number-too-small": case(
        "flavors: {f: {hypervisor: kvm, vcpus: ¦0, memory: 1 GiB, disk: 1 GiB}}",
        "wrong-value",
        'flavor "f": vcpus: expected at least 1, got 0.',
    ),
    "octal": case(
        "flavors: {f: {hypervisor: kvm, vcpus: ¦010, memory: 1 GiB, disk: 1 GiB}}",
        "ambiguous-number",
        "document: a number that begins with 0 could be octal or decimal; write it without, or in quotes.",
    ),
    "size-without-unit": case(
        "flavors: {f: {hypervisor: kvm, vcpus: 1, memory: ¦2048, disk: 1 GiB}}",
        "wrong-value",
        'flavor "f": memory: expected a size with its unit, such as 2048 GiB or 2048 MiB, got 2048.',
    ),
    "size-in-gb": case(
        "flavors: {f: {hypervisor: kvm, vcpus: 1, memory: ¦2 GB, disk: 1 GiB}}",
        "wrong-value",
        "flavor \"f\": memory: expected a size such as 64 GiB, 512 MiB or 2 TiB, got '2 GB'.",
    ),
    "size-is-fraction": case(
        "flavors: {f: {hypervisor: kvm, vcpus: 1, memory: 1 GiB, disk: ¦1500 MiB}}",
        "wrong-value",
        'flavor "f": disk: expected a whole number of GiB, got 1500 MiB.',
    ),
    "size-is-zero": case(
        "flavors: {f: {hypervisor: kvm, vcpus: 1, memory: ¦0 GiB, disk: 1 GiB}}",
        "wrong-value",
        'flavor "f": memory: expected a positive whole number of MiB, got 0 GiB.',
    ),
    "enum": case(
        "flavors: {f: {hypervisor: ¦xen, vcpus: 1, memory: 1 GiB, disk: 1 GiB}}",
        "wrong-value",
        "flavor \"f\": hypervisor: expected kvm or esxi, got 'xen'.",
    ),
    "yes-is-text": case(
        "clusters: {c: {vcenter: vc1, compute_host: n, host_classes: {h: {hosts: e1, "
        "cores: 1, threads: 1, memory: 1 GiB, nics: {storage: [s], data: [d]}}}, ha: {enabled: ¦yes}}}",
        "wrong-type",
        "cluster \"c\": ha.enabled: expected true or false, got 'yes', which is text; write true.",
    ),
    "ratio-is-infinite": case(
        "aggregates: {a: {hypervisor: kvm, availability_zone: z, host_classes: {h: {hosts: k1, "
        "vcpus: 1, memory: 1 GiB, disk: 1 GiB, nics: {storage: [s], data: [d]}}}, cpu_allocation_ratio: ¦.inf}}",
        "wrong-value",
        'aggregate "a": cpu_allocation_ratio: expected a finite number, got inf.',
    ),
    "tags-too-many": case(
        "workloads: {w: {image: rhel-kvm, flavor: small-kvm, networks: app, tags: ¦[t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12, t13, t14, t15, t16, t17, t18, t19, t20, t21, t22, t23, t24, t25, t26, t27, t28, t29, t30, t31, t32, t33, t34, t35, t36, t37, t38, t39, t40, t41, t42, t43, t44, t45, t46, t47, t48, t49, t50]}}",
        "wrong-value",
        'workload "w": tags: expected at most 50, got 51.',
    ),
    "date": case(
        f"workloads: {{w: {{{W}, restriction: {{reason: licence, evidence: e, owner: o, review: ¦2027-13-01}}}}}}",
        "wrong-value",
        "workload \"w\": restriction.review: expected a date such as 2027-06-30, got '2027-13-01'.",
    ),
    "date-is-number": case(
        f"workloads: {{w: {{{W}, restriction: {{reason: licence, evidence: e, owner: o, review: ¦2027}}}}}}",
        "wrong-value",
        'workload "w": restriction.review: expected a date such as 2027-06-30, got 2027.',
    ),
    "reason": case(
        f"workloads: {{w: {{{W}, restriction: {{reason: ¦vendor, evidence: e, owner: o, review: 2027-01-01}}}}}}",
        "wrong-value",
        'workload "w": restriction.reason: expected vendor-support, licence, certification or technical, '
        "got 'vendor'.",
    ),
    # names, ranges, addresses
    "host-name": case(
        "vcenters: {v: {server: ¦VC_1, datacenter: d, switch: s}}",
        "wrong-value",
        'vcenter "v": server: expected a host name in lower-case letters, digits, hyphens and dots (RFC 1123), '
        "got 'VC_1'.",
    ),
    "range": case(
        f"workloads: {{w: {{{W}, members: ¦'m[1-'}}}}",
        "wrong-value",
        'workload "w": members: expected a name or a range such as kvm[01-12] (several are written as a list), '
        "got 'm[1-'.",
    ),
    "range-too-large": case(
        f"workloads: {{w: {{{W}, members: ¦'m[1-99999999999999999999]'}}}}",
        "wrong-value",
        'workload "w": members: expected at most 10000 names, got 99999999999999999999.',
    ),
    "range-with-comma": case(
        "workloads: {w: {image: rhel-kvm, flavor: small-kvm, networks: ¦'app,data'}}",
        "wrong-value",
        'workload "w": networks: expected a name or a range such as kvm[01-12] (several are written as a list), '
        "got 'app,data'.",
    ),
    "quota-count": case(
        "projects: {q: {quota: {compute: {cores: ¦-1}}}}",
        "wrong-value",
        'project "q": quota.compute.cores: expected a whole number up to 1000000, or unlimited, got -1.',
    ),
    "quota-size": case(
        "projects: {q: {quota: {volumes: {size: ¦endless}}}}",
        "wrong-value",
        'project "q": quota.volumes.size: expected a size such as 64 GiB, 512 MiB or 2 TiB, got '
        "'endless'; without a limit say unlimited.",
    ),
    "range-names-twice": case(
        f"workloads: {{w: {{{W}, members: ¦['m[1-3]', m2]}}}}",
        "wrong-value",
        'workload "w": members: expected each name once, got m2 twice.',
    ),
    "range-of-numbers": case(
        f"workloads: {{w: {{{W}, members: ¦[m1, 2]}}}}",
        "wrong-value",
        'workload "w": members: expected a name or a range such as kvm[01-12], or a list of them, '
        "got 2 in the list.",
    ),
    "several-in-a-list": case(
        "workloads: {w: {image: rhel-kvm, flavor: small-kvm, networks: ¦[app, 7, [x], 'b c', 'd,e']}}",
        "wrong-value",
        'workload "w": networks: expected a name or a range such as kvm[01-12], or a list of them, '
        "got 7, a list in the list; expected a name or a range such as kvm[01-12] (several are written as a "
        "list), got 'b c'; expected a name or a range such as kvm[01-12] (several are written as a list), got "
        "'d,e'.",
    ),
    "range-of-nothing": case(
        "workloads: {w: {image: rhel-kvm, flavor: small-kvm, networks: ¦[]}}",
        "wrong-value",
        'workload "w": networks: expected at least one name, got none.',
    ),
    "name-in-list": case(
        f"workloads: {{w: {{{W}, members: ['m[1-3]', ¦M4, m5]}}}}",
        "wrong-value",
        f"workload \"w\": members: {NAME}, got 'M4'.",
    ),
    "address": case(
        "networks: {n: {subnets: {s: {cidr: 10.2.0.0/24, dns: [¦10.2.0.300]}}}}",
        "wrong-value",
        "subnet \"s\": dns: expected an IP address such as 10.20.0.2, got '10.2.0.300'.",
    ),
    "cidr": case(
        "networks: {n: {subnets: {s: {cidr: ¦10.2.0.0/33}}}}",
        "wrong-value",
        "subnet \"s\": cidr: expected a range of addresses such as 10.20.0.0/24, got '10.2.0.0/33'.",
    ),
    "cidr-is-number": case(
        "networks: {n: {subnets: {s: {cidr: ¦10}}}}",
        "wrong-value",
        'subnet "s": cidr: expected a range of addresses such as 10.20.0.0/24, got 10.',
    ),
    "cidr-of-host": case(
        "networks: {n: {subnets: {s: {cidr: ¦10.2.0.7/24}}}}",
        "wrong-value",
        'subnet "s": cidr: expected the first address of the range, 10.2.0.0/24, got 10.2.0.7/24.',
    ),
    "gateway-outside": case(
        "networks: {n: {subnets: {s: {cidr: 10.2.0.0/24, gateway: ¦10.3.0.1}}}}",
        "wrong-value",
        'subnet "s": gateway: expected the gateway inside 10.2.0.0/24, got 10.3.0.1.',
    ),
    "pool-outside": case(
        "networks: {n: {subnets: {s: {cidr: 10.2.0.0/24, pools: ¦[{start: 10.2.0.9, end: 10.2.1.9}]}}}}",
        "wrong-value",
        'subnet "s": pools: expected pools inside 10.2.0.0/24, got 10.2.1.9.',
    ),
    "gateway-is-the-network": case(
        "networks: {n: {subnets: {s: {cidr: 10.2.0.0/24, gateway: ¦10.2.0.0}}}}",
        "wrong-value",
        'subnet "s": gateway: expected the address of a machine, got 10.2.0.0, where 10.2.0.0/24 begins.',
    ),
    "gateway-is-broadcast": case(
        "networks: {n: {subnets: {s: {cidr: 10.2.0.0/24, gateway: ¦10.2.0.255}}}}",
        "wrong-value",
        'subnet "s": gateway: expected the address of a machine, got 10.2.0.255, where 10.2.0.0/24 ends (broadcast).',
    ),
    "pool-with-gateway": case(
        "networks: {n: {subnets: {s: {cidr: 10.2.0.0/24, gateway: 10.2.0.9, pools: ¦[{start: 10.2.0.9, end: 10.2.0.20}]}}}}",
        "wrong-value",
        'subnet "s": pools: expected pools without the gateway, got 10.2.0.9 in one.',
    ),
    "pool-with-default-gateway": case(
        "networks: {n: {subnets: {s: {cidr: 10.2.0.0/24, pools: ¦[{start: 10.2.0.1, end: 10.2.0.20}]}}}}",
        "wrong-value",
        'subnet "s": pools: expected pools without the gateway (the first address, if gateway says no other), got 10.2.0.1 in one.',
    ),
    "pool-with-network": case(
        "networks: {n: {subnets: {s: {cidr: 10.2.0.0/24, gateway: none, pools: ¦[{start: 10.2.0.0, end: 10.2.0.20}]}}}}",
        "wrong-value",
        'subnet "s": pools: expected addresses of machines in the pools, got 10.2.0.0, where 10.2.0.0/24 begins.',
    ),
    "pool-with-broadcast": case(
        "networks: {n: {subnets: {s: {cidr: 10.2.0.0/24, pools: ¦[{start: 10.2.0.9, end: 10.2.0.255}]}}}}",
        "wrong-value",
        'subnet "s": pools: expected addresses of machines in the pools, got 10.2.0.255, where 10.2.0.0/24 ends (broadcast).',
    ),
    "pools-that-overlap": case(
        "networks: {n: {subnets: {s: {cidr: 10.2.0.0/24, pools: ¦[{start: 10.2.0.30, end: 10.2.0.40}, {start: 10.2.0.9, end: 10.2.0.30}]}}}}",
        "wrong-value",
        'subnet "s": pools: expected pools that do not overlap, got 10.2.0.9 to 10.2.0.30 and 10.2.0.30 to 10.2.0.40.',
    ),
    "dns-of-the-other-version": case(
        'networks: {n: {subnets: {s: {cidr: 10.2.0.0/24, dns: ¦["fd00::1"]}}}}',
        "wrong-value",
        'subnet "s": dns: expected name servers of IPv4 as 10.2.0.0/24 is, got fd00::1; name it in a subnet of IPv6.',
    ),
    "dns-twice": case(
        "networks: {n: {subnets: {s: {cidr: 10.2.0.0/24, dns: ¦[10.2.0.2, 10.2.0.2]}}}}",
        "wrong-value",
        'subnet "s": dns: expected each name server once, got 10.2.0.2 twice.',
    ),
    "dns-too-many": case(
        "networks: {n: {subnets: {s: {cidr: 10.2.0.0/24, dns: ¦[10.2.0.2, 10.2.0.3, 10.2.0.4, 10.2.0.5, 10.2.0.6, 10.2.0.7]}}}}",
        "wrong-value",
        'subnet "s": dns: expected at most 5 name servers (Neutron\'s max_dns_nameservers), got 6.',
    ),
    "host-route-of-the-other-version": case(
        'networks: {n: {subnets: {s: {cidr: 10.2.0.0/24, host_routes: ¦[{destination: "fd00::/64", next_hop: "fd00::1"}]}}}}',
        "wrong-value",
        'subnet "s": host_routes: expected routes of IPv4 as 10.2.0.0/24 is, got one to fd00::/64.',
    ),
    "range-of-everything": case(
        "networks: {n: {subnets: {s: {cidr: ¦0.0.0.0/0}}}}",
        "wrong-value",
        'subnet "s": cidr: expected a range that Neutron takes for a subnet, got 0.0.0.0/0.',
    ),
    "range-of-loopback": case(
        "networks: {n: {subnets: {¦s: {cidr: 127.0.0.0/24}}}}",
        "wrong-value",
        'subnet "s": dhcp: Neutron has no DHCP for 127.0.0.0/24 (loopback); take another range.',
    ),
    "range-of-multicast": case(
        "networks: {n: {subnets: {s: {cidr: 224.0.0.0/24, dhcp: ¦true}}}}",
        "wrong-value",
        'subnet "s": dhcp: Neutron has no DHCP for 224.0.0.0/24 (multicast); take another range.',
    ),
    "range-from-zero": case(
        "networks: {n: {subnets: {¦s: {cidr: 0.0.0.0/8}}}}",
        "wrong-value",
        'subnet "s": dhcp: Neutron has no DHCP for 0.0.0.0/8 (addresses that begin with 0.0.0.0); take another range.',
    ),
    "pool-smallest-beyond-largest": case(
        "subnet_pools: {p: {prefixes: [10.0.0.0/8], smallest: 20, largest: ¦24}}",
        "wrong-value",
        'subnet pool "p": largest: expected a prefix of at most 20, as smallest is, got 24: the larger the subnet, the shorter its prefix.',
    ),
    "pool-smallest-beyond-the-default": case(
        "subnet_pools: {¦p: {prefixes: ['fd00::/32'], smallest: 56}}",
        "wrong-value",
        'subnet pool "p": largest: a pool with smallest: 56 needs it, because Neutron takes /64 for IPv6 if it is absent.',
    ),
    "pool-smallest-too-long": case(
        "subnet_pools: {p: {prefixes: [10.0.0.0/8], smallest: 64, largest: ¦24}}",
        "wrong-value",
        'subnet pool "p": largest: expected prefixes of at most 32 bits (IPv4), got 64.',
    ),
    "range-of-two-networks": case(
        "subnet_pools: {p: {prefixes: [10.0.0.0/8]}}\nnetworks:\n  n: {subnets: {s: {cidr: 10.2.0.0/24, pool: p}}}\n  m: {subnets: {t: {cidr: ¦10.2.0.0/24, pool: p}}}",
        "range-of-one-subnet",
        'subnet "t": 10.2.0.0/24 overlaps with 10.2.0.0/24 of subnet "s", and subnet pool "p" gives each address once. Take another range, or name no pool. The other one stands at {folder}/case.yaml:3:27.',
    ),
    "pool-backwards": case(
        "networks: {n: {subnets: {s: {cidr: 10.2.0.0/24, pools: [¦{start: 10.2.0.9, end: 10.2.0.1}]}}}}",
        "wrong-value",
        'subnet "s": pools.0: expected a pool from a lower to a higher address, got 10.2.0.9 to 10.2.0.1.',
    ),
    "no-subnets": case(
        "networks: {n: {¦subnets: {}}}",
        "wrong-value",
        'network "n": subnets: a network needs at least one subnet, because a port takes its address from one.',
    ),
    # what a block's own keys say together
    "kvm-without-hosts": case(
        "aggregates: {¦a: {hypervisor: kvm, availability_zone: z}}",
        "wrong-value",
        'aggregate "a": host_classes: a kvm aggregate needs host_classes (hosts and their size).',
    ),
    "kvm-with-clusters": case(
        "aggregates: {a: {hypervisor: kvm, availability_zone: z, host_classes: {h: {hosts: k1, "
        "vcpus: 1, memory: 1 GiB, disk: 1 GiB, nics: {storage: [s], data: [d]}}}, clusters: ¦esx}}",
        "wrong-value",
        'aggregate "a": clusters: a kvm aggregate has hosts, not clusters; remove clusters or say '
        "hypervisor: esxi.",
    ),
    "esxi-with-hosts": case(
        "aggregates: {a: {hypervisor: esxi, availability_zone: z, clusters: esx, "
        "¦host_classes: {h: {hosts: e1, vcpus: 1, memory: 1 GiB, disk: 1 GiB}}}}",
        "wrong-value",
        'aggregate "a": host_classes: an esxi aggregate has clusters, not hosts, because Nova sees one nova-compute '
        "per vCenter cluster and not the ESXi hosts; remove host_classes.",
    ),
    "esxi-without-clusters": case(
        "aggregates: {¦a: {hypervisor: esxi, availability_zone: z}}",
        "wrong-value",
        'aggregate "a": clusters: an esxi aggregate needs its clusters.',
    ),
    "zone-as-metadata": case(
        "aggregates: {a: {hypervisor: kvm, availability_zone: z, host_classes: {h: {hosts: k1, "
        "vcpus: 1, memory: 1 GiB, disk: 1 GiB, nics: {storage: [s], data: [d]}}}, metadata: {availability_zone: ¦az-esxi}}}",
        "wrong-value",
        'aggregate "a": metadata.availability_zone: this is the zone itself to Nova; say availability_zone: … beside metadata, and remove it here.',
    ),
    "hypervisor-as-metadata": case(
        "aggregates: {a: {hypervisor: kvm, availability_zone: z, host_classes: {h: {hosts: k1, "
        "vcpus: 1, memory: 1 GiB, disk: 1 GiB, nics: {storage: [s], data: [d]}}}, metadata: {img_hv_type: ¦vmware}}}",
        "wrong-value",
        'aggregate "a": metadata.img_hv_type: this is written from hypervisor; remove it.',
    ),
    "own-trait-as-metadata": case(
        "aggregates: {a: {hypervisor: kvm, availability_zone: z, host_classes: {h: {hosts: k1, "
        "vcpus: 1, memory: 1 GiB, disk: 1 GiB, nics: {storage: [s], data: [d]}}}, ¦metadata: {'trait:CUSTOM_HV_KVM': forbidden}}}",
        "wrong-value",
        'aggregate "a": metadata: expected no trait:CUSTOM_HV_KVM, which is written from hypervisor: kvm with the value required; remove it.',
    ),
    "trait-that-no-flavor-has": case(
        "aggregates: {a: {hypervisor: kvm, availability_zone: z, host_classes: {h: {hosts: k1, "
        "vcpus: 1, memory: 1 GiB, disk: 1 GiB, nics: {storage: [s], data: [d]}}}, metadata: {'trait:CUSTOM_X': ¦required}}}",
        "aggregate-out-of-reach",
        'aggregate "a": trait:CUSTOM_X keeps everything off its hosts that does not require CUSTOM_X, and no flavor for kvm does. Say traits: [CUSTOM_X] in one, or remove it.',
    ),
    "image-suffix": case(
        "images: {i: {hypervisor: kvm, file: ¦a.vmdk, virtual_size: 1 GiB}}",
        "wrong-value",
        'image "i": file: expected a .qcow2 or .raw file for hypervisor kvm, got a.vmdk.',
    ),
    "image-format-against-ending": case(
        "images: {i: {hypervisor: kvm, virtual_size: 1 GiB, file: ¦a.qcow2, format: raw}}",
        "wrong-value",
        'image "i": file: expected a file of format raw, got a.qcow2; remove format, or name it so.',
    ),
    "image-outside": case(
        "images: {i: {hypervisor: kvm, virtual_size: 1 GiB, file: ¦../a.qcow2}}",
        "wrong-value",
        "image \"i\": file: expected a file below the images folder, got '../a.qcow2'; put it there, or name another folder (`pulumi config set estate:images FOLDER`).",
    ),
    "image-of-the-machine": case(
        "images: {i: {hypervisor: kvm, virtual_size: 1 GiB, version: b, file: a.qcow2, older: {a: {file: ¦/srv/a.qcow2}}}}",
        "wrong-value",
        "image \"i\": older.a.file: expected a file below the images folder, got '/srv/a.qcow2'; put it there, or name another folder (`pulumi config set estate:images FOLDER`).",
    ),
    "image-with-login-in-url": case(
        "images: {i: {hypervisor: kvm, virtual_size: 1 GiB, url: ¦'https://me:hunter2@x.example/a.qcow2', sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}}",
        "wrong-value",
        'image "i": url: expected an address without user and password, which stand in clear here and in the engine\'s state; serve the file without them, and change the password.',
    ),
    "image-with-login-in-no-url": case(
        "images: {i: {hypervisor: kvm, virtual_size: 1 GiB, url: ¦'https://me:hunter2@x.example', sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}}",
        "wrong-value",
        'image "i": url: expected an address without user and password, which stand in clear here and in the engine\'s state; serve the file without them, and change the password.',
    ),
    "image-of-kvm-with-adapter": case(
        "images: {i: {hypervisor: kvm, file: a.qcow2, virtual_size: 1 GiB, adapter: ¦ide}}",
        "wrong-value",
        'image "i": adapter: only images with hypervisor: esxi have adapter; remove it.',
    ),
    "image-of-esxi-without-disk-type": case(
        "images: {¦i: {hypervisor: esxi, file: a.vmdk, virtual_size: 1 GiB, adapter: ide}}",
        "wrong-value",
        'image "i": disk_type: an esxi image needs disk_type: one of sparse, streamOptimized.',
    ),
    "image-guest": case(
        "images: {i: {hypervisor: esxi, file: a.vmdk, virtual_size: 1 GiB, disk_type: sparse, adapter: ide, "
        "guest: ¦RHEL 9}}",
        "wrong-value",
        "image \"i\": guest: expected a vSphere guest id such as rhel9_64Guest, got 'RHEL 9'.",
    ),
    "memory-on-esxi": case(
        "flavors: {f: {hypervisor: esxi, vcpus: 1, memory: ¦2049 MiB, disk: 1 GiB}}",
        "wrong-value",
        'flavor "f": memory: expected a multiple of 4 MiB on ESXi (vSphere takes no other), got 2049 MiB; '
        "use 2048 MiB or 2052 MiB.",
    ),
    "flavor-without-scope": case(
        "flavors: {f: {hypervisor: kvm, vcpus: 1, memory: 1 GiB, disk: 1 GiB, ¦extra_specs: {ssd: 'true'}}}",
        "wrong-value",
        'flavor "f": extra_specs: expected keys with a scope such as quota:cpu_limit, got ssd: Nova takes a key '
        "without scope for a capability that a host must have.",
    ),
    "flavor-that-places": case(
        "flavors: {f: {hypervisor: kvm, vcpus: 1, memory: 1 GiB, disk: 1 GiB, "
        "¦extra_specs: {trait:CUSTOM_X: required}}}",
        "wrong-value",
        'flavor "f": extra_specs: expected no extra spec that places servers, got trait:CUSTOM_X; say traits, and '
        "hypervisor.",
    ),
    "flavor-that-places-by-a-numbered-group": case(
        "flavors: {f: {hypervisor: kvm, vcpus: 1, memory: 1 GiB, disk: 1 GiB, "
        "¦extra_specs: {'trait1:CUSTOM_X': required, 'trait_A:CUSTOM_X': required, 'resources1:VCPU': '1'}}}",
        "wrong-value",
        'flavor "f": extra_specs: expected no extra spec that places servers, got resources1:VCPU, '
        "trait1:CUSTOM_X, trait_A:CUSTOM_X; say traits, and hypervisor.",
    ),
    "trait-in-small-letters": case(
        "flavors: {f: {hypervisor: kvm, vcpus: 1, memory: 1 GiB, disk: 1 GiB, traits: [¦ssd]}}",
        "wrong-value",
        'flavor "f": traits: expected a trait in capitals, digits and underscores, such as CUSTOM_LOCAL_NVME or '
        "HW_CPU_X86_AVX512F, got 'ssd'.",
    ),
    "card-of-two-roles": case(
        "clusters: {c: {vcenter: vc1, compute_host: n, host_classes: {h: {hosts: e1, cores: 1, threads: 1, "
        "memory: 1 GiB, ¦nics: {storage: [vmnic1], data: [vmnic1]}}}, vmkernel: {management: vmk0, vmotion: vmk1}}}",
        "wrong-value",
        'cluster "c": host_classes.h.nics: expected each card once, got vmnic1 under storage and data; storage and '
        "data need cards of their own.",
    ),
    "adapter-that-is-none": case(
        "clusters: {c: {vcenter: vc1, compute_host: n, host_classes: {h: {hosts: e1, cores: 1, threads: 1, "
        "memory: 1 GiB}}, vmkernel: {vmotion: ¦vmnic1}}}",
        "wrong-value",
        "cluster \"c\": vmkernel.vmotion: expected a VMkernel adapter such as vmk1, got 'vmnic1'.",
    ),
    "adapter-of-two-uses": case(
        "clusters: {c: {vcenter: vc1, compute_host: n, host_classes: {h: {hosts: e1, cores: 1, threads: 1, "
        "memory: 1 GiB}}, ¦vmkernel: {management: vmk0, vmotion: vmk0}}}",
        "wrong-value",
        'cluster "c": vmkernel: expected an adapter of its own for each kind of traffic, got vmk0, vmk0.',
    ),
    "evc-mode-that-is-none": case(
        "clusters: {c: {vcenter: vc1, compute_host: n, evc: ¦skylake, host_classes: {h: {hosts: e1, cores: 1, "
        "threads: 1, memory: 1 GiB}}}}",
        "wrong-value",
        "cluster \"c\": evc: expected an EVC mode such as intel-cascadelake or amd-zen2, got 'skylake'.",
    ),
    "drs-threshold": case(
        "clusters: {c: {vcenter: vc1, compute_host: n, drs: {migration_threshold: ¦9}, host_classes: {h: {hosts: e1, "
        "cores: 1, threads: 1, memory: 1 GiB}}}}",
        "wrong-value",
        'cluster "c": drs.migration_threshold: expected at most 5, got 9.',
    ),
    "ha-host-failures": case(
        "clusters: {c: {vcenter: vc1, compute_host: n, ha: {admission_control: {host_failures: ¦32}}, host_classes: "
        "{h: {hosts: e1, cores: 1, threads: 1, memory: 1 GiB}}}}",
        "wrong-value",
        'cluster "c": ha.admission_control.host_failures: expected at most 31, got 32.',
    ),
    "threads-fewer-than-cores": case(
        "clusters: {c: {vcenter: vc1, compute_host: n, host_classes: {h: {hosts: e1, cores: 16, threads: ¦8, "
        "memory: 1 GiB}}}}",
        "wrong-value",
        'cluster "c": host_classes.h.threads: expected at least the 16 cores (twice as many with hyper-threading), '
        "got 8.",
    ),
    "foreign-load-of-our-own-cluster": case(
        "clusters: {c: {vcenter: vc1, compute_host: n, host_classes: {h: {hosts: e1, cores: 1, threads: 1, "
        "memory: 1 GiB}}, ¦foreign: {machines: 1, vcpus: 1, memory: 1 GiB}}}",
        "wrong-value",
        'cluster "c": foreign: only a cluster with mode: referenced runs machines of others; remove foreign, or say '
        "mode: referenced.",
    ),
    "referenced-project-described": case(
        "projects: {q: {mode: referenced, description: ¦Ours}}",
        "wrong-value",
        'project "q": description: a referenced project keeps the description that it has; remove description.',
    ),
    "rule-ports-of-icmp": case(
        'security_groups: {g: {rules: [{protocol: icmp, ports: ¦"1"}]}}',
        "wrong-value",
        'security group "g": rules.0.ports: only tcp, udp and sctp have ports, got protocol icmp; remove ports.',
    ),
    "rule-ports-backwards": case(
        'security_groups: {g: {rules: [{protocol: tcp, ports: ¦"9-1"}]}}',
        "wrong-value",
        'security group "g": rules.0.ports: expected ports between 1 and 65535, the smaller first, got 9-1.',
    ),
    "rule-ports-words": case(
        "security_groups: {g: {rules: [{protocol: tcp, ports: ¦https}]}}",
        "wrong-value",
        'security group "g": rules.0.ports: expected a port such as 443 or a range such as 8000-8100, '
        "got 'https'.",
    ),
    "rule-two-remotes": case(
        "security_groups: {g: {rules: [{protocol: tcp, remote: 10.0.0.0/8, group: ¦web}]}}",
        "wrong-value",
        'security group "g": rules.0.group: expected either remote (addresses) or group, got both.',
    ),
    "rule-said-already": case(
        'security_groups: {g: {rules: [{protocol: tcp, ports: "22", group: web}, '
        '¦{protocol: tcp, ports: "22", group: web, description: again}]}}',
        "said-once",
        'security group "g": rules.1: the rule allows what another one of the group allows already (descriptions do '
        "not count). Remove one of the two. The other one stands at {folder}/case.yaml:1:31.",
    ),
    "rule-said-already-in-other-words": case(
        'security_groups: {g: {rules: [{protocol: udp}, ¦{protocol: udp, ports: "1-65535", remote: 0.0.0.0/0}]}}',
        "said-once",
        'security group "g": rules.1: the rule allows what another one of the group allows already (descriptions do '
        "not count). Remove one of the two. The other one stands at {folder}/case.yaml:1:31.",
    ),
    "two-routes-to-one-destination": case(
        "routers: {r: {networks: app, routes: [{destination: 10.9.0.0/16, next_hop: 10.0.0.8},\n"
        "  ¦{destination: 10.9.0.0/16, next_hop: 10.0.0.9}]}}",
        "said-once",
        'router "r": routes.1: expected one route to 10.9.0.0/16, found another one already. Remove one of the two. '
        "The other one stands at {folder}/case.yaml:1:39.",
    ),
    "volume-type-without-vcenter": case(
        "storage: {a: {capacity: 1 TiB, volume_types: {¦t: {serves: esxi}}}}",
        "wrong-value",
        'volume type "t": vcenter: a volume type for esxi needs its vcenter, because a VMDK back end speaks to '
        "one vCenter.",
    ),
    "volume-type-of-kvm-with-vcenter": case(
        "storage: {a: {capacity: 1 TiB, volume_types: {t: {serves: kvm, vcenter: ¦vc1}}}}",
        "wrong-value",
        'volume type "t": vcenter: a volume type for kvm has no vcenter; remove it or say serves: esxi.',
    ),
    "provisioning-on-kvm": case(
        "storage: {a: {capacity: 1 TiB, volume_types: {t: {serves: kvm, provisioning: ¦thin}}}}",
        "wrong-value",
        'volume type "t": provisioning: only a volume type that serves esxi has provisioning; remove it.',
    ),
    "datastores-larger-than-array": case(
        "storage: {a: {capacity: 1 TiB, ¦datastores: {d: {capacity: 2 TiB, clusters: esx}}}}",
        "wrong-value",
        'array "a": datastores: expected datastores within the array\'s capacity of 1024 GiB, got 2048 GiB.',
    ),
    # references
    "unknown-image": case(
        "workloads: {w: {image: ¦rhel-kvmm, flavor: small-kvm, networks: app}}",
        "unknown-reference",
        'workload "w": there is no image "rhel-kvmm". Did you mean rhel-kvm?',
    ),
    "unknown-in-list": case(
        "workloads: {w: {image: rhel-kvm, flavor: small-kvm, networks: [app, ¦dtaa]}}",
        "unknown-reference",
        'workload "w": there is no network "dtaa". Did you mean data?',
    ),
    "unknown-in-range": case(
        "routers: {r: {networks: [app, ¦'n[1-1]']}}",
        "unknown-reference",
        'router "r": there is no network "n1". There is: app, data.',
    ),
    "unknown-volume-type": case(
        f"workloads: {{w: {{{W}, volumes: {{d: {{type: ¦silver, size: 1 GiB}}}}}}}}",
        "unknown-reference",
        'workload "w": there is no volume type "silver". There is: gold-esxi, gold-kvm.',
    ),
    "unknown-zone": case(
        f"workloads: {{w: {{{W}, availability_zone: ¦az-kwm}}}}",
        "unknown-reference",
        'workload "w": there is no availability zone "az-kwm". Did you mean az-kvm?',
    ),
    "unknown-group": case(
        "security_groups: {g: {rules: [{protocol: tcp}, {protocol: tcp, group: ¦h}]}}",
        "unknown-reference",
        'security group "g": there is no security group "h". There is: g, web.',
    ),
    "unknown-project": case(
        "flavors: {f: {hypervisor: esxi, vcpus: 1, memory: 1 GiB, disk: 1 GiB, projects: [¦pai]}}",
        "unknown-reference",
        'flavor "f": there is no project "pai". Did you mean pay?',
    ),
    "host-of-two": case(
        "aggregates: {a: {hypervisor: kvm, availability_zone: z, host_classes: {h: {hosts: ['k[1-2]', ¦kvm1.example], "
        "vcpus: 1, memory: 1 GiB, disk: 1 GiB, nics: {storage: [s], data: [d]}}}}}",
        "host-has-one-owner",
        'aggregate "a": host "kvm1.example" belongs to aggregate "general" already; a host has one owner.',
    ),
    "cluster-of-two": case(
        "aggregates: {a: {hypervisor: esxi, availability_zone: z, clusters: [¦esx]}}",
        "cluster-in-one-aggregate",
        'aggregate "a": cluster "esx" belongs to aggregate "vendor" already; a cluster is in exactly one '
        "aggregate.",
    ),
    "zone-of-two": case(
        "aggregates: {a: {hypervisor: kvm, availability_zone: ¦az-kvm, host_classes: {h: {hosts: k1, "
        "vcpus: 1, memory: 1 GiB, disk: 1 GiB, nics: {storage: [s], data: [d]}}}}}",
        "zone-of-one-aggregate",
        'aggregate "a": availability zone "az-kvm" is the zone of aggregate "general" already; a zone that two '
        "aggregates share says nothing about the hypervisor.",
    ),
    "switch-of-two": case(
        "vcenters: {other: {server: vc1.example, datacenter: dc, switch: ¦dvs}}",
        "switch-of-one-vcenter",
        'vcenter "other": vcenter "vc1" is the same switch of the same data center and server already. Remove '
        "one of the two, and name the other.",
    ),
    "renamed-from-what-is-there": case(
        "projects: {q: {was: ¦pay}}",
        "renamed-once",
        'project "q": expected a name that no block has any more, found "pay", which is still there. Remove was, or correct it.',
    ),
    "renamed-twice": case(
        "storage: {a: {capacity: 1 TiB, volume_types: {b: {serves: kvm, was: old}, c: {serves: kvm, was: ¦old}}}}",
        "renamed-once",
        'volume type "c": "old" was renamed to volume type "b" already, and can only be one of the two. Remove was, or correct it.',
    ),
    "volume-renamed-twice": case(
        "workloads: {w: {image: rhel-kvm, flavor: small-kvm, networks: app, volumes: {b: {type: gold-kvm, size: 1 GiB, was: a}, c: {type: gold-kvm, size: 1 GiB, was: ¦a}}}}",
        "renamed-once",
        'workload "w": volumes.c: "a" was renamed to volume "b" already, and can only be one of the two. Remove was, or correct it.',
    ),
    "switch-renamed-from-itself": case(
        "vcenters: {¦other: {server: vc2.example, datacenter: dc, switch: dvs, managed_switch: {was: dvs}}}",
        "wrong-value",
        'vcenter "other": managed_switch.was: expected the switch\'s name before it was renamed, got dvs, which it has now; remove was, or correct it.',
    ),
    "port-group-renamed-from-what-is-there": case(
        "vcenters: {other: {server: vc2.example, datacenter: dc, switch: dvs, managed_switch: {port_groups: {a: {was: ¦b}, b: {}}}}}",
        "renamed-once",
        'vcenter "other": managed_switch.port_groups.a: expected a name that no block has any more, found "b", which is still there. Remove was, or correct it.',
    ),
    "server-of-two": case(
        f"workloads: {{w: {{{W}, members: 'm[1-2]'}}, ¦m2: {{{W}}}}}",
        "unique-server",
        'workload "m2": server "m2" is a member of workload "w" already.',
    ),
    "volume-type-of-two": case(
        "storage: {a: {capacity: 1 TiB, volume_types: {¦gold-kvm: {serves: kvm}}}}",
        "unique-volume-type",
        'volume type "gold-kvm": array "array" has a volume type of that name already.',
    ),
    "volume-type-without-datastore": case(
        "storage: {a: {capacity: 1 TiB, volume_types: {¦t: {serves: esxi, vcenter: vc1}}}}",
        "volume-type-has-datastore",
        'volume type "t": array "a" presents no datastore to a cluster of vcenter "vc1", so volumes of this type '
        "have no place.",
    ),
    "lonely-cluster": case(
        "clusters: {¦¦c: {vcenter: vc1, compute_host: n, host_classes: {h: {hosts: e1, cores: 1, threads: 1, memory: 1 GiB, nics: {storage: [s], data: [d]}}}, vmkernel: {management: vmk0, vmotion: vmk1}}}",
        "cluster-in-one-aggregate cluster-has-datastore",
        'cluster "c": expected the cluster in exactly one esxi aggregate, found it in none; name it in an '
        "aggregate's clusters.",
        'cluster "c": expected at least one shared datastore for the cluster, found none; name the cluster in a '
        "datastore's clusters (kind storage).",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_says_what_is_wrong_and_where(tmp_path: Path, name: str) -> None:
    text, places = unmarked(CASES[name].document)
    where = folder(tmp_path / "t", base=BASE, case=text)

    loaded = load(where)

    assert [str(problem) for problem in loaded.problems] == [
        f"{where}/case.yaml:{line}:{column}: {said.format(folder=where) if '{folder}' in said else said}"
        for (line, column), said in zip(places, CASES[name].said, strict=True)
    ]
    rules = CASES[name].rule.split() if " " in CASES[name].rule else [CASES[name].rule] * len(places)
    assert [problem.rule for problem in loaded.problems] == rules
    assert loaded.estate is None


def test_the_base_itself_is_sound(tmp_path: Path) -> None:
    assert load(folder(tmp_path / "t", base=BASE)).problems == ()


def test_all_problems_at_once(tmp_path: Path) -> None:
    """Shapes of all blocks, and references of the sound ones; nothing that only follows from the others."""
    text, places = unmarked(
        "networks: {¦web: {¦subnet: {}}}\n"
        "workloads:\n"
        "  a: {image: ¦rhel, flavor: small-kvm, networks: [web]}\n"
        f"  b: {{{W}, volumes: {{d: {{type: gold-kvm, size: ¦1}}}}}}\n"
    )
    problems = load(folder(tmp_path / "t", base=BASE, case=text)).problems
    assert [(one.position.line, one.position.column) for one in problems] == places
    assert [one.rule for one in problems] == [
        "wrong-value",
        "unknown-key",
        "unknown-reference",
        "wrong-value",
    ]


BAD = "workloads: {w: {image: ¦rhel-kwm, flavor: small-kvm, networks: app, keypair: ops}}"
"""The image is nowhere, whatever may be in a part that cannot be read; the keypair may be in there."""

PARTLY = {
    "misspelled-kind": ({"more": "¦keypiars: {ops: {}}", "wrong": BAD}, "unknown-key unknown-reference"),
    "table-that-is-not-there": (
        {"more": "exemptions: ¦!table x.csv", "wrong": BAD.replace(", keypair: ops", "")},
        "unreadable unknown-reference",
    ),
    "table-of-the-kind": ({"more": "keypairs: ¦!table x.csv", "wrong": BAD}, "unreadable unknown-reference"),
    "syntax": ({"more": "keypairs:\n  ops: {}\n ¦x: {}", "wrong": BAD}, "yaml-syntax unknown-reference"),
    "kind-twice": (
        {"more": "keypairs: {}\n¦keypairs: {ops: {}}", "wrong": BAD},
        "duplicate-key unknown-reference",
    ),
    "list-for-blocks": ({"more": "keypairs: ¦[ops]", "wrong": BAD}, "wrong-type unknown-reference"),
    "misspelled-key-of-an-array": (
        {
            "more": "storage: {a: {capacity: 1 TiB, ¦volume_typse: {silver: {serves: kvm}}}}",
            "wrong": f"workloads: {{w: {{{W}, volumes: {{a: {{type: silver, size: 1 GiB}}, "
            "b: {type: ¦gold, size: 1 GiB}}}}",
        },
        "unknown-key unknown-reference",
    ),
    "folder-that-is-not-there": (
        {"more": "extends: ¦../x", "wrong": BAD.replace("¦", "")},
        "unknown-folder",
    ),
    "syntax-of-what-extends": (
        {"more": "extends: ../x\nkeypairs: ¦@", "wrong": BAD.replace("¦", "")},
        "yaml-syntax",
    ),
    "block-that-is-wrong-itself": (
        {
            "wrong": "workloads: {w: {image: ¦rhel-kwm, flavor: small-kvm, networks: [app, ¦dtaa], "
            "security_groups: ¦webb, volumes: {a: {type: ¦gold, size: ¦1}}, differences: {w: {flavor: ¦big}}}}",
        },
        "unknown-reference unknown-reference unknown-reference unknown-reference wrong-value unknown-reference",
    ),
}


@pytest.mark.parametrize("name", PARTLY)
def test_a_part_that_cannot_be_read_hides_no_others(tmp_path: Path, name: str) -> None:
    documents, rules = PARTLY[name]
    texts = {file: unmarked(text) for file, text in documents.items()}
    where = folder(tmp_path / "t", base=BASE, **{file: text for file, (text, _) in texts.items()})
    problems = load(where).problems
    expected = [(f"{file}.yaml", *place) for file, (_, places) in texts.items() for place in places]
    assert [(Path(one.position.file).name, *one.position[1:]) for one in problems] == expected
    assert [one.rule for one in problems] == rules.split()
