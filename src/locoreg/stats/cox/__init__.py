"""The Cox model: fit, variances, baseline hazard, predicted curves, rows' influence."""

from locoreg.stats.cox.baseline import CoxBaseline, CoxCurves
from locoreg.stats.cox.fit import cox
from locoreg.stats.cox.influence import INFLUENCES, cox_influence
from locoreg.stats.cox.model import COX_VARIANCES, TIES, ChiSquareTest, CoxModel
from locoreg.stats.cox.replicates import CoxReplicates, many_cox

__all__ = [
    "COX_VARIANCES",
    "INFLUENCES",
    "TIES",
    "ChiSquareTest",
    "CoxBaseline",
    "CoxCurves",
    "CoxModel",
    "CoxReplicates",
    "cox",
    "cox_influence",
    "many_cox",
]
