"""The proof that restricted workloads stay on ESXi and nothing else gets there, over every request there
is.
"""

from estate.placement.proof.claims import ASSUMPTIONS, Claim, Counterexample, Proof, Row, Step
from estate.placement.proof.picture import svg
from estate.placement.proof.proving import prove
from estate.placement.proof.settings import Kind, Setting, settings
from estate.placement.proof.situation import Situation, situation_of

__all__ = [
    "ASSUMPTIONS",
    "Claim",
    "Counterexample",
    "Kind",
    "Proof",
    "Row",
    "Setting",
    "Situation",
    "Step",
    "prove",
    "settings",
    "situation_of",
    "svg",
]
