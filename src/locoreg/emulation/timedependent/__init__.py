"""Treatment as a covariate that changes over time."""
