"""Groups of weighted rows of follow-up: decisions to treat, their weights, values and influence."""
