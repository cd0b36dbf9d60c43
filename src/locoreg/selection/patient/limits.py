"""Thresholds for one patient, fixed before any result was seen, with their reasons.

No option changes them: a reader must be able to trust that none was moved to let a patient in.
"""

from __future__ import annotations

# Counts below 10 are neither stored nor shown: the number below which registries hide cells.
LEAST_SHOWN = 10

# Persons, and persons of either option, in a cell. A mean over 20 persons tells of none of them,
# and 20 is the least for which the normal approximation of a mean of scores can be defended.
LEAST_IN_CELL = 50
LEAST_OF_OPTION = 20

# Cells: more make the file larger and no neighbourhood better, since each holds several. With
# clusters the file holds the products of all pairs of cells.
MOST_CELLS = 500
MOST_CELLS_CLUSTERED = 200

# Persons in a neighbourhood: at least 100 (standard error a tenth of the spread of the scores),
# at least a twentieth of the data; beyond 2,500 persons the interval gains little and the
# neighbourhood is less like the patient.
LEAST_SIMILAR = 100
SHARE_SIMILAR = 0.05
MOST_SIMILAR = 2500

# A patient lies outside if it is further from the persons with an option than 99 in 100 of these
# are from each other. In small data fewer than 10 persons would define the limit: then it lies at
# the tenth largest distance.
FARTHEST_SHARE = 0.01
# Persons whose distances set the limit: enough for its third digit.
MOST_FOR_LIMIT = 20_000

# A different level counts like a difference of two spreads of a number: the distance between
# someone low and someone high, one spread from the middle each.
LEVEL_SPREADS = 2.0

# Importance of covariates that is spread evenly: a covariate that the models hold for idle still
# makes patients unlike each other to a reader.
EQUAL_PART = 0.1
# Persons whose predictions tell the importance of covariates: enough for its second digit.
MOST_FOR_IMPORTANCE = 2000

# Two values that hardly occur together (fewer than 10 persons) though at least 30 would be
# expected if they were unrelated. A Poisson count of mean 30 is below 10 once in 100,000.
EXPECTED_TOGETHER = 30.0
# Pairs of more variables are not looked at: they grow with the square.
MOST_PAIRED = 60

# Probability of either option given covariates (Petersen 2012, doi:10.1177/0962280210386207; the
# number at which the scores' report warns).
LEAST_PROPENSITY = 0.05

# Persons whose outcome is known, per option, for a bound of survival: with fewer, one person is
# worth more than the share of a tenth that the bound leaves out can bear.
LEAST_CALIBRATION = 50
# Shares of patients that survive a bound, in percent.
BOUND_SHARES = (90.0, 50.0)

# Times at which a model tells survival, in steps of months. With clusters the file holds the
# products of all pairs of cells for each time.
TIME_STEPS = (3.0, 6.0, 12.0, 24.0, 36.0, 60.0)
MOST_TIMES = 10
MOST_TIMES_CLUSTERED = 5
