"""Emulate the trial of a protocol: cohort, effect, sensitivity, trials beside, report."""
