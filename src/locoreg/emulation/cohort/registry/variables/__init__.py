"""Variables as of time zero: the shipped ones, those of the protocol, columns of the patient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.emulation.cohort.columns import Column
from locoreg.emulation.cohort.registry.study import Study
from locoreg.emulation.cohort.registry.variables import disease, person, receptors, tumour
from locoreg.emulation.cohort.registry.variables.own import (
    own_variable,
    patient_column,
    patient_columns,
)
from locoreg.registry.tables import TABLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Builtin:
    """A variable that every registry can give.

    Attributes
    ----------
    words : str
        What it is.
    make : callable
        From persons to the column.
    """

    words: str
    make: Callable[[Study], Column]


BUILTIN: dict[str, Builtin] = {
    "age": Builtin(words="Year of time zero less year of birth.", make=person.age),
    "sex": Builtin(words="Sex: female, male, other.", make=person.sex),
    "menopausal_status": Builtin(
        words="Menopausal status at diagnosis of the primary: pre, peri, post.",
        make=person.menopausal_status,
    ),
    "subtype": Builtin(
        words="Receptor subtype of the metastasis if known, else of a locoregional recurrence, "
        "else of the primary: HR+/HER2-, HR+/HER2+, HR-/HER2+, triple_negative.",
        make=receptors.subtype,
    ),
    "subtype_primary": Builtin(
        words="Receptor subtype of the primary.", make=receptors.subtype_primary
    ),
    "hormone_receptor_lost": Builtin(
        words="Hormone receptors positive in the primary and negative in the metastasis: no, yes.",
        make=receptors.hormone_receptor_lost,
    ),
    "de_novo": Builtin(
        words="M1 or stage IV at diagnosis, or a metastasis within 90 days of it: no, yes.",
        make=tumour.de_novo,
    ),
    "metastasis_free_interval": Builtin(
        words="Months from diagnosis to the first distant metastasis; 0 in de novo disease.",
        make=tumour.metastasis_free_interval,
    ),
    "interval_class": Builtin(
        words="Metastasis-free interval in months: de novo, <6, 6-24, >=24.",
        make=tumour.interval_class,
    ),
    "grade": Builtin(words="Grade of the primary: 1, 2, 3.", make=tumour.grade),
    "t_category": Builtin(
        words="Clinical T category, in recurrent disease else the pathological one: T0, Tis, T1 "
        "to T4.",
        make=tumour.t_category,
    ),
    "n_category": Builtin(
        words="Clinical N category, in recurrent disease else the pathological one: N0 to N3.",
        make=tumour.n_category,
    ),
    "ecog": Builtin(
        words="Last ECOG status of the 3 months up to time zero: 0 to 4.", make=person.ecog
    ),
    "n_comorbidities": Builtin(
        words="Different conditions recorded as present by time zero.",
        make=person.n_comorbidities,
    ),
    "n_lesions": Builtin(
        words="Distant lesions: the last count of the 12 months up to time zero or the lesions "
        "listed by then, the larger. A lower bound below 6 is unknown.",
        make=disease.n_lesions,
    ),
    "lesion_class": Builtin(
        words="Distant lesions in classes: 1, 2-3, 4-5, >5.", make=disease.lesion_class
    ),
    "n_organs": Builtin(words="Organs with distant metastases.", make=disease.n_organs),
    "visceral": Builtin(
        words="Metastases in liver, lung, pleura, brain, leptomeninges, adrenal, ovary or "
        "peritoneum: no, yes.",
        make=disease.visceral,
    ),
    "brain": Builtin(words="Metastases in brain or leptomeninges: no, yes.", make=disease.brain),
    "bone_only": Builtin(words="All metastases in bone: no, yes.", make=disease.bone_only),
    **{
        name: Builtin(words=f"Metastases in {name.removeprefix('organ_')}: no, yes.", make=make)
        for name, make in disease.by_organ.items()
    },
    "year": Builtin(words="Calendar year of time zero.", make=person.year),
    "site": Builtin(words="Site that reported the patient.", make=person.site),
    "on_line": Builtin(
        words="Lines of systemic therapy for metastatic disease begun by time zero.",
        make=person.on_line,
    ),
    "ctdna_detected": Builtin(
        words="ctDNA detected on the last day of the 3 months up to time zero: no, yes.",
        make=disease.ctdna_detected,
    ),
}


def variable(study: Study, name: str) -> Column:
    """Return a variable as of time zero.

    Parameters
    ----------
    study : Study
        Persons.
    name : str
        A variable of the protocol, a shipped one, or a column of the patient table.

    Returns
    -------
    Column
        One value per person, NaN where it is unknown.

    Raises
    ------
    DesignError
        If there is no such variable.
    """
    own = study.protocol.variables
    if name in own and name in BUILTIN:
        raise DesignError(
            f"the variable {name} of the protocol has the name of a shipped one.",
            hint="give it another name, or leave it out to use the shipped one.",
        )
    if name in own:
        return own_variable(study, name, own[name])
    if name in BUILTIN:
        return BUILTIN[name].make(study)
    if name in patient_columns():
        return patient_column(study, name)
    known = (*own, *BUILTIN, *patient_columns())
    raise DesignError(
        f"there is no variable {name!r}.",
        hint=did_you_mean(name, known) or "describe it under variables.",
    )


def builtin_variables() -> dict[str, str]:
    """Return the variables that every registry can give, and what they are.

    Returns
    -------
    dict of str to str
        By name; columns of the patient table that are known at time zero come last.
    """
    shipped = {name: builtin.words for name, builtin in BUILTIN.items()}
    columns = {
        name: TABLES["patient"].column(name).description
        for name in patient_columns()
        if name not in shipped
    }
    return {**shipped, **columns}
