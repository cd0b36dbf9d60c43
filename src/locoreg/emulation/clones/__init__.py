"""Clone, censor, weight: rules, models of initiation, weights, analysis."""

from locoreg.emulation.clones.rules import ArmClones, Clones, clone

__all__ = ["ArmClones", "Clones", "clone"]
