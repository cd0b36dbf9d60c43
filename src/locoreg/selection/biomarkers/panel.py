"""A panel of biomarkers: persons by features, and who was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.core.numbertext import plural
from locoreg.core.provenance import sha256_of_bytes
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray, named_rows, numbers

# A share of unknown values above which a feature tells more about the assay than the patient.
MOST_MISSING = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """Biomarkers of persons, sampled at or before time zero.

    Attributes
    ----------
    person_id : tuple of str
        Pseudonyms, n of them, each once.
    names : tuple of str
        Features, p of them, each once.
    values : ndarray of float, shape (n, p)
        NaN where unknown.
    measured : ndarray of bool, shape (n,)
        Who has at least one known value.
    family : tuple of str or None
        Group of each feature, such as a miRNA family or a gene.
    batch : tuple of str or None
        Batch of each person's sample.
    left_out : dict of str to str
        Features that were given and are not in `names`, with the reason.
    source : str
        What the panel is called.
    """

    person_id: tuple[str, ...]
    names: tuple[str, ...]
    values: FloatArray
    measured: BoolArray
    family: tuple[str, ...] | None
    batch: tuple[str, ...] | None
    left_out: dict[str, str]
    source: str

    @property
    def n(self) -> int:
        """Number of persons."""
        return len(self.person_id)

    @property
    def p(self) -> int:
        """Number of features."""
        return len(self.names)

    def select(self, names: Sequence[str]) -> Panel:
        """Return the panel of some features.

        Parameters
        ----------
        names : sequence of str
            Features of the panel.

        Returns
        -------
        Panel
            The same persons and who was measured.

        Raises
        ------
        DesignError
            If a feature is not there, or was left out.
        """
        for name in names:
            if name in self.left_out:
                raise DesignError(
                    f"the biomarker {name!r} was left out: it {self.left_out[name]}.",
                    hint="name others.",
                )
            if name not in self.names:
                raise DesignError(
                    f"there is no biomarker {name!r} in the panel.",
                    hint=did_you_mean(name, self.names),
                )
        place = [self.names.index(name) for name in dict.fromkeys(names)]
        return Panel(
            person_id=self.person_id,
            names=tuple(self.names[j] for j in place),
            values=self.values[:, place],
            measured=self.measured,
            family=None if self.family is None else tuple(self.family[j] for j in place),
            batch=self.batch,
            left_out=self.left_out,
            source=self.source,
        )

    def sha256(self) -> str:
        """Return a hash of names and values in the order of persons."""
        head = repr((self.person_id, self.names, self.family, self.batch)).encode()
        return sha256_of_bytes(head, np.ascontiguousarray(self.values).tobytes())

    def to_dict(self) -> dict[str, Any]:
        """Return what the panel is as JSON-ready values; no person's value."""
        return {
            "source": self.source,
            "persons": self.n,
            "measured": int(self.measured.sum()),
            "features": self.p,
            "left_out": dict(self.left_out),
            "families": None if self.family is None else len(set(self.family)),
            "batches": None if self.batch is None else len(set(self.batch)),
            "unknown_values": int(np.isnan(self.values[self.measured]).sum()),
        }


