"""Target trial emulation: protocol, cohort, methods, diagnostics, sensitivity, benchmark."""
