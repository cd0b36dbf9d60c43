"""Column maps that locoreg brings along."""
