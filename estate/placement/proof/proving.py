"""The proof: every claim about a situation, each by its own file."""

from estate.placement.nova.point_releases import not_proven
from estate.placement.proof import esxi_by_grant, lands, restricted_stays, untagged_nowhere
from estate.placement.proof.claims import Proof
from estate.placement.proof.inquiry import Inquiry
from estate.placement.proof.situation import Situation


def prove(situation: Situation) -> Proof:
    """Prove all claims about a situation, or find what breaks them. Pure."""
    inquiry = Inquiry(situation)
    for claim in (esxi_by_grant, untagged_nowhere, lands, restricted_stays):
        claim.look(inquiry)
    return Proof(
        rows=inquiry.rows.rows(),
        counterexamples=inquiry.rows.counterexamples(),
        requests=len(inquiry.decisions),
        not_proven=not_proven(situation.cloud.release),
    )
