"""A review made by hand: one environment in which nothing changed."""

from functools import cache

from review.value import (
    Amount,
    Budget,
    BudgetChange,
    Environment,
    EsxiChange,
    Headroom,
    Proof,
    ProofChange,
    Reading,
    Review,
    Room,
    ShapeChange,
    Verdict,
)


@cache
def made() -> Review:
    proof = Proof(holds=True, requests=7, counterexamples=(), matrix=())
    room = Room(
        lost="kvm01",
        capacity=Amount(vcpus=64, memory=65536),
        demand=Amount(vcpus=8, memory=8192),
        does_not_fit=(),
    )
    environment = Environment(
        name="prod",
        verdict=Verdict.UNCHANGED,
        reasons=(),
        base=Reading.READ,
        head=Reading.READ,
        digest=None,
        base_digest=None,
        proof=ProofChange(before=proof, after=proof),
        headroom=(Headroom(aggregate="general", view="kvm", before=room, after=room),),
        budget=BudgetChange(before=Budget(restricted=4, limit=5), after=Budget(restricted=4, limit=5)),
        esxi=EsxiChange(before=None, after=None),
        shape=ShapeChange(before=None, after=None),
    )
    return Review(
        schema_version=1,
        verdict=Verdict.UNCHANGED,
        summary="No environment changes.",
        base="main",
        base_commit=None,
        head="working tree",
        head_commit=None,
        environments=(environment,),
        changes=(),
        landings=(),
        findings=(),
        hazards=(),
        resources=(),
        previews=(),
        drifts=(),
        missing_features=(),
        transfers=(),
        problems=(),
        digest="0" * 64,
        tools={"estate": "0.1.0"},
    )
