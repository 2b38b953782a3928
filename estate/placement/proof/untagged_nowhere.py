"""Claim ``untagged-nowhere``: a request that carries no tag of operators, neither by flavor nor by image,
lands nowhere: a forgotten tag is noticed at once.
"""

from estate.placement.proof.claims import Claim, Counterexample, step
from estate.placement.proof.inquiry import Inquiry, request
from estate.placement.proof.requests import boots, everybody, zones


def look(inquiry: Inquiry) -> None:
    """Every request of everybody with a flavor without traits and an image or a volume of one's own."""
    for who in everybody(inquiry.situation):
        own = [
            boot
            for boot in boots(inquiry.situation, who)
            if boot.side is None and not (who.admin and boot.image is not None and boot.image.properties)
        ]
        for offer in inquiry.offers:
            if offer.side is not None or not offer.flavor.usable(who.project, admin=who.admin):
                continue
            for boot in own:
                for aim in zones(inquiry.situation, who):
                    asked = request(offer, boot, who, aim)
                    lands = inquiry.accepted(asked)
                    key = inquiry.rows.add(
                        Claim.UNTAGGED_NOWHERE, who, "a flavor without traits", boot.label, lands
                    )
                    if lands:
                        inquiry.rows.break_(
                            key,
                            Counterexample(
                                claim=Claim.UNTAGGED_NOWHERE,
                                who=who,
                                workload=None,
                                steps=(step(asked),),
                                lands=tuple(sorted(lands)),
                                why="nothing that operators tagged says where it belongs, and a host "
                                "takes it",
                            ),
                        )
