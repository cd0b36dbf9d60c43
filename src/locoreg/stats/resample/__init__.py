"""Bootstrap by weights: patients or clusters drawn, in parallel, resumable."""

from locoreg.stats.resample.result import BOOTSTRAP_INTERVALS, Bootstrap
from locoreg.stats.resample.run import bootstrap
from locoreg.stats.resample.weights import KINDS, bootstrap_weights

__all__ = ["BOOTSTRAP_INTERVALS", "KINDS", "Bootstrap", "bootstrap", "bootstrap_weights"]
