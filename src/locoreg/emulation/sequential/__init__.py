"""Sequential trials: one emulated trial per decision interval."""
