"""What is asked of each patient's course."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.registry.tables import TABLES

# Longer windows are slips of the unit.
LONGEST_DAYS = 36_525


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseQuestion:
    """Windows and treatments of a question about patients' courses.

    Attributes
    ----------
    therapy_within_days : int
        Days after the first metastasis within which local therapy is looked for.
    sites_within_days : int
        Days after the first metastasis within which lesions count as sites.
    targets, modalities : tuple of str or None
        Local therapies that count, by ``local_therapy.target`` and ``.modality``; None: all, those
        of unknown target or modality included.
    """

    therapy_within_days: int
    sites_within_days: int
    targets: tuple[str, ...] | None = None
    modalities: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        for name in ("therapy_within_days", "sites_within_days"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise DesignError(f"{name} must be a whole number of days, not {value!r}.")
            if not 0 <= value <= LONGEST_DAYS:
                raise DesignError(f"{name} must lie between 0 and {LONGEST_DAYS} days.")
        for name, column in (("targets", "target"), ("modalities", "modality")):
            asked = getattr(self, name)
            if asked is None:
                continue
            if not asked:
                raise DesignError(f"{name} is empty.", hint="leave it out to count all.")
            allowed = TABLES["local_therapy"].column(column).allowed
            for word in asked:
                if word not in allowed:
                    raise DesignError(
                        f"{name}: local_therapy.{column} can't be {word!r}.",
                        hint=did_you_mean(word, allowed),
                    )

    def to_dict(self) -> dict[str, Any]:
        """Return the question as JSON-ready values."""
        return {
            "therapy_within_days": self.therapy_within_days,
            "sites_within_days": self.sites_within_days,
            "targets": None if self.targets is None else list(self.targets),
            "modalities": None if self.modalities is None else list(self.modalities),
        }
