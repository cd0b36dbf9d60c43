"""Trial sequential analysis: whether a pool has the information that a conclusion takes."""

from locoreg.evidence.sequential.analysis import sequential_analysis
from locoreg.evidence.sequential.options import Adjustment, SequentialOptions
from locoreg.evidence.sequential.result import (
    AfterStop,
    FinalLook,
    RequiredSize,
    SequentialAnalysis,
    SequentialRow,
    StatedDiversity,
    Verdict,
    share_text,
)
from locoreg.evidence.sequential.size import (
    TrialsRequired,
    participant_variance,
    required_information,
    required_participants,
    trials_required,
)
from locoreg.evidence.sequential.trials import Counted, LeftOut

__all__ = [
    "Adjustment",
    "AfterStop",
    "Counted",
    "FinalLook",
    "LeftOut",
    "RequiredSize",
    "SequentialAnalysis",
    "SequentialOptions",
    "SequentialRow",
    "StatedDiversity",
    "TrialsRequired",
    "Verdict",
    "participant_variance",
    "required_information",
    "required_participants",
    "sequential_analysis",
    "share_text",
    "trials_required",
]
