"""Numbers of the reporting items for which a protocol may hold texts."""

from __future__ import annotations

# TARGET 2025 (doi:10.1001/jama.2025.13350): 21 items, with their parts 39.
TARGET_NUMBERS = (
    *("1a", "1b", "1c", "2", "3", "4", "5"),
    *("6a", "6b", "6c", "6d", "6e", "6f", "6g", "6h"),
    *("7a", "7b", "7c", "7d", "7e", "7f", "7g.i", "7g.ii", "7h.i", "7h.ii"),
    *("8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "21"),
)
