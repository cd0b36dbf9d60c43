"""Thresholds of the scores' diagnostics, fixed beforehand, with their reasons.

Those that emulation has too (overlap, common support, means of weights, effective persons, unknown
values) are in `locoreg.emulation.diagnostics.thresholds`. No option changes any.
"""

from __future__ import annotations

# Probability of being uncensored: below 0.05 a person stands for more than 20 (the limit at which
# the software of Cui and others, doi:10.1093/jrsssb/qkac001, warns).
UNCENSORED_WARN = 0.05
# Share of persons whose probability of being uncensored was held at the smallest allowed: beyond a
# twentieth the result depends on where it was held.
HELD_FAIL = 0.05

# Share of persons whose outcome at the horizon is known; below a half most scores rest on models of
# what was not seen.
KNOWN_WARN = 0.5

# Events per arm: below 20 its hazard hardly depends on covariates in any fit (10 per column that
# matters, Peduzzi 1996, doi:10.1016/S0895-4356(96)00236-3, for two columns); without any event it
# is a guess from the other arm.
EVENTS_WARN = 20
EVENTS_FAIL = 1

# Clusters: with fewer than 20 the cluster-robust standard error is too small (Cameron and Miller
# 2015, doi:10.3368/jhr.50.2.317, on 20 to 50 as few).
CLUSTERS_WARN = 20
