"""The patient view: its form and its blocks."""
