"""The page ``docs/placement.md``, made from the rules themselves: ``python -m estate.placement.table``."""

from estate.placement import nova
from estate.placement.nova.rule import RELEASES
from estate.placement.proof import ASSUMPTIONS, Claim

_HEAD = """\
# Placement

<!-- Made by `.venv/bin/python -m estate.placement.table > docs/placement.md`; a test compares them. -->

Where a server lands is decided by Nova and placement. `estate/placement/nova` repeats that decision as
pure functions, rule by rule and by Nova's own names, over a frozen cloud (hosts, traits, inventories,
aggregates, lines of nova.conf) and a frozen request (flavor, image, zone, operation). Documents become
both in `estate/placement/building.py`; nothing here asks a cloud.

| command | what it answers |
|---|---|
| `estate place ENV` | where every workload lands, and the rule that keeps it off the other hypervisor |
| `estate explain ENV WORKLOAD` | host by host, what accepts or rejects it, and Nova's log |
| `estate prove ENV` | that restricted workloads stay on ESXi and nothing else gets there, or how |
| `estate headroom ENV` | whether all of it still fits after one host is lost |

## What is proven

| claim | |
|---|---|
"""

_CLAIMS = {
    Claim.ESXI_BY_GRANT: "No request reaches an ESXi host unless the documents grant its flavor to the "
    "project. Administrators: unless the flavor is one for ESXi.",
    Claim.RESTRICTED_STAYS: "No server of a restricted workload reaches a KVM host: however it is made (any "
    "zone form, from image, volume or blank volume), and by any sequence of unpinning, unshelving, resize, "
    "rebuild (which Nova's policy leaves to nobody), cold and live migration (members with role manager), "
    "for administrators also evacuation.",
    Claim.UNTAGGED_NOWHERE: "A request that carries no tag of operators lands nowhere, so a forgotten tag is "
    "noticed at once.",
    Claim.LANDS: "Every declared workload is taken by every host that the documents lead to (those of its "
    "aggregate with the size and the further traits that it asks for), whatever it boots from.",
}

_COMPLETE = """
The enumeration is complete, not a sample: `estate/placement/proof/requests.py` says why each class of
requests stands for all of its members, and tests hold what that rests on. It is so for the versions of
Nova that the assumptions name: before them a call can go past the scheduler's rules. `estate prove ENV
--each-setting` takes away every setting in turn (a line of nova.conf, an aggregate's key, a trait, a
flavor's access, a property protection, a rule of Nova's or Cinder's policy) and says which claim breaks,
by which request. Where none does, the setting is a second barrier. With `--reproduce` it takes each of them
away in the environment's running sandbox, in earnest (a file without the line and the service restarted, or
a call to Nova, Glance or placement), takes the counterexample's steps there as real calls of whoever the
proof names, compares where Nova sends the server, and gives the setting back: in a throw-away sandbox, since
an aggregate whose zone was taken away is made anew. `--matrix FILE` writes the matrix as an SVG picture.

Assumptions:

"""

_RULES = f"""
## Rules

Read in Nova {", ".join(RELEASES)} (31 to 34) and in placement; they read alike in all releases that the
table names. Paths are those of the sources. Weighers (`nova/scheduler/weights`) are left out: they order
the hosts that are accepted, and which of them wins depends on all else that runs.

| rule | stage | what it does | source | releases |
|---|---|---|---|---|
"""

_ORDER = """
The stages follow each other in this order. A rebuild with another image skips request filters and
placement and asks only the filters ImagePropertiesFilter, AggregateImagePropertiesIsolation and
IsolatedHostsFilter; `zone:host` skips the filters, but not placement.

## Held against Nova

`make fidelity` asks Nova itself. On the databases and the placement of a sandbox it arranges clouds of
chance (seeds), and sends requests of chance through Nova's own API, conductor and scheduler up to the choice
among the hosts that are accepted. Engine and Nova must say the same hosts, or refuse in the same words; it
prints how often they do, and how often each rule was decisive, that is, how often the engine without that
rule would have said something else. `make test` asks some dozens
(`tests/rehearsal/rebuilt/test_5_fidelity.py`), `tests/long/test_fidelity.py` all; both fail for every single
rule that is taken out of the engine. Glance, Cinder, Cyborg and Neutron are stood in for
(`tests/fidelity/asked`).

## Headroom

KVM: placement's inventories without the largest host of the aggregate. ESXi twice: `nova`, as placement
sees it, where each cluster is one large provider; and `hosts`, as it is, where every server must fit on
a single ESXi host without the largest one, within what HA's admission control and machines of others
leave.
"""


def markdown() -> str:
    """The whole page."""
    lines = [_HEAD]
    lines += [f"| `{claim}` | {_CLAIMS[claim]} |\n" for claim in Claim]
    lines.append(_COMPLETE)
    lines += [f"- {one}\n" for one in ASSUMPTIONS]
    lines.append(_RULES)
    stages = list(nova.Stage)
    for rule in sorted(nova.RULES.values(), key=lambda one: stages.index(one.stage)):
        releases = " to ".join(dict.fromkeys((rule.releases[0], rule.releases[-1])))
        lines.append(f"| `{rule.name}` | {rule.stage} | {rule.does} | {rule.source} | {releases} |\n")
    lines.append(_ORDER)
    return "".join(lines)


if __name__ == "__main__":
    print(markdown(), end="")
