"""Whether a patient is one of those whom a model's protocol took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from locoreg.workflows.patient.mapping import DERIVED, YES_NO, Value
from locoreg.workflows.patient.profile import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """The protocol's criteria beside a patient.

    Attributes
    ----------
    against : tuple of str
        Why the patient is none of the model's people; empty where nothing says so.
    unchecked : tuple of str
        Criteria that the form can't check.
    """

    against: tuple[str, ...]
    unchecked: tuple[str, ...]


def population_of(protocol: Mapping[str, Any] | None, profile: Profile) -> Population:
    """Compare a patient with the criteria of eligibility of a protocol.

    Parameters
    ----------
    protocol : mapping or None
        As ``results.json`` of a selection holds it; None where there is none.
    profile : Profile
        The patient.

    Returns
    -------
    Population
        What speaks against it, and what could not be checked.
    """
    against: list[str] = []
    unchecked: list[str] = []
    own = set((protocol or {}).get("variables") or {})
    for one in (protocol or {}).get("eligibility") or ():
        rule = DERIVED.get(one["variable"])
        if rule is None or one["variable"] in own:
            unchecked.append(str(one["name"]))
            continue
        value = rule.make(profile)
        if value is None:
            if one["unknown"] == "exclude":
                against.append(
                    f"The data hold only people of whom this is known to be true: {one['name']}. "
                    "Here it is not known."
                )
        elif not _holds(one, value):
            against.append(f"The data hold only people of whom this is true: {one['name']}.")
    return Population(against=tuple(against), unchecked=tuple(unchecked))


def _holds(criterion: Mapping[str, Any], value: Value) -> bool:
    asked: Sequence[Any] | None = criterion.get("one_of")
    if criterion.get("equals") is not None:
        asked = (criterion["equals"],)
    if asked is not None:
        return _same_text(value) in {_same_text(one) for one in asked}
    low, high = criterion.get("at_least"), criterion.get("at_most")
    number = float(value)  # type: ignore[arg-type]
    return (low is None or number >= low) and (high is None or number <= high)


def _same_text(value: Any) -> str:
    if isinstance(value, bool):
        return YES_NO[value]
    return f"{value:g}" if isinstance(value, int | float) else str(value)
