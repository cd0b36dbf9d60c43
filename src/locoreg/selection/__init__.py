"""Who gains from local therapy: effects by covariates from censored, confounded data."""
