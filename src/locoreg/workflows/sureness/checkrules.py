"""Check that the rules of certainty fit what a person decided in the same study file."""

from __future__ import annotations

from collections.abc import Sequence

from locoreg.core.errors import DataError
from locoreg.workflows.conclusion.plan import FindingsPlan, start_level
from locoreg.workflows.sureness.sureplan import HowSurePlan


def check_rules(how_sure: Sequence[HowSurePlan], findings: Sequence[FindingsPlan]) -> None:
    """Check that every entry with rules of certainty has its findings, both with one start.

    Parameters
    ----------
    how_sure, findings : sequence
        The two parts of the study file.

    Raises
    ------
    DataError
        With the place of the entry.
    """
    known = {one.pool: one for one in findings}
    for i, plan in enumerate(how_sure):
        if plan.certainty is None:
            continue
        place = f"how_sure.{i}.certainty"
        found = known.get(plan.pool)
        if found is None:
            raise DataError(
                f"{place}: there is no entry of findings on {'/'.join(plan.pool)}.",
                hint="baselines, threshold and a person's certainty are stated there.",
            )
        if found.certainty is None:
            continue
        rules = start_level(plan.design, plan.certainty.otherwise)
        person = start_level(plan.design, found.certainty.otherwise)
        if rules != person:
            raise DataError(
                f"{place}.otherwise: the rules start at {rules}, and the person's certainty in "
                f"findings at {person}.",
                hint="write the same otherwise in both.",
            )
