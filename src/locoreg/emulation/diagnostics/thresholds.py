"""Thresholds of the diagnostics, fixed before any result was seen, with their reasons.

A reader must be able to trust that none of them was moved to let an analysis pass: they are
constants, and no option changes them.
"""

from __future__ import annotations

# Standardised mean differences. Below 0.1 a difference is commonly held to be negligible (Austin
# 2009, doi:10.1002/sim.3697); above 0.25 adjustment by a model leans on extrapolation (Stuart
# 2010, doi:10.1214/09-STS313, after Rubin 2001, doi:10.1023/A:1020363010465).
SMD_WARN = 0.1
SMD_FAIL = 0.25

# Persons of each kind (treated within the grace period, and not) in a stratum. None of one kind:
# the effect in the stratum is extrapolation. Fewer than 5: one person stands for a fifth of a
# stratum or more; the number below which registries hide cells.
STRATUM_FAIL = 1
STRATUM_WARN = 5
# Share of all persons that a stratum without one kind must hold to fail the analysis. A difference
# of survival lies between -1 and 1, so that a smaller stratum moves the whole by under a point.
STRATUM_SIZE_FAIL = 0.01

# Share of a stratum that is treated (or is not). Below 0.05 single persons weigh more than 20
# others (Petersen 2012, doi:10.1177/0962280210386207, on what such weights cost; Crump 2009,
# doi:10.1093/biomet/asn055, would leave out persons beyond 0.1 already).
STRATUM_SHARE_WARN = 0.05

# Persons whose probability of treatment lies outside the range that both groups share.
SUPPORT_WARN = 0.05
SUPPORT_FAIL = 0.20

# Persons whose probability of treatment is under 0.05 or above 0.95: where they are a tenth or
# more, the largest weights decide.
EXTREME_WARN = 0.10

# Overlap of the two distributions of the probability of treatment (1: the same, 0: apart). Half
# is where more of either group lies outside the other than within it.
OVERLAP_WARN = 0.5
OVERLAP_FAIL = 0.2

# Area under the curve of the model of treatment. It tells how far treatment is predicted, not
# whether adjustment is enough (Westreich 2011, doi:10.1002/pds.2074): near 1 there is no overlap.
AUC_WARN = 0.8
AUC_FAIL = 0.95

# Share of the person-time of the ever treated that lies before treatment. With more, an analysis
# that counts it as treated is misleading (Suissa 2008, doi:10.1093/aje/kwm324): nobody can die in
# it as treated, so a share s multiplies the rate of the treated by 1 - s where nothing works.
IMMORTAL_NOTE = 0.05

# Initiators in the last decision interval: under the strategy with a deadline they alone stand for
# everybody untreated by then. With fewer than 10 per column of the model that predicts them, its
# coefficients are unstable (Peduzzi 1996, doi:10.1016/S0895-4356(96)00236-3); 10 persons are the
# least for a model with one column.
DEADLINE_FAIL = 1
DEADLINE_WARN = 10

# p-value of the test of proportional hazards below which a single hazard ratio is named a summary.
# It never fails an analysis: curves and restricted means need no proportional hazards.
PROPORTIONAL_P_WARN = 0.05

# Weights of an arm, summed, against the persons that they stand for. Exact for saturated models; a
# tenth is the alarm, a quarter means that the weights stand for another population.
CONSERVATION_WARN = 0.10
CONSERVATION_FAIL = 0.25

# Effective persons per arm: below 100 single persons show in the curve.
ESS_WARN = 100.0
# Share of the weight held by 1% of the persons: a tenth is ten times their number.
TOP_WARN = 0.10
TOP_FAIL = 0.25

# Effective persons at risk in each arm up to the horizon: below 30 neither the normal
# approximation of the intervals nor the curve's last steps can be relied on.
HORIZON_ESS = 30.0
# Weighted, at the horizon itself, 30 is the alarm; below 10 the end of the curve, and every number
# at the horizon, is that of a few persons, and no interval tells by how much it may be off.
HORIZON_ESS_FAIL = 10.0

# Share of persons followed up to the horizon, or to their event: below it, most of the comparison
# at the horizon rests on how loss to follow-up is modelled.
FOLLOWED_WARN = 0.8
FOLLOWED_FAIL = 0.5

# Share lost to follow-up before the horizon that differs between groups (absolute difference).
LOSS_DIFFERENCE_WARN = 0.1

# Share of persons who are observed from later than time zero.
LATE_ENTRY_WARN = 0.2

# Share of the treated without a value of a repeated confounder up to their treatment: they are
# adjusted for by a level of their own, that there is none yet.
HISTORY_WARN = 0.05

# Share of persons with an unknown confounder: below 5% the way it is handled hardly matters; above
# 40% results rest on the imputation (Jakobsen 2017, doi:10.1186/s12874-017-0442-1).
MISSING_WARN = 0.05
MISSING_FAIL = 0.40

# Ratio of the outcome rates within the grace period, treated over untreated, both by person-time
# from time zero. Below a half, the treated could hardly have died before: immortal time.
EARLY_RATE_NOTE = 0.5

# Share of the events of the grace period that lie exactly at the start of a decision interval. In
# times of days it is about a thirtieth; beyond a half they are whole intervals, and which of
# treatment and event came first within one is a convention. Intervals of a week or less are
# exempt: an order within a week changes little.
WHOLE_TIMES = 0.5
WHOLE_TIMES_WIDTH = 0.25
