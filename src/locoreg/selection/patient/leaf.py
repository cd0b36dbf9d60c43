"""The leaf of a rule in which a patient lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from locoreg.core.estimate import Estimate
from locoreg.selection.patient.neighbourhood import GroupMeans


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafGroup:
    """Persons in a leaf of a rule, who had no part in finding the rule.

    Attributes
    ----------
    leaf : int
        Its number, from 1.
    text : str
        Who is in it, in words.
    treats : bool
        Whether the rule treats them.
    n, treated, comparator : int or None
        Persons, with and without treatment; None where fewer than 10 had one of the options.
    means : GroupMeans or None
        Effect and outcomes; None likewise.
    """

    leaf: int
    text: str
    treats: bool
    n: int | None
    treated: int | None
    comparator: int | None
    means: GroupMeans | None

    def to_dict(self) -> dict[str, Any]:
        """Return the leaf as JSON-ready values."""
        return {
            "leaf": self.leaf,
            "text": self.text,
            "treats": self.treats,
            "n": self.n,
            "treated": self.treated,
            "comparator": self.comparator,
            "means": None if self.means is None else self.means.to_dict(),
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> LeafGroup:
        """Return the leaf of a dict from `to_dict`."""
        means = given["means"]
        return cls(
            **{
                **given,
                "means": None
                if means is None
                else GroupMeans(**{name: Estimate(**one) for name, one in means.items()}),
            }
        )
