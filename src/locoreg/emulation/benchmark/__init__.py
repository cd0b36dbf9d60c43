"""The emulated effect beside those of randomised trials."""

from locoreg.emulation.benchmark.across import AcrossTrials, across_trials
from locoreg.emulation.benchmark.agreement import Agreement, agreement
from locoreg.emulation.benchmark.eligible import restrict
from locoreg.emulation.benchmark.result import (
    Benchmark,
    BenchmarkRow,
    TrialEstimate,
    benchmark,
    pool_trials,
)
from locoreg.emulation.benchmark.sceptical import ScepticalP, sceptical_p

__all__ = [
    "AcrossTrials",
    "Agreement",
    "Benchmark",
    "BenchmarkRow",
    "ScepticalP",
    "TrialEstimate",
    "across_trials",
    "agreement",
    "benchmark",
    "pool_trials",
    "restrict",
    "sceptical_p",
]
