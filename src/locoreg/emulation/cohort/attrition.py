"""Who fell out, at which criterion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AttritionStep:
    """One criterion, applied to those whom the earlier ones left.

    Attributes
    ----------
    name : str
        The criterion in words.
    excluded : int
        Persons whom it excluded.
    left : int
        Persons left after it.
    unknown : int
        Of those excluded, persons for whom the criterion can't be judged.
    """

    name: str
    excluded: int
    left: int
    unknown: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the step as JSON-ready values."""
        return {
            "name": self.name,
            "excluded": self.excluded,
            "unknown": self.unknown,
            "left": self.left,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Attrition:
    """From everybody in the source to the cohort.

    Attributes
    ----------
    source : str
        Where persons come from.
    started : int
        Persons before the first criterion.
    steps : tuple of AttritionStep
        In the order in which they were applied.
    """

    source: str
    started: int
    steps: tuple[AttritionStep, ...]

    @property
    def left(self) -> int:
        """Persons in the cohort."""
        return self.steps[-1].left if self.steps else self.started

    def to_dict(self) -> dict[str, Any]:
        """Return the flow as JSON-ready values."""
        return {
            "source": self.source,
            "started": self.started,
            "steps": [step.to_dict() for step in self.steps],
            "left": self.left,
        }
