"""Expression of microRNA: delta-Ct against stable references, and the mark of haemolysis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import BoolArray, FloatArray, named_rows

Scale = Literal["ct", "log2", "linear"]
SCALES: tuple[Scale, ...] = get_args(Scale)
# Cells of red blood hold miR-451a and no miR-23a-3p to speak of (Blondal et al. 2013,
# doi:10.1016/j.ymeth.2012.09.015): above 7 cycles haemolysis is likely, above 5 possible.
HAEMOLYSIS_CYCLES = 7.0
RED_CELL, STABLE = "miR-451a", "miR-23a-3p"
# Fewer samples tell nothing about stability.
LEAST_SAMPLES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class NormaliseOptions:
    """How expression is normalised.

    Attributes
    ----------
    scale : {"ct", "log2", "linear"}
        What the values are: threshold cycles (higher is less), logs to base 2, or amounts.
    references : tuple of str
        Features to normalise by; empty to choose them by stability.
    n_references : int
        How many to choose.
    candidates : tuple of str
        Features to choose from; empty for all that are known in every sample.
    red_cell, stable : str
        Names of miR-451a and miR-23a-3p.
    haemolysis_cycles : float
        A sample is marked where the first exceeds the second by more than this, in cycles
        (doublings). 7: likely; 5: possible (Blondal et al. 2013,
        doi:10.1016/j.ymeth.2012.09.015).
    """

    scale: Scale
    references: tuple[str, ...] = ()
    n_references: int = 2
    candidates: tuple[str, ...] = ()
    red_cell: str = RED_CELL
    stable: str = STABLE
    haemolysis_cycles: float = HAEMOLYSIS_CYCLES

    def __post_init__(self) -> None:
        check_option("scale", self.scale, SCALES)
        if self.n_references < 1:
            raise DesignError(f"n_references is {self.n_references}.", hint="give 1 or more.")

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expression:
    """Normalised expression.

    Attributes
    ----------
    names : tuple of str
        Features, without the references.
    values : ndarray of float, shape (n, p)
        Log to base 2 of expression relative to the references (minus delta-Ct): one more is twice
        as much. NaN where unknown.
    references : tuple of str
        What was normalised by.
    stability : dict of str to float
        Measure M of each candidate: mean of the standard deviations of its log ratios to the
        others, before any was taken out; small is stable. Empty where references were given.
    haemolysed : ndarray of bool, shape (n,), or None
        Marked samples; None where the two features are not there.
    haemolysis_unknown : int
        Samples in which one of the two is unknown.
    without_reference : int
        Samples without a known reference: all their values are NaN.
    """

    names: tuple[str, ...]
    values: FloatArray
    references: tuple[str, ...]
    stability: dict[str, float]
    haemolysed: BoolArray | None
    haemolysis_unknown: int
    without_reference: int

    def to_dict(self) -> dict[str, Any]:
        """Return references and counts as JSON-ready values; no sample's value."""
        return {
            "features": len(self.names),
            "samples": int(self.values.shape[0]),
            "references": list(self.references),
            "stability": dict(self.stability),
            "haemolysed": None if self.haemolysed is None else int(self.haemolysed.sum()),
            "haemolysis_unknown": self.haemolysis_unknown,
            "without_reference": self.without_reference,
        }


def normalise_expression(values: Mapping[str, ArrayLike], options: NormaliseOptions) -> Expression:
    """Normalise expression by references.

    Parameters
    ----------
    values : mapping of str to array_like, shape (n,)
        Feature by name; NaN or None where unknown (not amplified).
    options : NormaliseOptions
        Scale and references.

    Returns
    -------
    Expression
        In the order of the features, without the references.

    Raises
    ------
    DataError
        If values can't be used, or no feature is known in every sample.
    DesignError
        If a reference is not there.

    Examples
    --------
    >>> from locoreg.selection.biomarkers import NormaliseOptions, normalise_expression
    >>> made = normalise_expression(
    ...     {"miR-16": [20.0, 22.0], "miR-93": [21.0, 21.0], "miR-21": [25.0, 24.0]},
    ...     NormaliseOptions(scale="ct", references=("miR-16", "miR-93")),
    ... )
    >>> made.names, made.values.ravel().tolist()
    (('miR-21',), [-4.5, -2.5])
    """
    names = tuple(values)
    logs = _logs(values, options.scale)
    for name in (*options.references, *options.candidates):
        if name not in names:
            raise DesignError(f"there is no feature {name!r}.", hint=did_you_mean(name, names))
    stability: dict[str, float] = {}
    references = options.references
    if not references:
        references, stability = _choose(names, logs, options)
    level = logs[:, [names.index(name) for name in references]].mean(axis=1)
    rest = [j for j, name in enumerate(names) if name not in references]
    haemolysed, unknown = _haemolysis(names, logs, options)
    return Expression(
        names=tuple(names[j] for j in rest),
        values=np.asarray(logs[:, rest] - level[:, None]),
        references=tuple(references),
        stability=stability,
        haemolysed=haemolysed,
        haemolysis_unknown=unknown,
        without_reference=int(np.isnan(level).sum()),
    )


