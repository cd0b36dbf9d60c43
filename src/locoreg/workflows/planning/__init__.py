"""The next trial: size, power, assurance, value, accrual and whom to randomise."""
