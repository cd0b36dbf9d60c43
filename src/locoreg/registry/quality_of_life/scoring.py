"""Scores of answer sheets: arrays in, arrays out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from locoreg.core.errors import DataError
from locoreg.registry.quality_of_life.instrument import Composite, Instrument, Scale

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
# Why a score is missing; the place in the tuple is its code.
STATES = ("scored", "too_few_answers", "not_applicable", "part_missing", "too_few_items")
_SCORED, _TOO_FEW, _NOT_APPLICABLE, _PART_MISSING, _TOO_FEW_ITEMS = range(len(STATES))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSheet:
    """Scores of n answer sheets.

    Attributes
    ----------
    instrument : Instrument
        What was scored.
    scores : ndarray, shape (n, n_scores)
        In the order of ``instrument.score_names``; NaN where there is none.
    n_answered : ndarray of int, shape (n, n_scores)
        Items answered (of all parts for a composite).
    state : ndarray of int, shape (n, n_scores)
        Place in ``STATES``: scored, or why not.
    out_of_range : ndarray of bool, shape (n, n_items)
        Answers outside the item's range; they were taken as missing.
    against_filter : ndarray of bool, shape (n, n_items)
        Conditional items that were answered though the filter says that they were not to be; the
        answers are scored.
    """

    instrument: Instrument
    scores: Floats
    n_answered: NDArray[np.int16]
    state: NDArray[np.int8]
    out_of_range: Bools
    against_filter: Bools

    def score(self, name: str) -> Floats:
        """Return the scores of one scale, shape (n,)."""
        return self.scores[:, self.instrument.score_names.index(name)]

    def reasons(self, name: str) -> tuple[str, ...]:
        """Return the state of each score of one scale as words."""
        column = self.state[:, self.instrument.score_names.index(name)]
        return tuple(STATES[code] for code in column)


def score(
    instrument: Instrument, answers: ArrayLike, *, not_applicable: ArrayLike | None = None
) -> ScoreSheet:
    """Score answer sheets of one instrument by its own rules.

    Parameters
    ----------
    instrument : Instrument
        From ``find_instrument`` or ``read_instrument``.
    answers : array_like, shape (n, n_items)
        Answers as ticked, columns in the order of ``instrument.item_names``; NaN where there is
        none. An answer outside the range of its item is taken as missing and marked.
    not_applicable : array_like of bool, shape (n, n_items), optional
        Items that did not apply to the patient. A conditional item without an answer also counts
        as not applicable if the item it hangs on says so.

    Returns
    -------
    ScoreSheet
        Scores, counts and why a score is missing.

    Raises
    ------
    DataError
        If the shape is not that of the instrument.

    Notes
    -----
    The citations stand in the instrument's file. EORTC scales need at least half of their items,
    FACIT scales more than half.
    """
    ticked = np.array(answers, dtype=np.float64, ndmin=2)
    names = instrument.item_names
    if ticked.ndim != 2 or ticked.shape[1] != len(names):
        raise DataError(
            f"{instrument.label} has {len(names)} items, the answers have shape {ticked.shape}.",
            hint="one row per answer sheet, one column per item.",
        )
    values, out_of_range = _inside_range(instrument, ticked)
    skipped = _not_applicable(instrument, values, not_applicable)
    against = _against_filter(instrument, values)
    columns = {name: place for place, name in enumerate(names)}
    scores = np.full((len(values), len(instrument.score_names)), np.nan)
    counts = np.zeros(scores.shape, dtype=np.int16)
    state = np.zeros(scores.shape, dtype=np.int8)
    turned = _turned(instrument, values, columns)
    for place, scale in enumerate(instrument.scales):
        items = [columns[name] for name in scale.items]
        scores[:, place], counts[:, place] = _scale(instrument, scale, turned[:, items])
        lacking = np.isnan(scores[:, place])
        none_asked: Bools = np.logical_and.reduce(skipped[:, items], axis=1)
        state[lacking, place] = np.where(none_asked[lacking], _NOT_APPLICABLE, _TOO_FEW)
    for place, whole in enumerate(instrument.composites, start=len(instrument.scales)):
        _composite(instrument, whole, place, scores, counts, state)
    return ScoreSheet(
        instrument=instrument,
        scores=scores,
        n_answered=counts,
        state=state,
        out_of_range=out_of_range,
        against_filter=against,
    )


def _inside_range(instrument: Instrument, ticked: Floats) -> tuple[Floats, Bools]:
    low, high = np.array([instrument.range_of(name) for name in instrument.item_names]).T
    for code in instrument.missing_codes:
        ticked[ticked == code] = np.nan
    with np.errstate(invalid="ignore"):
        inside = (ticked >= low) & (ticked <= high) & (ticked == np.rint(ticked))
    wrong: Bools = np.logical_not(inside | np.isnan(ticked))
    ticked[wrong] = np.nan
    return ticked, wrong


def _not_applicable(instrument: Instrument, values: Floats, given: ArrayLike | None) -> Bools:
    said = np.zeros(values.shape, dtype=bool) if given is None else np.array(given, dtype=bool)
    if said.shape != values.shape:
        raise DataError(
            f"not_applicable has shape {said.shape}, the answers {values.shape}.",
            hint="give one value per answer.",
        )
    names = instrument.item_names
    for rule in instrument.conditional:
        gate = values[:, names.index(rule.asked_if)]
        said[:, names.index(rule.item)] |= gate <= rule.above
    return said & np.isnan(values)


def _against_filter(instrument: Instrument, values: Floats) -> Bools:
    found = np.zeros(values.shape, dtype=bool)
    names = instrument.item_names
    for rule in instrument.conditional:
        column = names.index(rule.item)
        gate = values[:, names.index(rule.asked_if)]
        found[:, column] = (gate <= rule.above) & ~np.isnan(values[:, column])
    return found


def _turned(instrument: Instrument, values: Floats, columns: dict[str, int]) -> Floats:
    if not instrument.reversed:
        return values
    turned = values.copy()
    for name in instrument.reversed:
        low, high = instrument.range_of(name)
        turned[:, columns[name]] = low + high - turned[:, columns[name]]
    return turned


def _scale(
    instrument: Instrument, scale: Scale, values: Floats
) -> tuple[Floats, NDArray[np.int16]]:
    answered = ~np.isnan(values)
    n = answered.sum(axis=1)
    total = np.where(answered, values, 0.0).sum(axis=1)
    size = len(scale.items)
    enough = 2 * n >= size if instrument.answered == "at_least_half" else 2 * n > size
    mean = np.full(len(values), np.nan)
    np.divide(total, n, out=mean, where=enough & (n > 0))
    if scale.formula == "prorated_sum":
        return mean * size, n.astype(np.int16)
    low, _ = instrument.range_of(scale.items[0])
    share = (mean - low) / instrument.scale_range(scale)
    if scale.formula == "eortc_functional":
        share = 1.0 - share
    return share * 100.0, n.astype(np.int16)


def _composite(
    instrument: Instrument,
    whole: Composite,
    place: int,
    scores: Floats,
    counts: NDArray[np.int16],
    state: NDArray[np.int8],
) -> None:
    scales = [s.id for s in instrument.scales]
    plain = [scales.index(name) for name in whole.parts]
    reverse = [scales.index(name) for name in whole.reversed_parts]
    total = scores[:, plain].sum(axis=1) + (100.0 - scores[:, reverse]).sum(axis=1)
    parts = [*plain, *reverse]
    counts[:, place] = counts[:, parts].sum(axis=1)
    state[np.isnan(total), place] = _PART_MISSING
    if whole.more_than_share is not None:
        size = sum(len(instrument.scales[part].items) for part in parts)
        few = counts[:, place] <= whole.more_than_share * size
        state[few & ~np.isnan(total), place] = _TOO_FEW_ITEMS
        total[few] = np.nan
    scores[:, place] = total / len(parts) if whole.formula == "mean" else total
