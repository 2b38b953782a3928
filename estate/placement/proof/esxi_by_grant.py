"""Claim ``esxi-by-grant``: no request reaches an ESXi host unless the documents grant its flavor to the
project (to an administrator: unless the flavor is one for ESXi).

A decision depends only on what the request carries, so requests need no history.
"""

from estate.model import Hypervisor
from estate.placement.proof.claims import Claim, Counterexample, step
from estate.placement.proof.inquiry import Inquiry, request
from estate.placement.proof.requests import Boot, Who, boots, everybody, zones
from estate.placement.proof.situation import Offer


def look(inquiry: Inquiry) -> None:
    """Every request of everybody that no document grants."""
    for who in everybody(inquiry.situation):
        bootable = boots(inquiry.situation, who)
        aims = zones(inquiry.situation, who)
        for offer in inquiry.offers:
            if not offer.flavor.usable(who.project, admin=who.admin) or _granted(offer, who):
                continue
            for boot in bootable:
                if offer.side is None and _tagged_by_operators(boot, who):
                    continue
                for aim in aims:
                    _one(inquiry, who, offer, boot, aim)


def _one(inquiry: Inquiry, who: Who, offer: Offer, boot: Boot, aim: dict[str, str]) -> None:
    asked = request(offer, boot, who, aim)
    lands = inquiry.accepted(asked)
    flavor = _label(offer)
    key = inquiry.rows.add(Claim.ESXI_BY_GRANT, who, flavor, boot.label, lands)
    if esxi := lands & inquiry.situation.esxi:
        inquiry.rows.break_(
            key,
            Counterexample(
                claim=Claim.ESXI_BY_GRANT,
                who=who,
                workload=None,
                steps=(step(asked),),
                lands=tuple(sorted(esxi)),
                why=f"{flavor}, {boot.label}: an ESXi host takes it, and no document grants that",
            ),
        )


def _granted(offer: Offer, who: Who) -> bool:
    return offer.side is Hypervisor.ESXI and (who.admin or who.project in offer.granted)


def _tagged_by_operators(boot: Boot, who: Who) -> bool:
    """An ESXi image of the documents, or what an administrator tagged."""
    own = boot.image is not None and bool(boot.image.properties)
    return boot.side is Hypervisor.ESXI or (who.admin and boot.side is None and own)


def _label(offer: Offer) -> str:
    if offer.side is None:
        return "a flavor without traits"
    return f"{offer.side.label} flavor" + (" that is not theirs" if offer.side is Hypervisor.ESXI else "")
