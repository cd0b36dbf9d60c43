"""Published evidence: curated tables, audit, effect sizes, pooling and reproduction."""
