"""Effect measures of studies: from counts, rates, means, correlations and printed effects."""
