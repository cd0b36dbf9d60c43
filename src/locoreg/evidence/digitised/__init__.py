"""Curves of publications: read points, reconstructed persons, analyses of several studies."""

from locoreg.evidence.digitised.averaged import AveragedCurves, averaged_curves
from locoreg.evidence.digitised.contrasts import PooledContrast
from locoreg.evidence.digitised.persontimes import PoolVariance
from locoreg.evidence.digitised.pooled import PooledCurves, pool_curves
from locoreg.evidence.digitised.reading import ReadCurve, read_folder, read_webplot
from locoreg.evidence.digitised.studies import (
    AccuracyLimits,
    DigitisedArm,
    DigitisedStudy,
    make_arm,
    make_studies,
)

__all__ = [
    "AccuracyLimits",
    "AveragedCurves",
    "DigitisedArm",
    "DigitisedStudy",
    "PoolVariance",
    "PooledContrast",
    "PooledCurves",
    "ReadCurve",
    "averaged_curves",
    "make_arm",
    "make_studies",
    "pool_curves",
    "read_folder",
    "read_webplot",
]
