"""The parametric g-formula on a grid of intervals."""
