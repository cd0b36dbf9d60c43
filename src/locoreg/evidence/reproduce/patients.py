"""Which reports the printed number of patients of a pool rules out."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from locoreg.evidence.comparisons import comparisons
from locoreg.evidence.records import Catalog, Claim

MOST_COMBINATIONS = 10_000


def counted_out(
    catalog: Catalog, claim: Claim, studies: Sequence[str], outcome: str, subgroup: str
) -> frozenset[str]:
    """Return the reports whose patients don't add to the pool's printed number.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    claim : Claim
        The pool's row, with the number of patients pooled in ``n``.
    studies : sequence of str
        The declared inputs.
    outcome, subgroup : str
        What was pooled.

    Returns
    -------
    frozenset of str
        Reports that stand in no combination of reports, one per study, with
        that number of patients. Empty where no combination has it, or where
        the patients of a study are not recorded: the number then tells
        nothing.
    """
    if claim.n is None:
        return frozenset()
    sizes = [_sizes(catalog, study, outcome, subgroup) for study in studies]
    if any(not reports or None in reports.values() for reports in sizes):
        return frozenset()
    if math.prod(map(len, sizes)) > MOST_COMBINATIONS:
        return frozenset()
    fitting = [
        combination
        for combination in itertools.product(*(reports.items() for reports in sizes))
        if sum(n or 0 for _, n in combination) == claim.n
    ]
    if not fitting:
        return frozenset()
    used = {report for combination in fitting for report, _ in combination}
    return frozenset(report for reports in sizes for report in reports if report not in used)


def _sizes(catalog: Catalog, study: str, outcome: str, subgroup: str) -> dict[str, int | None]:
    return {c.report_id: c.counts.n for c in comparisons(catalog, study, outcome, subgroup)}
