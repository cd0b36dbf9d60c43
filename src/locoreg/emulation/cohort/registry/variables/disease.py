"""Variables of the metastatic disease, as of time zero."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from locoreg.emulation.cohort.columns import Column
from locoreg.emulation.cohort.registry.dates import code_of
from locoreg.emulation.cohort.registry.study import (
    LOOK_BACK_MONTHS,
    Rows,
    Study,
    any_of,
    last_of,
)
from locoreg.emulation.cohort.registry.variables.columns import number, yes_no
from locoreg.registry.classify.course import CTDNA
from locoreg.registry.cohort.expression import distant
from locoreg.registry.definitions import NOT_DISTANT
from locoreg.registry.tables import TABLES
from locoreg.stats.survivaldata import BoolArray, FloatArray

if TYPE_CHECKING:
    import ibis.expr.types as ir

ORGANS = tuple(o for o in TABLES["lesion"].column("organ").allowed if o not in NOT_DISTANT)
VISCERAL = (
    "liver",
    "lung",
    "pleura",
    "brain",
    "leptomeninges",
    "adrenal",
    "ovary",
    "peritoneum",
)
BRAIN = ("brain", "leptomeninges")
LESION_CLASSES = ("1", "2-3", "4-5", ">5")
# An older count says less than the lesions that are listed.
COUNT_MONTHS = 12.0
# From here on no class depends on how many more there are.
MANY_LESIONS = 6
FLUIDS = ("plasma", "serum", "blood")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sites:
    """Distant metastases that were seen up to time zero.

    Attributes
    ----------
    organ : ndarray of bool, shape (n, len(ORGANS))
        Which organs.
    lesions : ndarray of float, shape (n,)
        Rows of the lesion table.
    unknown : ndarray of bool, shape (n,)
        Who has no organ on record, or a lesion of unknown organ.
    """

    organ: BoolArray
    lesions: FloatArray
    unknown: BoolArray

    def any(self, *organs: str) -> BoolArray:
        """Return who has metastases in one of some organs."""
        places = [ORGANS.index(organ) for organ in organs]
        return np.asarray(self.organ[:, places].any(axis=1))


def sites(study: Study) -> Sites:
    """Return the organs of each person's metastases."""
    return study.once("sites", _sites)


def _sites(study: Study) -> Sites:
    lesions = study.known(study.rows("lesion", ("organ",), date="first_seen_date", where=distant))
    organ = np.zeros((study.n, len(ORGANS)), dtype=np.bool_)
    code = code_of(lesions.word("organ"), ORGANS)
    organ[lesions.person[code >= 0], code[code >= 0]] = True
    events = study.known(study.rows("disease_event", ("organs",), date="date", where=_distant))
    _add_organs(organ, events)
    nowhere = any_of(lesions.person, study.n, code < 0)
    return Sites(
        organ=organ,
        lesions=np.bincount(lesions.person, minlength=study.n).astype(np.float64),
        unknown=np.asarray(~organ.any(axis=1) | nowhere),
    )


def _distant(event: ir.Table) -> ir.BooleanValue:
    return (event.type == "distant_recurrence") & event.organs.notnull()


def _add_organs(organ: BoolArray, events: Rows) -> None:
    """Mark the organs that events name, separated by semicolons."""
    import pyarrow.compute as pc

    coded = pc.dictionary_encode(events.word("organs")).combine_chunks()
    codes = coded.indices.to_numpy(zero_copy_only=False)
    for place, text in enumerate(coded.dictionary.to_pylist()):
        named = {part.strip() for part in text.split(";")}
        columns = [k for k, word in enumerate(ORGANS) if word in named]
        people = events.person[codes == place]
        organ[np.ix_(people, columns)] = True


def n_organs(study: Study) -> Column:
    """Return the number of organs with metastases."""
    found = sites(study)
    return number("n_organs", np.where(found.unknown, np.nan, found.organ.sum(axis=1)))


def _with_organ(name: str, organs: tuple[str, ...]) -> Callable[[Study], Column]:
    def make(study: Study) -> Column:
        found = sites(study)
        has = found.any(*organs)
        return yes_no(name, has, unknown=found.unknown & ~has)

    return make


visceral = _with_organ("visceral", VISCERAL)
brain = _with_organ("brain", BRAIN)
by_organ = {f"organ_{organ}": _with_organ(f"organ_{organ}", (organ,)) for organ in ORGANS}


def bone_only(study: Study) -> Column:
    """Return whether all metastases lie in bone."""
    found = sites(study)
    elsewhere = found.any(*(organ for organ in ORGANS if organ != "bone"))
    return yes_no("bone_only", ~elsewhere, unknown=found.unknown & ~elsewhere)


def _lesions(study: Study) -> FloatArray:
    """Return the number of distant lesions; NaN where fewer than 6 are a lower bound."""
    rows = study.rows(
        "imaging_assessment",
        ("n_lesions", "n_lesions_is_lower_bound"),
        date="date",
        where=lambda t: t.n_lesions.notnull(),
    )
    known = study.known(rows, months=COUNT_MONTHS)
    when = (known.when.day, known.when.first)
    count = last_of(known.person, study.n, known.number("n_lesions"), *when)
    # A count that does not say whether it is a lower bound may be one.
    bound = np.nan_to_num(known.number("n_lesions_is_lower_bound"), nan=1.0)
    not_all = last_of(known.person, study.n, bound, *when) == 1.0
    listed = sites(study).lesions
    total = np.fmax(count, listed)
    unknown = (not_all & (total < MANY_LESIONS)) | (np.isnan(count) & (listed == 0))
    return np.asarray(np.where(unknown, np.nan, total))


def n_lesions(study: Study) -> Column:
    """Return the number of distant lesions."""
    return number("n_lesions", study.once("lesions", _lesions))


def lesion_class(study: Study) -> Column:
    """Return the class of the number of distant lesions."""
    count = study.once("lesions", _lesions)
    codes = np.digitize(count, (2, 4, MANY_LESIONS)).astype(np.float64)
    codes[np.isnan(count) | (count == 0)] = np.nan
    return Column(name="lesion_class", kind="category", values=codes, levels=LESION_CLASSES)


def ctdna_detected(study: Study) -> Column:
    """Return whether ctDNA was detected on the last day of the 3 months up to time zero."""

    def blood(row: ir.Table) -> ir.BooleanValue:
        return row.analyte.isin(list(CTDNA)) & row.fluid.isin(list(FLUIDS)).fill_null(True)

    rows = study.rows("biomarker", ("detected", "value", "lod"), date="date", where=blood)
    known = study.known(rows, months=LOOK_BACK_MONTHS)
    flag, above = known.number("detected"), known.number("value") - known.number("lod")
    says = np.where(np.isnan(flag), np.where(np.isnan(above), np.nan, above >= 0), flag)
    # A flag that its own value contradicts says nothing.
    says = np.where(~np.isnan(flag) & ~np.isnan(above) & ((above >= 0) != flag), np.nan, says)
    sure = known.take(~np.isnan(says))
    value = last_of(sure.person, study.n, says[~np.isnan(says)], sure.when.day, sure.when.first)
    return yes_no("ctdna_detected", value == 1.0, unknown=np.isnan(value))
