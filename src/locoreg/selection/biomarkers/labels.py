"""Labels for the oligo- against polymetastatic classifier, from states of a registry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from locoreg.core.errors import DataError
from locoreg.stats.studies import check_option

if TYPE_CHECKING:
    from locoreg.registry.classify import Classification

Definition = Literal["abc5", "estro_astro", "eortc_estro"]
DEFINITIONS: tuple[Definition, ...] = get_args(Definition)
FewUntreatable = Literal["left_out", "polymetastatic"]
FEW_UNTREATABLE: tuple[FewUntreatable, ...] = get_args(FewUntreatable)
# States of registry/classify other than those that begin with or hold "oligo".
POLY = "polymetastatic"
FEW = "not_oligometastatic"
UNDECIDED = ("undetermined", "no_metastasis_known", "no_lesion_present", "unknown")
_OLIGO = ("oligometastatic", "oligorecurrence", "oligoprogression", "oligopersistence")


@dataclass(frozen=True, slots=True, kw_only=True)
class OligoLabels:
    """Who is oligometastatic, and who polymetastatic.

    Attributes
    ----------
    person_id : tuple of str
        Persons with a label.
    oligo : tuple of bool
        True for oligometastatic.
    left_out : dict of str to int
        Persons without a label by state.
    states : dict of str to int
        Persons with a label by state.
    """

    person_id: tuple[str, ...]
    oligo: tuple[bool, ...]
    left_out: dict[str, int]
    states: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-ready values."""
        return {
            "labelled": len(self.person_id),
            "oligometastatic": sum(self.oligo),
            "left_out": dict(self.left_out),
            "states": dict(self.states),
        }


def oligo_labels(
    person_id: Sequence[Any],
    state: Sequence[str | None],
    *,
    few_untreatable: FewUntreatable,
) -> OligoLabels:
    """Map states to oligo- and polymetastatic.

    Parameters
    ----------
    person_id : sequence, n of them
        Pseudonyms, each once.
    state : sequence of str or None, n of them
        States as `classify_registry` names them; None counts as unknown.
    few_untreatable : {"left_out", "polymetastatic"}
        What persons with few lesions that can't all be treated are (``not_oligometastatic``).

    Returns
    -------
    OligoLabels
        Everybody without a label is counted by state.

    Raises
    ------
    DataError
        If a person is there twice, or a state is none of the classification's.

    Examples
    --------
    >>> from locoreg.selection.biomarkers import oligo_labels
    >>> made = oligo_labels(
    ...     ["a", "b", "c"],
    ...     ["induced_oligoprogression", "polymetastatic", None],
    ...     few_untreatable="left_out",
    ... )
    >>> made.oligo, made.left_out
    ((True, False), {'unknown': 1})
    """
    check_option("few_untreatable", few_untreatable, FEW_UNTREATABLE)
    ids = tuple(str(one) for one in person_id)
    if len(ids) != len(state):
        raise DataError(f"there are {len(ids)} persons and {len(state)} states.")
    if len(set(ids)) != len(ids):
        raise DataError("a person has several states.", hint="give one state per person.")
    names: list[str] = []
    labels: list[bool] = []
    left_out: Counter[str] = Counter()
    states: Counter[str] = Counter()
    for name, given in zip(ids, state, strict=True):
        own = "unknown" if given is None else str(given)
        label = _label(own, few_untreatable)
        if label is None:
            left_out[own] += 1
            continue
        names.append(name)
        labels.append(label)
        states[own] += 1
    return OligoLabels(
        person_id=tuple(names),
        oligo=tuple(labels),
        left_out=dict(sorted(left_out.items())),
        states=dict(sorted(states.items())),
    )


def oligo_labels_of(
    classification: Classification,
    definition: Definition,
    *,
    few_untreatable: FewUntreatable,
) -> OligoLabels:
    """Take the labels from a classified registry.

    Parameters
    ----------
    classification : Classification
        From `classify_registry`.
    definition : {"abc5", "estro_astro", "eortc_estro"}
        Which definition of the oligometastatic state.
    few_untreatable : {"left_out", "polymetastatic"}
        As for `oligo_labels`.

    Returns
    -------
    OligoLabels
        Labels of its patients.
    """
    check_option("definition", definition, DEFINITIONS)
    patients = classification.patients
    return oligo_labels(
        patients.column("patient_id").to_pylist(),
        patients.column(definition).to_pylist(),
        few_untreatable=few_untreatable,
    )


def _label(state: str, few_untreatable: FewUntreatable) -> bool | None:
    if state == POLY:
        return False
    if state == FEW:
        return False if few_untreatable == "polymetastatic" else None
    if state in UNDECIDED:
        return None
    if state.endswith(_OLIGO):
        return True
    raise DataError(
        f"the state {state!r} is none of the classification.",
        hint=f"states are {POLY}, {FEW}, {', '.join(UNDECIDED)}, and oligometastatic ones.",
    )