def biomarker_panel(
    *,
    person_id: Sequence[Any],
    values: Mapping[str, ArrayLike] | Any,
    names: Sequence[str] | None = None,
    family: Mapping[str, str] | None = None,
    batch: Sequence[Any] | None = None,
    months: ArrayLike | None = None,
    most_missing: float = MOST_MISSING,
    source: str = "panel",
) -> Panel:
    """Make a panel from columns or an array.

    Parameters
    ----------
    person_id : sequence, n of them
        Pseudonyms as in the scores, each once.
    values : mapping of str to array_like of shape (n,), table, or array_like of shape (n, p)
        Features; NaN where unknown.
    names : sequence of str, optional
        Names of the columns of an array; x1, x2, ... by default.
    family : mapping of str to str, optional
        Group of each feature; features that are not named are groups of their own.
    batch : sequence, n of them, optional
        Batch of each person's sample.
    months : array_like, shape (n,), optional
        When each person was sampled, in months since time zero; NaN where not.
    most_missing : float
        Features unknown in a larger share of the measured persons are left out.
    source : str
        What the panel is called.

    Returns
    -------
    Panel
        Features that are constant, or unknown for too many, are left out and named with the
        reason.

    Raises
    ------
    DataError
        If ids or names are there twice, values are infinite, or no feature is left.
    DesignError
        If somebody was sampled after time zero.

    Examples
    --------
    >>> from locoreg.selection.biomarkers import biomarker_panel
    >>> panel = biomarker_panel(
    ...     person_id=["a", "b", "c"],
    ...     values={"miR-21": [1.2, 0.4, None], "miR-16": [1.0, 1.0, None]},
    ... )
    >>> panel.names, panel.left_out, panel.measured.tolist()
    (('miR-21',), {'miR-16': 'has the same value in everybody'}, [True, True, False])
    """
    ids = tuple(str(one) for one in person_id)
    _refuse_twice("person", ids)
    labels, array = _array(values, names, len(ids))
    _refuse_twice("feature", labels)
    _refuse_late(months, ids)
    known = ~np.isnan(array)
    measured = np.asarray(known.any(axis=1))
    reasons = _left_out(labels, array, known, measured, most_missing)
    keep = [j for j, name in enumerate(labels) if name not in reasons]
    if not keep:
        why = next(iter(reasons.values()), "there is none")
        raise DataError(
            f"no feature of {len(labels)} is left: {why}.",
            hint="give features that vary and are known for most of the measured persons.",
        )
    kept = tuple(labels[j] for j in keep)
    return Panel(
        person_id=ids,
        names=kept,
        values=np.ascontiguousarray(array[:, keep]),
        measured=measured,
        family=None if family is None else tuple(str(family.get(name, name)) for name in kept),
        batch=None if batch is None else _batch(batch, len(ids), measured),
        left_out=reasons,
        source=source,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """Persons of a panel among persons of scores.

    Attributes
    ----------
    place : ndarray of int, shape (n,)
        Row of the panel of each person of the scores, -1 where there is none.
    n_without : int
        Persons of the scores whom the panel does not hold.
    n_strangers : int
        Persons of the panel who are not in the scores.
    """

    place: IntArray
    n_without: int
    n_strangers: int


def align(panel: Panel, person_id: Sequence[str]) -> Alignment:
    """Find the persons of scores in a panel.

    Parameters
    ----------
    panel : Panel
        The panel.
    person_id : sequence of str
        Persons of the scores, each once.

    Returns
    -------
    Alignment
        Rows and counts.

    Raises
    ------
    DataError
        If more than half of the panel's persons are unknown, which means that ids don't match.
    """
    row = {name: i for i, name in enumerate(panel.person_id)}
    place = np.array([row.get(name, -1) for name in person_id], dtype=np.int64)
    found = int((place >= 0).sum())
    strangers = panel.n - found
    if 2 * strangers > panel.n:
        held = set(person_id)
        named = [name for name in panel.person_id if name not in held][:3]
        raise DataError(
            f"{plural(strangers, 'person')} of {panel.n} in the panel {panel.source!r} are not "
            f"among the persons of the scores (such as {', '.join(map(repr, named))}).",
            hint="are the pseudonyms those of the registry?",
        )
    return Alignment(place=place, n_without=len(person_id) - found, n_strangers=strangers)


def _array(values: Any, names: Sequence[str] | None, n: int) -> tuple[tuple[str, ...], FloatArray]:
    if hasattr(values, "columns") and hasattr(values, "__getitem__"):
        values = {str(name): values[name] for name in values.columns}
    if isinstance(values, Mapping):
        labels = tuple(str(name) for name in values)
        columns = [_column(name, one, n) for name, one in values.items()]
        array = np.column_stack(columns) if columns else np.empty((n, 0))
    else:
        array = np.asarray(values, dtype=np.float64)
        if array.ndim != 2 or array.shape[0] != n:
            raise DataError(
                f"values have shape {array.shape} for {n} persons.",
                hint="give persons by features.",
            )
        labels = (
            tuple(names) if names is not None else tuple(f"x{j + 1}" for j in range(array.shape[1]))
        )
        if len(labels) != array.shape[1]:
            raise DataError(f"there are {len(labels)} names for {array.shape[1]} features.")
    infinite = np.isinf(array)
    if infinite.any():
        j = int(np.argmax(infinite.any(axis=0)))
        raise DataError(
            f"the biomarker {labels[j]} is infinite in {named_rows(infinite[:, j])}.",
            hint="give NaN where unknown, and the log of amounts above 0 only.",
        )
    return labels, array


def _column(name: str, values: ArrayLike, n: int) -> FloatArray:
    try:
        column = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(
            f"the biomarker {name} can't be read as numbers.",
            hint="code values below the limit of detection with below_limit first.",
        ) from None
    if column.shape != (n,):
        raise DataError(f"the biomarker {name} has shape {column.shape} for {n} persons.")
    return column


def _refuse_twice(what: str, labels: Sequence[str]) -> None:
    if len(set(labels)) == len(labels):
        return
    twice = next(name for name, count in Counter(labels).items() if count > 1)
    raise DataError(
        f"the {what} {twice!r} is in the panel twice.",
        hint="keep one sample per person, the last up to time zero."
        if what == "person"
        else "give each feature its own name.",
    )


def _refuse_late(months: ArrayLike | None, ids: Sequence[str]) -> None:
    if months is None:
        return
    when = numbers("months", months)
    if when.size != len(ids):
        raise DataError(f"months has {when.size} values for {len(ids)} persons.")
    late = np.flatnonzero(when > 0.0)
    if late.size:
        named = ", ".join(repr(ids[i]) for i in late[:3])
        raise DesignError(
            f"{plural(late.size, 'person')} of the panel were sampled after time zero ({named}): "
            "what comes later may be a consequence of treatment.",
            hint="take the last sample up to time zero.",
        )


def _left_out(
    labels: Sequence[str],
    array: FloatArray,
    known: BoolArray,
    measured: BoolArray,
    most_missing: float,
) -> dict[str, str]:
    total = max(int(measured.sum()), 1)
    counts = known.sum(axis=0)
    low = np.where(known, array, np.inf).min(axis=0, initial=np.inf)
    high = np.where(known, array, -np.inf).max(axis=0, initial=-np.inf)
    reasons = {}
    for j, name in enumerate(labels):
        if not counts[j]:
            reasons[name] = "is unknown for everybody"
        elif 1.0 - counts[j] / total > most_missing:
            share = 1.0 - counts[j] / total
            reasons[name] = f"is unknown for {share:.0%} of the measured persons"
        elif low[j] == high[j]:
            reasons[name] = "has the same value in everybody"
    return reasons


def _batch(batch: Sequence[Any], n: int, measured: BoolArray) -> tuple[str, ...]:
    labels = ["" if one is None or one != one else str(one) for one in batch]
    if len(labels) != n:
        raise DataError(f"batch has {len(labels)} values for {n} persons.")
    lost = measured & np.array([not label for label in labels])
    if lost.any():
        raise DataError(
            f"the batch is missing in {named_rows(lost)}.", hint="name the batch of each sample."
        )
    return tuple(labels)
