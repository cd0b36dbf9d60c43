"""Positivity: in every stratum some are treated within the grace period and some are not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from locoreg.core.numbertext import plural
from locoreg.emulation.cohort import Cohort, Column
from locoreg.emulation.diagnostics.balance import UNKNOWN
from locoreg.emulation.diagnostics.thresholds import (
    STRATUM_FAIL,
    STRATUM_SHARE_WARN,
    STRATUM_SIZE_FAIL,
    STRATUM_WARN,
)
from locoreg.emulation.diagnostics.verdicts import judged, noted
from locoreg.emulation.effect import Diagnostic
from locoreg.emulation.question import Question
from locoreg.stats.survivaldata import BoolArray

# Strata that one message names.
MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """How many of a stratum were treated within the grace period.

    Attributes
    ----------
    variable, level : str
        Variable, and level or range of values.
    treated : int
        Treated within the grace period.
    untreated : int
        Followed to its end and not treated by then.
    ended : int
        Dead, or no longer followed, before its end and before treatment: in neither number.
    known : bool
        Whether the persons' value is known; False for those without one.
    """

    variable: str
    level: str
    treated: int
    untreated: int
    ended: int
    known: bool

    @property
    def fewest(self) -> int:
        """The smaller of the two numbers."""
        return min(self.treated, self.untreated)

    @property
    def size(self) -> int:
        """All persons of the stratum."""
        return self.treated + self.untreated + self.ended

    @property
    def share(self) -> float:
        """Share of the smaller group; NaN where the stratum is empty."""
        total = self.treated + self.untreated
        return self.fewest / total if total else float("nan")

    def text(self) -> str:
        """Return the stratum in words with its numbers."""
        return (
            f"{self.variable}: {self.level} ({self.treated} treated, {self.untreated} not treated)"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the stratum as JSON-ready values."""
        return {name: getattr(self, name) for name in self.__slots__}


def known_groups(cohort: Cohort, question: Question) -> tuple[BoolArray, BoolArray]:
    """Return who was treated within the grace period, and who is known not to have been.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        With the grace period.

    Returns
    -------
    treated, untreated : ndarray of bool, shape (n,)
        Persons who died or left untreated before the end of the grace period are in neither: what
        they would have done isn't known.
    """
    grace = question.grace_months
    treated = cohort.treatment_time <= grace
    return treated, ~treated & (cohort.time > grace)


def strata(cohort: Cohort, question: Question) -> tuple[Stratum, ...]:
    """Return the strata of each confounder: levels of categories, quarters of numbers.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        With the grace period.

    Returns
    -------
    tuple of Stratum
        In the order of the confounders; unknown values are a stratum of their own.
    """
    treated, untreated = known_groups(cohort, question)
    ended = ~treated & ~untreated
    out = []
    for column in cohort.confounders():
        for level, member, known in _members(column):
            out.append(
                Stratum(
                    variable=column.name,
                    level=level,
                    treated=int((member & treated).sum()),
                    untreated=int((member & untreated).sum()),
                    ended=int((member & ended).sum()),
                    known=known,
                )
            )
    return tuple(out)


def _members(column: Column) -> Iterator[tuple[str, BoolArray, bool]]:
    values, missing = column.values, column.missing
    if column.kind == "category":
        for code, level in enumerate(column.levels):
            member = values == code
            if member.any():
                yield level, member, True
    elif not missing.all():
        # A cut between tied values would be empty on one side: equal cuts are merged.
        cuts = np.unique(np.quantile(values[~missing], [0.0, 0.25, 0.5, 0.75, 1.0]))
        for i in range(max(1, cuts.size - 1)):
            low, high = cuts[i], cuts[min(i + 1, cuts.size - 1)]
            above = values >= low if i == 0 else values > low
            member = above & (values <= high)
            if member.any():
                yield f"{low:g} to {high:g}", member, True
    if missing.any():
        yield UNKNOWN, missing, False


def positivity(cohort: Cohort, question: Question) -> tuple[Diagnostic, ...]:
    """Judge the smallest number of treated or untreated persons in a stratum, and their share.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        With the grace period.

    Returns
    -------
    tuple of Diagnostic
        ``positivity`` (numbers) and ``positivity_share``; the worst strata are named. A stratum
        without treated or without untreated persons fails if it holds 1% of all persons. Unknown
        values are no stratum here: they are imputed, left out, or a level by then.
    """
    title = "Treated and untreated in each stratum"
    rows = [
        row for row in strata(cohort, question) if row.treated + row.untreated > 0 and row.known
    ]
    if not rows:
        return (noted("positivity", title, None, "there are no strata of confounders to judge."),)
    by_count = sorted(rows, key=lambda row: (row.fewest, -row.size))
    by_share = sorted(rows, key=lambda row: (row.share, -row.size))
    few = [row for row in by_count if row.fewest < STRATUM_WARN]
    rare = [row for row in by_share if row.share < STRATUM_SHARE_WARN]
    empty = any(
        row.fewest < STRATUM_FAIL and row.size >= STRATUM_SIZE_FAIL * cohort.n for row in rows
    )
    return (
        judged(
            "positivity",
            title,
            float(by_count[0].fewest),
            warn=STRATUM_WARN,
            fail=STRATUM_FAIL if empty else None,
            high_is_bad=False,
            message=_message(few or by_count[:1], len(few), f"fewer than {STRATUM_WARN} persons"),
            advice="Merge the level with a neighbour, leave the stratum out of the population, or "
            "compare where both strategies occur (overlap weights).",
        ),
        judged(
            "positivity_share",
            "Share treated and untreated in each stratum",
            by_share[0].share,
            warn=STRATUM_SHARE_WARN,
            fail=None,
            high_is_bad=False,
            message=_message(
                rare or by_share[:1], len(rare), f"a group under {STRATUM_SHARE_WARN:.0%}"
            ),
            advice="Few persons stand for many: look at the largest weights, and at overlap "
            "weights, which leave such strata little say.",
        ),
    )


def _message(rows: list[Stratum], bad: int, what: str) -> str:
    named = "; ".join(row.text() for row in rows[:MOST_NAMED])
    if not bad:
        return f"no stratum has {what}; the nearest is {named}."
    more = f" and {bad - MOST_NAMED} more" if bad > MOST_NAMED else ""
    verb = "has" if bad == 1 else "have"
    return f"{plural(bad, 'stratum', 'strata')} {verb} {what}: {named}{more}."
