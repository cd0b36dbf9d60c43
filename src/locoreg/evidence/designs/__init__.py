"""Design-adjusted synthesis: trials and non-randomised studies, the bias of the latter stated."""

from locoreg.evidence.designs.biases import DesignBias, DesignGroup
from locoreg.evidence.designs.designladder import DesignLadder, LadderStep, design_ladder
from locoreg.evidence.designs.tipping import Tipping

__all__ = [
    "DesignBias",
    "DesignGroup",
    "DesignLadder",
    "LadderStep",
    "Tipping",
    "design_ladder",
]
