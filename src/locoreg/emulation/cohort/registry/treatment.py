"""The first local therapy that the treated strategy means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.registry.dates import Span
from locoreg.emulation.cohort.registry.study import Rows, Study, any_of, last_of
from locoreg.stats.survivaldata import BoolArray, FloatArray

if TYPE_CHECKING:
    import ibis.expr.types as ir

_LISTS = ("target", "modality", "organ", "intent", "margin", "approach")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Treatments:
    """Treatment of each person.

    Attributes
    ----------
    day : ndarray of float, shape (n,)
        Day of the first one on or after time zero; infinite for none.
    when : Span
        What its date can mean.
    before : ndarray of bool, shape (n,)
        Who had one before time zero.
    undated : ndarray of bool, shape (n,)
        Who had one without a date.
    order_open : ndarray of bool, shape (n,)
        Whose treatment may lie before time zero: taken as on or after it.
    perhaps : ndarray of bool, shape (n,)
        Who had a therapy that would be meant if what is not recorded of it were so; it does not
        count.
    """

    day: FloatArray
    when: Span
    before: BoolArray
    undated: BoolArray
    order_open: BoolArray
    perhaps: BoolArray


def treatments(study: Study) -> Treatments:
    """Return each person's treatment.

    Parameters
    ----------
    study : Study
        Persons.

    Returns
    -------
    Treatments
        By the codes of the protocol. A diagnostic procedure never counts.

    Raises
    ------
    DesignError
        If the protocol names no treatment.
    """
    rows, asked = _candidates(study)
    unknown = np.zeros(rows.person.size, dtype=np.bool_)
    for name in asked:
        unknown |= rows.null(name)
    meant = rows.take(~unknown)
    zero = study.zero_of(meant)
    dated = meant.when.known
    before = dated & meant.when.before(zero)
    after = dated & ~before
    first = meant.take(after)
    placed = first.when.placed_after(study.zero_of(first))
    keys = (placed, first.when.first, first.when.last)
    day = last_of(first.person, study.n, placed, *keys, first=True)
    when = Span(
        first=last_of(first.person, study.n, first.when.first, *keys, first=True),
        last=last_of(first.person, study.n, first.when.last, *keys, first=True),
    )
    return Treatments(
        day=np.asarray(np.where(np.isnan(day), np.inf, day)),
        when=when,
        before=any_of(meant.person, study.n, before),
        undated=any_of(meant.person, study.n, ~dated),
        order_open=when.order_open(study.zero),
        perhaps=any_of(rows.person, study.n, unknown) & ~any_of(meant.person, study.n),
    )


def _candidates(study: Study) -> tuple[Rows, list[str]]:
    """Return the therapies that are meant or may be, and the columns that decide."""
    treatment = study.protocol.strategies.treated.treatment
    if treatment is None:
        raise DesignError(
            "the treated strategy names no treatment, which a registry needs.",
            hint="write strategies.treated.treatment, such as {target: [primary]}.",
        )
    lists = {name: getattr(treatment, name) for name in _LISTS}
    asked = [name for name, words in lists.items() if words is not None]
    complete = treatment.all_sites_treated

    def meant(therapy: ir.Table) -> ir.BooleanValue:
        counts = (therapy.intent != "diagnostic").fill_null(True)
        for name in asked:
            counts = counts & therapy[name].isin(list(lists[name])).fill_null(True)
        if complete is not None:
            counts = counts & (therapy.all_sites_treated == complete).fill_null(True)
        return counts

    columns = asked if complete is None else [*asked, "all_sites_treated"]
    return study.rows("local_therapy", columns, date="start_date", where=meant), columns
