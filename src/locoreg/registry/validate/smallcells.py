"""Counts of few patients on a page: hidden, and what would give them away."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from locoreg.core.errors import DesignError
from locoreg.registry.validate.rule import Found

DEFAULT_SMALL_CELLS = 10


def check_small_cells(limit: int | None) -> None:
    """Raise unless the limit is a number of patients."""
    wrong = isinstance(limit, bool) or not isinstance(limit, int) or limit < 2
    if limit is not None and wrong:
        raise DesignError(
            f"small_cells is {limit!r}, but must be a number of patients, 2 or more.",
            hint="counts from 1 to this number are hidden; 10 is usual.",
        )


@dataclass(frozen=True, slots=True)
class Hider:
    """Hides counts of 1 to ``limit``; shows everything without a limit."""

    limit: int | None

    def hides(self, count: int) -> bool:
        """Return whether a count is hidden."""
        return self.limit is not None and 1 <= count <= self.limit

    def count(self, count: int) -> str:
        """Return a count, or ``≤10``."""
        return f"≤{self.limit}" if self.hides(count) else f"{count:,}"

    def total(self, parts: Sequence[int], others: int = 0) -> str:
        """Return the sum of counts that are shown beside it: a range if one of them is hidden.

        Parameters
        ----------
        parts : sequence of int
            Counts of rows or patients.
        others : int
            What is added that counts neither and is never hidden.
        """
        hidden = sum(self.hides(part) for part in parts)
        if not hidden or self.limit is None:
            return f"{sum(parts) + others:,}"
        shown = others + sum(part for part in parts if not self.hides(part))
        if not shown and hidden == 1:
            return f"≤{self.limit}"
        return f"{shown + hidden:,}–{shown + hidden * self.limit:,}"

    def percent(self, part: int, whole: int) -> str:
        """Return a share in percent; a limit where the part or the rest is hidden."""
        if self.hides(whole):
            return "few"
        if self._both_few(part, whole):
            return "few"
        if self.limit is not None and self.hides(part):
            return f"≤{min(100, math.ceil(100 * self.limit / whole))} %"
        if self.limit is not None and self.hides(whole - part):
            return f"≥{max(0, math.floor(100 * (whole - self.limit) / whole))} %"
        # 100 % is all of them, 0 % none.
        share = 100 * part / whole if whole else 0.0
        rounded = round(share)
        if (rounded == 100 and part < whole) or (rounded == 0 and part > 0):
            return f"{share:.1f} %" if 0.05 <= share < 99.95 else ("<0.1 %", ">99.9 %")[share > 50]
        return f"{rounded} %"

    def _both_few(self, part: int, whole: int) -> bool:
        """Return whether part or rest must be hidden whatever they are.

        Which of the two is named as hidden would tell how many they are.
        """
        return self.limit is not None and 0 < part < whole <= 2 * self.limit

    def message(self, found: Found) -> str:
        """Return the message of a finding; without details where it is about few patients."""
        part, whole = found.part, found.whole
        if part is not None and whole is not None and self._both_few(part, whole):
            return f"Some of {self.count(whole)}; details are hidden because they are few."
        if part is not None and self.hides(part):
            of = "" if whole is None else f" of {self.count(whole)}"
            return f"{self.count(part)}{of}; details are hidden because they are few."
        if part is None or whole is None:
            return found.text(self.count)
        rest = whole - part
        if self.limit is not None and self.hides(rest):
            least = f"at least {max(whole - self.limit, 0):,}"
            return found.text(
                lambda n: least if n == part else self.count(n), share=self.percent(part, whole)
            )
        return found.text(self.count, share=self.percent(part, whole))
