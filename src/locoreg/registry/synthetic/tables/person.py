"""Tables patient, primary_tumour, performance, comorbidity and observation_window."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from locoreg.registry.synthetic.columns import (
    Block,
    block,
    coded,
    date,
    decimals,
    flags,
    keys,
    reason,
    same,
    whole,
)
from locoreg.registry.synthetic.parameters import COMORBIDITIES, PARAMETERS, several
from locoreg.registry.synthetic.people import TNBC
from locoreg.registry.synthetic.seen import Seen

ALIVE, DEAD = 0, 1
ICD10 = {
    "cardiovascular": ("I25.9", "Chronic ischaemic heart disease"),
    "pulmonary": ("J44.9", "Chronic obstructive pulmonary disease"),
    "cerebrovascular": ("I63.9", "Cerebral infarction"),
    "other_cancer": ("Z85.0", "Personal history of another cancer"),
}
MORPHOLOGIES = tuple(key for name, key in PARAMETERS if name == "morphology")
T_LIMITS = (20, 50, 80)
STAGES = ("I", "IIA", "IIB", "IIIA", "IIIC", "IV")
# Stage group by T (1 to 4) and N (0 to 3), simplified: T4 and N3 go to IIIC.
STAGE_OF = np.array([[0, 1, 3, 4], [1, 2, 3, 4], [2, 3, 3, 4], [4, 4, 4, 4]])


def person_blocks(rng: np.random.Generator, seen: Seen) -> Iterator[Block]:
    """Yield the tables about the person.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    seen : Seen
        Patients.

    Yields
    ------
    tuple of str and pyarrow.Table
        Table and rows.
    """
    yield _patient(rng, seen)
    yield _primary(rng, seen)
    yield from _performance(rng, seen)
    yield _comorbidity(rng, seen)
    yield _window(seen)


def _patient(rng: np.random.Generator, seen: Seen) -> Block:
    people, observed, n = seen.people, seen.observed, seen.n
    zero_year = seen.zero.astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
    at_primary = people.age - people.mfi / 12
    menopause = np.digitize(at_primary, (48, 52))
    no_menopause = seen.missing(rng) & ~people.male
    no_cause = seen.missing(rng) & observed.dead
    return block(
        "patient",
        {
            "patient_id": seen.ids(),
            "site_id": coded(seen.sites.names, people.site),
            "sex": coded(("female", "male"), people.male),
            "birth_year": whole(zero_year - people.age.astype(int)),
            "menopausal_status_dx": coded(
                ("pre", "peri", "post"), menopause, ~people.male & ~no_menopause
            ),
            "menopausal_status_dx_reason": coded(
                ("not_recorded", "not_applicable"), people.male, people.male | no_menopause
            ),
            **_germline(rng, seen, "brca1", 0.015, 0.08),
            **_germline(rng, seen, "brca2", 0.03, 0.03),
            **date("entry_date", seen.zero + observed.entry),
            **date("last_contact_date", seen.last),
            "vital_status": coded(("alive", "dead"), observed.dead),
            **date("death_date", seen.last, observed.dead),
            **reason("death_date", ~observed.dead, "not_applicable"),
            "death_cause": coded(
                ("breast_cancer", "other"), seen.cause > 0, observed.dead & ~no_cause
            ),
            "death_cause_reason": coded(
                ("not_applicable", "not_recorded"), observed.dead, ~observed.dead | no_cause
            ),
            "calendar": same("real", n),
        },
    )


def _germline(
    rng: np.random.Generator, seen: Seen, gene: str, share: float, share_tnbc: float
) -> dict[str, object]:
    tested = rng.random(seen.n) < np.where(seen.people.age < 55, 0.5, 0.15)
    u = rng.random(seen.n)
    pathogenic = np.where(seen.people.subtype == TNBC, share_tnbc, share)
    result = np.where(u < pathogenic, 0, np.where(u > 0.95, 1, 2))
    name = f"{gene}_germline"
    return {
        name: coded(("pathogenic", "vus", "none"), result, tested),
        **reason(name, ~tested, "not_done"),
    }


def _primary(rng: np.random.Generator, seen: Seen) -> Block:
    people, n = seen.people, seen.n
    size = np.exp(rng.normal(np.where(people.de_novo, 3.75, 3.25), 0.55))
    size = np.clip(np.round(size), 3, 180)
    t = np.digitize(size, T_LIMITS)
    nodes = np.minimum(rng.geometric(np.where(people.de_novo, 0.35, 0.5)) - 1, 3)
    stage = np.where(people.de_novo, 5, STAGE_OF[t, nodes])
    no_size = seen.missing(rng, (np.log(size) - 3.4) / 0.6)
    no_grade, no_stage = seen.missing(rng), seen.missing(rng)
    operated = ~people.de_novo
    neoadjuvant = operated & (rng.random(n) < 0.2)
    year = seen.diagnosis.astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
    morphology = np.searchsorted(
        np.cumsum(several("morphology", MORPHOLOGIES))[:-1], rng.random(n), side="right"
    )
    return block(
        "primary_tumour",
        {
            "tumour_id": keys(seen.number, "T", np.zeros(n)),
            "patient_id": seen.ids(),
            **date("dx_date", seen.diagnosis, month=seen.sites.months[people.site] & operated),
            "laterality": coded(
                ("left", "right", "bilateral"),
                np.searchsorted((0.50, 0.985), rng.random(n)),
            ),
            "topography": coded(
                ("C50.1", "C50.2", "C50.3", "C50.4", "C50.5", "C50.9"), rng.integers(0, 6, n)
            ),
            "morphology": coded(MORPHOLOGIES, morphology),
            "grade": whole(people.grade, ~no_grade),
            **reason("grade", no_grade),
            "size_mm": decimals(size, 0, ~no_size),
            **reason("size_mm", no_size),
            "ct": coded(("T1", "T2", "T3", "T4"), t, ~no_size),
            **reason("ct", no_size),
            "cn": coded(("N0", "N1", "N2", "N3"), nodes),
            "cm": coded(("M0", "M1"), people.de_novo),
            "pt": coded(("T1", "T2", "T3", "T4"), t, operated),
            **reason("pt", ~operated, "not_done"),
            "pn": coded(("N0", "N1", "N2", "N3"), nodes, operated),
            **reason("pn", ~operated, "not_done"),
            "pathologic_prefix": coded(("p", "yp"), neoadjuvant, operated),
            **reason("pathologic_prefix", ~operated, "not_applicable"),
            "ajcc_edition": coded(("7", "8"), year >= 2018),
            "stage_group": coded(STAGES, stage, ~no_stage),
            **reason("stage_group", no_stage),
            "stage_prefix": coded(("p", "yp", "c"), np.where(operated, neoadjuvant, 2)),
            "multifocal": flags(rng.random(n) < 0.18),
        },
    )


def _performance(rng: np.random.Generator, seen: Seen) -> Iterator[Block]:
    """Yield ratings: at time zero, and at 6 and 12 months, where the state has changed them."""
    missing = seen.missing(rng, seen.people.ecog - 0.7)
    ecog = seen.people.ecog
    for serial, visit in enumerate((None, 1, 3)):
        if visit is None:
            day, rating, there = seen.zero, ecog, ~missing
        else:
            state = seen.states[:, visit]
            better = (state == 0) & (rng.random(seen.n) < 0.3)
            rating = np.clip(ecog + (state == 2) - better, 0, 4)
            day = seen.zero + seen.visit_day(visit)
            there = seen.assessed(visit) & ~seen.missing(rng)
        rows = np.flatnonzero(there)
        yield block(
            "performance",
            {
                "performance_id": keys(seen.number[rows], "F", np.full(rows.size, serial)),
                "patient_id": seen.ids(rows),
                **date("date", day[rows]),
                "ecog": whole(rating[rows]),
            },
        )


def _comorbidity(rng: np.random.Generator, seen: Seen) -> Block:
    """Return conditions that are present, and at some sites those that were found absent."""
    people = seen.people
    asked = ~seen.missing(rng)[:, None]
    shown = asked & (people.comorbidity | seen.sites.absent[people.site][:, None])
    rows, which = np.nonzero(shown)
    codes, words = zip(*(ICD10[name] for name in COMORBIDITIES), strict=True)
    return block(
        "comorbidity",
        {
            "comorbidity_id": keys(seen.number[rows], "C", which),
            "patient_id": seen.ids(rows),
            **date("date", seen.zero[rows]),
            "code": coded(codes, which),
            "system": same("ICD-10", rows.size),
            "display": coded(words, which),
            "present": flags(people.comorbidity[rows, which]),
        },
    )


def _window(seen: Seen) -> Block:
    return block(
        "observation_window",
        {
            "window_id": keys(seen.number, "W", np.zeros(seen.n)),
            "patient_id": seen.ids(),
            **date("start_date", seen.zero + seen.observed.entry),
            **date("end_date", seen.last),
            "source": coded(("hospital", "registry_linkage"), seen.sites.linked[seen.people.site]),
        },
    )
