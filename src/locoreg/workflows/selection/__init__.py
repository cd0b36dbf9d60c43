"""Who gains: from a protocol and patients to effects, their assessment, a rule and a model."""
