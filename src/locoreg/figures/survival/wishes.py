"""What a user can set about figures of curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from locoreg.core.errors import DesignError
from locoreg.figures.textfit import one_line
from locoreg.workflows.curves.smallcells import check_small_cells

Direction = Literal["survival", "incidence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Words and choices of a figure; see ``survival_figure`` for their meaning."""

    title: str | None = None
    outcome: str | None = None
    unit: str = "months"
    origin: str = ""
    arms: Sequence[str] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    direction: Direction = "survival"
    at: Sequence[float] = ()
    lines: Sequence[str] = ()
    weighting: str = ""
    after_time_zero: bool = False
    bands: bool = True
    marks: bool | None = None
    cut: bool = False
    table: bool = True
    until: float | None = None
    small_cells: int | None = None
    notes: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Check what has a wrong value."""
        check_small_cells(self.small_cells)
        if self.direction not in ("survival", "incidence"):
            raise DesignError(
                f"there is no direction {self.direction!r}.",
                hint="allowed are survival (downwards) and incidence (upwards).",
            )

    def name(self, arm: str) -> str:
        """Return an arm's words on one line; empty for the only group of ungrouped data."""
        if arm in self.names:
            return one_line(self.names[arm])
        return one_line(arm) or "(no name)"
