"""Groups of persons at one time: who is treated, who is compared, from when to when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.core.numbertext import plural
from locoreg.emulation.arms import ArmRows
from locoreg.emulation.cohort.columns import Column
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.cohort.design import Design
from locoreg.emulation.effect import Diagnostic, FlowStep
from locoreg.emulation.question import Question
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

Grouping = Literal["time_zero", "landmark", "ever"]
GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """Two groups and their follow-up.

    Attributes
    ----------
    rule : {"time_zero", "landmark", "ever"}
        How they were formed.
    start : float
        Month at which groups are formed and follow-up begins.
    person : ndarray of int, shape (m,)
        Rows of the cohort, ascending.
    treated : ndarray of bool, shape (m,)
        Who is in the treated group.
    time : ndarray of float, shape (m,)
        End of follow-up, in months since time zero.
    event : ndarray of int, shape (m,)
        What ended it.
    entry : ndarray of float, shape (m,), or None
        Start of observation of those who enter after `start`; 0 for others.
    late : int
        Persons of the comparator group who are treated later.
    cut : int
        Of these, whose follow-up ends at their treatment.
    gone : int
        Persons who died or were lost by `start`, and are in no group.
    unseen : int
        Persons who had left the comparator strategy before they were observed, and are in none.
    """

    rule: Grouping
    start: float
    person: IntArray
    treated: BoolArray
    time: FloatArray
    event: IntArray
    entry: FloatArray | None
    late: int
    cut: int
    gone: int
    unseen: int

    @property
    def n(self) -> int:
        """Number of persons in either group."""
        return self.person.size

    def arms(self) -> tuple[ArmRows, ArmRows]:
        """Return the rows of the comparator and of the treated, persons numbered within groups."""
        return self._arm(~self.treated), self._arm(self.treated)

    def _arm(self, members: BoolArray) -> ArmRows:
        rows = np.flatnonzero(members)
        return ArmRows.of(
            rows,
            self.time[rows],
            self.event[rows],
            start=None if self.entry is None else self.entry[rows],
        )


def form_groups(cohort: Cohort, question: Question, rule: Grouping) -> Groups:
    """Form the groups that are compared.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        What is asked.
    rule : {"time_zero", "landmark", "ever"}
        Treated at time zero against all others; of those alive and followed at the end of the
        grace period, treated by then against not; or ever against never treated.

    Returns
    -------
    Groups
        Under ``per_protocol`` a comparator's follow-up ends at the first treatment that the
        comparator strategy forbids; a death on that day is not counted, since the person was
        treated. With ``ever`` nobody's does.

    Raises
    ------
    DesignError
        If a group is empty.
    """
    check_option("groups", rule, GROUPINGS)
    start = question.grace_months if rule == "landmark" else 0.0
    A, time, event = cohort.treatment_time, cohort.time.copy(), cohort.event.copy()
    treated = np.isfinite(A) if rule == "ever" else start >= A
    late = ~treated & (time >= A)
    cut = late & _forbidden(A, question) if rule != "ever" else np.zeros_like(late)
    time[cut], event[cut] = A[cut], 0
    gone = cohort.time <= start if start > 0.0 else np.zeros_like(late)
    entry = cohort.entry
    unseen = np.zeros_like(late) if entry is None else cut & ~gone & (time <= entry)
    person = np.flatnonzero(~gone & ~unseen)
    _refuse_empty(treated[person], rule, question)
    return Groups(
        rule=rule,
        start=start,
        person=person,
        treated=treated[person],
        time=time[person],
        event=event[person],
        entry=None if entry is None else _late_entry(entry[person], start),
        late=int(late[person].sum()),
        cut=int(cut[person].sum()),
        gone=int(gone.sum()),
        unseen=int(unseen.sum()),
    )


def _forbidden(A: FloatArray, question: Question) -> BoolArray:
    """Return whose treatment departs from the comparator strategy."""
    if question.contrast == "itt_like":
        return np.zeros(A.size, dtype=np.bool_)
    return np.isfinite(A) if question.comparator == "never" else question.grace_months >= A


def _late_entry(entry: FloatArray, start: float) -> FloatArray | None:
    """Return entries after the start, 0 for others; None if there are none."""
    # Who was observed before the start is at risk from it; nothing happens to groups before it.
    return np.where(entry > start, entry, 0.0) if (entry > start).any() else None


def _refuse_empty(treated: BoolArray, rule: Grouping, question: Question) -> None:
    when = {
        "time_zero": "at time zero",
        "landmark": f"by the landmark at {question.grace_months:g} months",
        "ever": "at any time",
    }[rule]
    if not treated.any():
        raise DesignError(
            f"nobody is treated {when}.",
            hint='form groups by "landmark" with a longer grace period, or check the treatment.'
            if rule == "time_zero"
            else "lengthen the grace period, or check which treatment counts.",
        )
    if treated.all():
        raise DesignError(
            f"everybody is treated {when}: there is nobody to compare with.",
            hint="widen the eligibility to persons who were not treated.",
        )


def group_columns(cohort: Cohort, groups: Groups) -> tuple[Column, ...]:
    """Return the confounders as of the start, of the persons in groups; for tables of balance."""
    out = [column.take(groups.person) for column in cohort.confounders()]
    for history in cohort.histories:
        if history.name in cohort.coding.history_names:
            out.append(
                Column(
                    name=history.name,
                    kind=history.kind,
                    values=history.at(groups.start)[groups.person],
                    levels=history.levels,
                )
            )
    return tuple(out)


def group_design(cohort: Cohort, groups: Groups) -> Design:
    """Return the confounders as of the start as columns of numbers, without an intercept.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    groups : Groups
        Which of them are compared, and from when.

    Returns
    -------
    Design
        Baseline confounders, then histories; no column is constant among these persons.
    """
    part = cohort if groups.n == cohort.n else cohort.take(groups.person)
    designs = [part.design()] if cohort.coding.names else []
    if cohort.coding.history_names:
        designs.append(part.design_at(groups.start))
    X = np.column_stack([d.X for d in designs]) if designs else np.zeros((groups.n, 0))
    names = [name for d in designs for name in d.names]
    variables = [name for d in designs for name in d.variables]
    kept = [j for j in range(X.shape[1]) if X[:, j].min() < X[:, j].max()]
    return Design(
        X=np.ascontiguousarray(X[:, kept]),
        names=tuple(names[j] for j in kept),
        variables=tuple(variables[j] for j in kept),
    )


def group_estimand(rule: Grouping, question: Question, whom: str) -> str:
    """Return in a sentence what a comparison of groups estimates.

    Parameters
    ----------
    rule : str
        How groups are formed.
    question : Question
        What is asked.
    whom : str
        The target population in words, such as "in all persons".

    Returns
    -------
    str
        The sentence.
    """
    if rule == "ever":
        return (
            f"Difference {whom} between persons who were ever treated and persons who never were, "
            "counted from time zero and adjusted for confounders; not the effect of a strategy."
        )
    if rule == "landmark":
        g = question.grace_months
        return (
            f"Effect {whom} of having been treated by {g:g} months against not, among persons who "
            f"are alive and followed at {g:g} months; survival and restricted means count the "
            f"first {g:g} months, which all of them survived."
        )
    return f"Effect {whom} of treatment at time zero against {_comparator(question)}."


def _comparator(question: Question) -> str:
    if question.contrast == "itt_like":
        return "none at time zero, whatever is done later"
    if question.comparator == "never":
        return "no treatment at all"
    return f"no treatment within {question.grace_months:g} months"


def group_flow(groups: Groups, cohort: Cohort, question: Question) -> list[FlowStep]:
    """Return the flow from the cohort to the groups."""
    steps = [FlowStep(arm=None, name="Persons in the cohort", n=cohort.n)]
    if groups.start > 0.0:
        name = f"Dead or lost by the landmark at {groups.start:g} months"
        steps.append(FlowStep(arm=None, name=name, n=groups.gone))
    if groups.unseen:
        name = "Treated late, before they were observed"
        steps.append(FlowStep(arm=None, name=name, n=groups.unseen))
    count = int(groups.treated.sum())
    label = question.comparator_label
    steps += [
        FlowStep(arm=label, name="Comparator group", n=groups.n - count),
        FlowStep(arm=question.treated_label, name="Treated group", n=count),
    ]
    if groups.rule != "ever":
        steps += [
            FlowStep(arm=label, name="Treated later", n=groups.late),
            FlowStep(arm=label, name="Follow-up ended at their treatment", n=groups.cut),
        ]
    return steps


def group_diagnostics(groups: Groups, cohort: Cohort) -> list[Diagnostic]:
    """Return diagnostics of how the groups were formed."""
    if groups.rule != "ever":
        return [_cut_share(groups)]
    A = cohort.treatment_time[groups.person]
    waited = np.where(groups.treated, np.minimum(A, groups.time), 0.0)
    share = float(waited.sum() / groups.time[groups.treated].sum())
    return [
        Diagnostic(
            name="immortal_time",
            title="Immortal time",
            verdict="fail",
            value=share,
            threshold=0.0,
            message=(
                "groups are formed by what happens after time zero; "
                f"{100 * share:.1f}% of the person-time of the treated lies before their "
                "treatment, in which they could not die."
            ),
            advice="Form groups at time zero or at a landmark, or clone, censor and weight.",
        )
    ]


# Share of the comparator group whose follow-up ends at treatment: beyond a tenth the curve leans
# on treated and untreated comparators with the same prognosis, which no weight here makes alike.
CUT_WARN = 0.1


def _cut_share(groups: Groups) -> Diagnostic:
    size = int((~groups.treated).sum())
    share = groups.cut / size
    return Diagnostic(
        name="censored_at_treatment",
        title="Comparators censored at treatment",
        verdict="warn" if share > CUT_WARN else "pass",
        value=share,
        threshold=CUT_WARN,
        message=(
            f"the follow-up of {groups.cut} of {plural(size, 'comparator')} ends at their "
            "treatment; censoring is taken to be independent of prognosis given the group"
            " and what the method adjusts censoring for."
        ),
        advice="Clone, censor and weight, which models this censoring." if share > CUT_WARN else "",
    )
