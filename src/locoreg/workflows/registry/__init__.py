"""Tasks on a registry."""
