"""GRADE certainty: rules propose, a person decides."""

from locoreg.evidence.certainty.facts import BaselineRisk as BaselineRisk
from locoreg.evidence.certainty.facts import PoolFacts as PoolFacts
from locoreg.evidence.certainty.facts import StudyFacts as StudyFacts
from locoreg.evidence.certainty.facts import Threshold as Threshold
from locoreg.evidence.certainty.imprecision import InformationRule as InformationRule
from locoreg.evidence.certainty.levels import level_after as level_after
from locoreg.evidence.certainty.levels import start_level as start_level
from locoreg.evidence.certainty.otherdomains import AsymmetryTest as AsymmetryTest
from locoreg.evidence.certainty.otherdomains import UnpublishedTrial as UnpublishedTrial
from locoreg.evidence.certainty.proposals import CertaintyResult as CertaintyResult
from locoreg.evidence.certainty.proposals import Judgement as Judgement
from locoreg.evidence.certainty.proposals import Proposal as Proposal
from locoreg.evidence.certainty.proposals import decide as decide
from locoreg.evidence.certainty.propose import propose as propose
