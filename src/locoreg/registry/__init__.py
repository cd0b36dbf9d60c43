"""Patients' data in, checked, classified, kept; and a synthetic registry with known truth."""
