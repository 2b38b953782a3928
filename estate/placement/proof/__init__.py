"""The proof that restricted workloads stay on ESXi and nothing else gets there, over every request there
is.
"""

from estate.placement.proof.proving import ASSUMPTIONS, Claim, Counterexample, Proof, Row, Step, prove
from estate.placement.proof.settings import Setting, settings
from estate.placement.proof.situation import Situation, situation_of

__all__ = [
    "ASSUMPTIONS",
    "Claim",
    "Counterexample",
    "Proof",
    "Row",
    "Setting",
    "Situation",
    "Step",
    "prove",
    "settings",
    "situation_of",
]
