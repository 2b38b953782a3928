"""Claim ``lands``: every declared workload is taken by its own aggregate, whatever it boots from.

Hosts that refuse it may do so only because a server of its size does not fit there.
"""

from estate.placement import nova
from estate.placement.building import OPERATORS
from estate.placement.proof.claims import Claim, Counterexample, step
from estate.placement.proof.inquiry import Inquiry, workloads
from estate.placement.proof.requests import Who
from estate.placement.proof.situation import Declared

_WHO = Who(project=OPERATORS, admin=True)


def look(inquiry: Inquiry) -> None:
    """Every declared workload, from image, volume and blank volume."""
    for declared in inquiry.situation.declared:
        for source in nova.Source:
            _one(inquiry, declared, source)


def _one(inquiry: Inquiry, declared: Declared, source: nova.Source) -> None:
    aim = {"zone": declared.zone} if declared.zone is not None else {}
    asked = inquiry.asked(declared, _WHO, inquiry.boot(declared, source), aim)
    own = declared.hosts & set(inquiry.cloud.by_name)
    decision = nova.decide(inquiry.cloud, asked)
    key = inquiry.rows.add(Claim.LANDS, _WHO, workloads(declared), str(source), decision.accepted)
    refused = {
        host: decision.rejected_by(host)
        for host in sorted(own - decision.accepted)
        if any(one.rule != "resources" for one in decision.verdicts[host])
    }
    if not refused and decision.accepted & own:
        return
    why = "; ".join(f"{host}: {by.rule}: {by.words}" for host, by in refused.items() if by is not None)
    inquiry.rows.break_(
        key,
        Counterexample(
            claim=Claim.LANDS,
            who=_WHO,
            workload=declared.names[0],
            steps=(step(asked),),
            lands=tuple(sorted(decision.accepted)),
            refused=tuple(refused),
            why=why or "no host of its aggregate takes it",
        ),
    )
