"""Numerical kernels: arrays in, a frozen dataclass out."""
