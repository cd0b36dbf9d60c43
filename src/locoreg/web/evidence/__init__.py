"""The evidence pages, in parts."""
