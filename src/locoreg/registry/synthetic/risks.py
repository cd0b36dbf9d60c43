"""From covariates to intensities: the structural equations of the simulation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.registry.synthetic.parameters import (
    GROUPS,
    KINDS,
    LESION_CLASSES,
    STATES,
    SUBTYPES,
    FloatArray,
    one,
    or_zero,
    several,
)
from locoreg.registry.synthetic.people import People
from locoreg.registry.synthetic.scenario import Scenario
from locoreg.registry.synthetic.sites import Sites

ECOGS = ("0", "1", "2", "3")
ORIGINS = ("recurrent", "de novo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Risks:
    """What drives each patient's course; arrays have one row per patient.

    Attributes
    ----------
    log_hazard : ndarray of float
        Log monthly hazard of death from breast cancer, stable disease, no local therapy.
    other : ndarray of float
        Monthly hazard of death from other causes.
    effect : ndarray of float
        Log hazard ratio of local therapy, from the month in which it is done.
    perioperative : ndarray of float
        Probability of death from the operation.
    therapy : ndarray of float
        Log odds of local therapy in a month, but for month and state.
    response, progression : ndarray of float
        Log odds of these states against stable disease, but for the state before.
    state_hazard, state_therapy : ndarray of float, shape (3,)
        Log hazard ratio and log odds of the states.
    month_therapy : ndarray of float, shape (24,)
        Log odds of the months in which local therapy may be done.
    after_response, after_progression : ndarray of float, shape (3,)
        Added to the log odds of response and of progression by the state before.
    feedback : float
        Added to the log odds of progression after local therapy.
    trend : ndarray of float, shape (10,)
        Added to the log hazard in each year after time zero.
    """

    log_hazard: FloatArray
    other: FloatArray
    effect: FloatArray
    perioperative: FloatArray
    therapy: FloatArray
    response: FloatArray
    progression: FloatArray
    state_hazard: FloatArray
    state_therapy: FloatArray
    month_therapy: FloatArray
    after_response: FloatArray
    after_progression: FloatArray
    feedback: float
    trend: FloatArray

    def by_patient(self) -> FloatArray:
        """Return the intensities in the kernels' order, shape (n, 7)."""
        columns = (
            self.log_hazard,
            self.other,
            self.effect,
            self.perioperative,
            self.therapy,
            self.response,
            self.progression,
        )
        return np.ascontiguousarray(np.stack(columns, axis=1))

    def by_state(self) -> FloatArray:
        """Return what depends on the state in the kernels' order, shape (4, 3)."""
        return np.stack(
            [self.state_hazard, self.state_therapy, self.after_response, self.after_progression]
        )


def risks(people: People, sites: Sites, scenario: Scenario) -> Risks:
    """Return the intensities of patients in a scenario.

    Parameters
    ----------
    people : People
        Patients.
    sites : Sites
        Sites.
    scenario : Scenario
        Scenario.

    Returns
    -------
    Risks
        Intensities.
    """
    months = tuple(str(k) for k in range(MONTHS_OF_THERAPY))
    before = ("after response", "", "after progression")
    return Risks(
        log_hazard=_log_hazard(people, scenario),
        other=_other(people),
        effect=true_effect(people, scenario),
        perioperative=_perioperative(people, scenario),
        therapy=_therapy(people, sites, scenario),
        response=_state(people, "state_response"),
        progression=_state(people, "state_progression"),
        state_hazard=several("log_hr_state", STATES),
        state_therapy=several("logit_therapy_state", STATES),
        month_therapy=several("logit_therapy_month", months),
        after_response=or_zero("state_response", before),
        after_progression=or_zero("state_progression", before),
        feedback=one("state_progression", "after local therapy") if scenario.feedback else 0.0,
        trend=one("log_hr_year") * np.minimum(np.arange(YEARS), YEARS_OF_TREND),
    )


MONTHS_OF_THERAPY = 24
YEARS = 10
YEARS_OF_TREND = 4