def stability(logs: FloatArray) -> FloatArray:
    """Return the measure M of each feature: small is stable.

    Parameters
    ----------
    logs : ndarray of float, shape (n, p)
        Logs to base 2, no NaN; 2 features or more.

    Returns
    -------
    ndarray of float, shape (p,)
        Mean over the other features of the standard deviation of the log ratio.

    References
    ----------
    Vandesompele J et al. (2002). Genome Biology 3:research0034.
    doi:10.1186/gb-2002-3-7-research0034
    """
    n, p = logs.shape
    centred = logs - logs.mean(axis=0)
    cross = centred.T @ centred / (n - 1)
    variance = np.diag(cross)
    ratio = np.sqrt(np.maximum(variance[:, None] + variance[None] - 2.0 * cross, 0.0))
    np.fill_diagonal(ratio, 0.0)
    return np.asarray(ratio.sum(axis=1) / (p - 1))


def _choose(
    names: Sequence[str], logs: FloatArray, options: NormaliseOptions
) -> tuple[tuple[str, ...], dict[str, float]]:
    """Take the least stable candidate out until as many are left as are asked for."""
    if logs.shape[0] < LEAST_SAMPLES:
        raise DataError(
            f"{logs.shape[0]} samples are too few to choose references by stability.",
            hint=f"give references, or {LEAST_SAMPLES} samples or more.",
        )
    known = np.asarray(~np.isnan(logs).any(axis=0))
    chosen_from = options.candidates or names
    left = [j for j, name in enumerate(names) if known[j] and name in chosen_from]
    if len(left) < max(options.n_references, 2) + 1:
        raise DataError(
            f"{len(left)} features are known in every sample, too few to choose "
            f"{options.n_references} references from.",
            hint="give references by name.",
        )
    first = dict(zip([names[j] for j in left], stability(logs[:, left]).tolist(), strict=True))
    while len(left) > max(options.n_references, 2):
        left.pop(int(np.argmax(stability(logs[:, left]))))
    # Of the last two neither is more stable than the other; the first measure decides.
    left.sort(key=lambda j: first[names[j]])
    return tuple(names[j] for j in left[: options.n_references]), first


def _haemolysis(
    names: Sequence[str], logs: FloatArray, options: NormaliseOptions
) -> tuple[BoolArray | None, int]:
    if options.red_cell not in names or options.stable not in names:
        return None, 0
    excess = logs[:, names.index(options.red_cell)] - logs[:, names.index(options.stable)]
    return np.asarray(excess > options.haemolysis_cycles), int(np.isnan(excess).sum())


def _logs(values: Mapping[str, ArrayLike], scale: Scale) -> FloatArray:
    """Return logs to base 2 (minus cycles), shape (n, p)."""
    if not values:
        raise DataError("there are no features.", hint="give at least two.")
    columns = []
    for name, given in values.items():
        try:
            column: FloatArray = np.atleast_1d(np.asarray(given, dtype=np.float64))
        except (TypeError, ValueError):
            raise DataError(
                f"{name} can't be read as numbers.", hint="give NaN where unknown."
            ) from None
        least = 0.0 if scale == "linear" else -np.inf
        bad = np.atleast_1d((column <= least) | (column == np.inf))
        if bad.any():
            raise DataError(
                f"{name} is {column[int(np.argmax(bad))]:g} in {named_rows(bad)}.",
                hint="give NaN where unknown, and amounts above 0.",
            )
        columns.append(column)
    sizes = {column.shape for column in columns}
    if len(sizes) != 1 or len(next(iter(sizes))) != 1:
        raise DataError("features have different numbers of samples.", hint="give one per sample.")
    logs = np.column_stack(columns)
    if scale == "ct":
        return np.asarray(-logs)
    return np.asarray(np.log2(logs) if scale == "linear" else logs)
