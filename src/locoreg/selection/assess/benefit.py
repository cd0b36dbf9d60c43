"""The c-for-benefit, a legacy number."""

from __future__ import annotations

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.selection.assess.heldout import HeldOut, centred
from locoreg.selection.assess.outcomes import ConcordanceForBenefit
from locoreg.selection.scores.followup import FollowUp
from locoreg.selection.scores.result import Scores
from locoreg.stats.concordance import concordance
from locoreg.stats.survivaldata import FloatArray, IntArray

WARNING = (
    "The c-for-benefit is shown since older reports have it. It is no proper measure: a wrong "
    "model can score higher than the right one, and it depends on how the outcomes of a person "
    "with and without treatment go together, which no data tell (Xia, Gustafson and Sadatsafavi "
    "2023, doi:10.1186/s41512-023-00147-z). Pairs are matched on the predicted effect alone, so "
    "that confounding is not removed. Judge by AUTOC and calibration."
)


def c_for_benefit(scores: Scores, held: HeldOut, *, level: float) -> ConcordanceForBenefit:
    """Compute the concordance of predicted and observed benefit of matched pairs.

    Treated and untreated persons are matched by the rank of their predicted effect; a larger arm is
    thinned evenly. The observed benefit of a pair is the difference of the two outcomes; pairs with
    an unknown outcome are left out and the others weighted by the inverse probability of both being
    uncensored (van Klaveren, Steyerberg, Serruys and Kent 2018,
    doi:10.1016/j.jclinepi.2017.10.021; the weights are an addition).

    Parameters
    ----------
    scores : Scores
        Scores of the persons.
    held : HeldOut
        Effects that were predicted without the person.
    level : float
        Level of the interval in percent. It takes pairs as independent and knows no clusters.

    Returns
    -------
    ConcordanceForBenefit
        With the warning that belongs to it.

    Raises
    ------
    DesignError
        If persons enter late, or there are fewer than two usable pairs.
    """
    part, effect, fold = held.on(scores)
    if part.data.entry is not None and (part.data.entry > 0.0).any():
        raise DesignError(
            "the c-for-benefit is not defined for persons who enter late.",
            hint="judge by AUTOC and calibration.",
        )
    follow = FollowUp.of(part.data, part.question, part.options)
    predicted = centred(effect, fold, part.weight)
    treated, comparator = _matched(part, predicted)
    known = follow.done[treated] & follow.done[comparator]
    one, two = treated[known], comparator[known]
    benefit = follow.value[one] - follow.value[two]
    if np.unique(benefit).size < 2:
        raise DesignError(
            f"{one.size} matched pairs with known outcomes don't differ in benefit.",
            hint="judge by AUTOC and calibration.",
        )
    inverse = part.weight / part.uncensored
    made = concordance(
        benefit - benefit.min() + 1.0,
        np.ones(one.size, dtype=np.int64),
        (predicted[one] + predicted[two]) / 2.0,
        higher_is_riskier=False,
        level=level,
        weight=inverse[one] * inverse[two],
    )
    return ConcordanceForBenefit(
        estimate=made.concordance,
        pairs=one.size,
        censored_pairs=int((~known).sum()),
        unmatched=part.n - 2 * treated.size,
        warning=WARNING,
    )


def _matched(part: Scores, predicted: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the treated and the untreated persons of pairs, by rank; names break ties."""
    order = np.lexsort((np.asarray(part.data.person_id), predicted))
    treated = part.data.treated[order]
    arms = [order[treated], order[~treated]]
    size = min(arm.size for arm in arms)
    thinned = [
        arm[((np.arange(size) + 0.5) * arm.size / max(size, 1)).astype(np.int64)] for arm in arms
    ]
    return thinned[0], thinned[1]