def _log_hazard(people: People, scenario: Scenario) -> FloatArray:
    out = several("log_hazard", SUBTYPES, f"{scenario.solution}|")[people.subtype]
    out = out + one("log_hr_age") * people.decades
    out += several("log_hr_ecog", ECOGS)[people.ecog]
    out += several("log_hr_lesions", LESION_CLASSES)[people.lesion_class]
    out += one("log_hr_comorbidity") * people.comorbidity.sum(axis=1)
    out += one("log_hr_ctdna") * people.ctdna + one("log_hr_mirna") * people.mirna
    for name, which in (
        ("log_hr_visceral", people.visceral),
        ("log_hr_three_organs", people.n_organs >= 3),
        ("log_hr_brain", people.has("brain")),
        ("log_hr_short_mfi", people.short_mfi),
        ("log_hr_grade3", people.grade == 3),
        ("log_hr_hormone_receptor_lost", people.er & ~people.er_met),
    ):
        out += one(name) * which
    if scenario.unmeasured:
        out += one("log_hr_unmeasured") * people.unmeasured
    return np.asarray(out, dtype=float)


def _other(people: People) -> FloatArray:
    log = one("other_death_age") * people.decades
    log = log + one("other_death_comorbidity") * people.comorbidity.sum(axis=1)
    return np.asarray(one("other_death_rate") * np.exp(log), dtype=float)


def true_effect(people: People, scenario: Scenario) -> FloatArray:
    """Return each patient's log hazard ratio of local therapy.

    Parameters
    ----------
    people : People
        Patients.
    scenario : Scenario
        Scenario.

    Returns
    -------
    ndarray of float
        Log hazard ratios.
    """
    if scenario.effect == "none":
        return np.zeros(people.n)
    if scenario.effect == "constant":
        return np.full(people.n, one("effect_constant"))
    name = "effect_heterogeneous"
    lesions = several(name, ("lesions 1-3", "lesions 4-5", "lesions >5"))
    out = one(name, "intercept") + several(name, GROUPS)[people.subtype]
    out += lesions[np.digitize(people.n_lesions, (4, 6))]
    out += one(name, "short mfi") * people.short_mfi
    out += one(name, "ctDNA undetected") * ~people.ctdna_detected
    out += one(name, "miRNA") * people.mirna
    return np.asarray(out, dtype=float)


def _perioperative(people: People, scenario: Scenario) -> FloatArray:
    if not scenario.perioperative_deaths:
        return np.zeros(people.n)
    base = several("perioperative_death", KINDS)[people.kind]
    log = one("perioperative_log_odds", "ecog>=2") * (people.ecog >= 2)
    log = log + one("perioperative_log_odds", "comorbidity") * people.comorbidity.sum(axis=1)
    log = log + one("perioperative_log_odds", "age per 10") * people.decades
    odds = base / (1 - base) * np.exp(log)
    return np.asarray(odds / (1 + odds), dtype=float)


def _therapy(people: People, sites: Sites, scenario: Scenario) -> FloatArray:
    origin = people.de_novo.astype(int)
    out = several("logit_therapy", ORIGINS, f"{scenario.solution}|")[origin]
    out = out + one("logit_therapy_age", "per10") * people.decades
    out += several("logit_therapy_ecog", ECOGS)[people.ecog]
    lesions = [several("logit_therapy_lesions", LESION_CLASSES, f"{w}|") for w in ORIGINS]
    out += np.stack(lesions)[origin, people.lesion_class]
    out += or_zero("logit_therapy_subtype", GROUPS)[people.subtype]
    out += one("logit_therapy_comorbidity") * people.comorbidity.sum(axis=1)
    out += one("logit_therapy_visceral") * people.visceral
    out += one("logit_therapy_brain") * people.has("brain")
    out += one("logit_therapy_short_mfi") * people.short_mfi
    out += sites.therapy[people.site]
    if scenario.unmeasured:
        out += one("logit_therapy_unmeasured") * people.unmeasured
    return np.asarray(out, dtype=float)


def _state(people: People, name: str) -> FloatArray:
    out = one(name, "intercept") + or_zero(name, GROUPS)[people.subtype]
    out += or_zero(name, ("three organs",))[0] * (people.n_organs >= 3)
    out += or_zero(name, ("few lesions",))[0] * (people.n_lesions <= 5)
    return np.asarray(out, dtype=float)
