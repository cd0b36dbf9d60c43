"""The protocol: what a statistician writes before results are seen."""

from locoreg.emulation.protocol.model import TrialProtocol

__all__ = ["TrialProtocol"]
