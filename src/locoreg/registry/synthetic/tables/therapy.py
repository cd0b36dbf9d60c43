"""Tables local_therapy and adverse_event."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

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
from locoreg.registry.synthetic.parameters import KINDS, ORGANS, one
from locoreg.registry.synthetic.people import IntArray
from locoreg.registry.synthetic.seen import Seen
from locoreg.registry.synthetic.strategies import ASSESSMENTS
from locoreg.registry.synthetic.tables.disease import organ_order

PRIMARY, LUNG, LIVER, SABR = range(len(KINDS))
# Serial numbers of the rows of a patient.
BEFORE, MAIN, RADIOTHERAPY, PALLIATIVE, BESIDE = range(5)
OPERATION = 2
SCHEDULES = np.array([[24.0, 1], [30.0, 3], [50.0, 5]])
COMPLICATIONS = ("Postoperative wound infection", "Postoperative haemorrhage", "Pneumonia")
TOXICITIES = ("Neutrophil count decreased", "Fatigue", "Peripheral sensory neuropathy")


def therapy_blocks(rng: np.random.Generator, seen: Seen) -> Iterator[Block]:
    """Yield local treatments and adverse events.

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
    yield _earlier_surgery(rng, seen)
    yield from _main(rng, seen)
    yield _radiotherapy(rng, seen)
    yield _palliative(rng, seen)
    yield _beside(rng, seen)
    yield _toxicity(rng, seen)


def _common(seen: Seen, rows: IntArray, serial: int, day: IntArray) -> dict[str, pa.Array]:
    return {
        "lt_id": keys(seen.number[rows], "P", np.full(rows.size, serial)),
        "patient_id": seen.ids(rows),
        **date("start_date", day),
    }


def _tumour(seen: Seen, rows: IntArray) -> dict[str, pa.Array]:
    return {
        "target": same("primary", rows.size),
        "tumour_id": keys(seen.number[rows], "T", np.zeros(rows.size)),
        "organ": same("breast", rows.size),
    }


def _earlier_surgery(rng: np.random.Generator, seen: Seen) -> Block:
    """Return operations of the primary of those who were not metastatic then."""
    rows = np.flatnonzero(~seen.people.de_novo & (rng.random(seen.n) < 0.97))
    n = rows.size
    day = seen.diagnosis[rows] + rng.integers(14, 60, n)
    return block(
        "local_therapy",
        {
            **_common(seen, rows, BEFORE, day),
            **date("end_date", day),
            **_tumour(seen, rows),
            "modality": same("surgery", n),
            "intent": same("ablative", n),
            "approach": same("open", n),
            "margin": coded(("R0", "R1"), rng.random(n) < 0.05),
            "reason": same("planned", n),
        },
    )


def _main(rng: np.random.Generator, seen: Seen) -> Iterator[Block]:
    """Yield the local therapy whose effect is studied, and its complications."""
    observed = seen.observed
    rows = np.flatnonzero(observed.operated >= 0)
    kind = seen.people.kind[rows]
    fatal = (seen.cause[rows] == OPERATION) & observed.dead[rows]
    share = np.array(
        [one("complication", k) for k in ("breast", "lung", "liver", "sabr")], dtype=float
    )
    complicated = fatal | (rng.random(rows.size) < share[kind])
    worst = np.where(fatal, 5, np.where(complicated, rng.integers(1, 4, rows.size), 0))
    for which in range(len(KINDS)):
        part = kind == which
        yield _kind(rng, seen, rows[part], which, worst[part])
    hurt = np.flatnonzero(complicated)
    day = seen.zero[rows[hurt]] + observed.operated[rows[hurt]]
    yield block(
        "adverse_event",
        {
            "ae_id": keys(seen.number[rows[hurt]], "A", np.zeros(hurt.size)),
            "patient_id": seen.ids(rows[hurt]),
            "term": coded(COMPLICATIONS, rng.integers(0, 3, hurt.size)),
            "ctcae_version": same("5.0", hurt.size),
            "grade": whole(np.where(fatal[hurt], 5, np.minimum(worst[hurt] + 1, 4))),
            **date("start_date", np.minimum(day + 2, seen.last[rows[hurt]])),
            "lt_id": keys(seen.number[rows[hurt]], "P", np.full(hurt.size, MAIN)),
        },
    )


def _kind(
    rng: np.random.Generator, seen: Seen, rows: IntArray, kind: int, worst: IntArray
) -> Block:
    n = rows.size
    day = seen.zero[rows] + seen.observed.operated[rows]
    common = {
        **_common(seen, rows, MAIN, day),
        "intent": same("ablative", n),
        "all_sites_treated": flags((kind != PRIMARY) & (seen.people.n_lesions[rows] <= 1)),
        "clavien_dindo": coded(("0", "I", "II", "IIIa", "IVa", "V"), worst),
        "reason": coded(("planned", "response"), _responding(seen, rows)),
    }
    if kind == SABR:
        schedule = SCHEDULES[rng.integers(0, len(SCHEDULES), n)]
        last = np.minimum(day + 2 * (schedule[:, 1] - 1).astype(int), seen.last[rows])
        return block(
            "local_therapy",
            {
                **common,
                **date("end_date", last),
                **_lesion(seen, rows, None),
                "modality": same("sabr", n),
                "approach": same("external_beam", n),
                "dose_gy": decimals(schedule[:, 0], 0),
                "fractions": whole(schedule[:, 1]),
            },
        )
    organ = {LUNG: "lung", LIVER: "liver"}.get(kind)
    margin = np.digitize(rng.random(n), (0.84, 0.97))
    distance = rng.gamma(2.0, 2.5, n)
    return block(
        "local_therapy",
        {
            **common,
            **date("end_date", day),
            **(_tumour(seen, rows) if organ is None else _lesion(seen, rows, organ)),
            "modality": same("surgery", n),
            "approach": coded(
                ("open", "minimally_invasive"), (rng.random(n) < 0.6) & (kind == LUNG)
            ),
            "margin": coded(("R0", "R1", "R2"), margin),
            "closest_margin_mm": decimals(distance, 0, margin == 0),
            **reason("closest_margin_mm", margin > 0, "not_applicable"),
        },
    )


def _responding(seen: Seen, rows: IntArray) -> np.ndarray:
    """Return who was responding at the last assessment before local therapy."""
    state = np.ones(rows.size, dtype=np.int64)
    for visit in range(len(ASSESSMENTS)):
        before = seen.observed.operated[rows] > seen.visit_day(visit)
        state = np.where(before, seen.states[rows, visit], state)
    return np.asarray(state == 0)


def _lesion(seen: Seen, rows: IntArray, organ: str | None) -> dict[str, pa.Array]:
    """Return target, lesion and organ: the first lesion of an organ, or the first one of all."""
    order = organ_order(seen)[rows]
    place = np.zeros(rows.size, dtype=np.int64)
    if organ is not None:
        place = (order == ORGANS.index(organ)).argmax(axis=1)
    return {
        "target": same("lesion", rows.size),
        "lesion_id": keys(seen.number[rows], "L", place),
        "organ": coded(ORGANS, order[np.arange(rows.size), place]),
    }


def _radiotherapy(rng: np.random.Generator, seen: Seen) -> Block:
    """Return radiotherapy of the breast after the operation of the primary."""
    observed = seen.observed
    start = observed.operated + rng.integers(30, 75, seen.n)
    chosen = (observed.operated >= 0) & (seen.people.kind == PRIMARY)
    chosen &= (start + 35 < observed.end) & (
        rng.random(seen.n) < one("share_radiotherapy_after_surgery")
    )
    rows = np.flatnonzero(chosen)
    n = rows.size
    return block(
        "local_therapy",
        {
            **_common(seen, rows, RADIOTHERAPY, seen.zero[rows] + start[rows]),
            **date("end_date", seen.zero[rows] + start[rows] + 33),
            **_tumour(seen, rows),
            "modality": same("conventional_rt", n),
            "intent": same("ablative", n),
            "approach": same("external_beam", n),
            "dose_gy": decimals(np.full(n, 50.0), 0),
            "fractions": whole(np.full(n, 25)),
            "reason": same("planned", n),
        },
    )


def _palliative(rng: np.random.Generator, seen: Seen) -> Block:
    """Return single fractions for pain: no local therapy in the sense of the strategies."""
    day = seen.progressed() + rng.integers(1, 30, seen.n)
    chosen = seen.people.has("bone") & (seen.progressed() >= 0) & (day < seen.observed.end)
    rows = np.flatnonzero(chosen & (rng.random(seen.n) < 0.35))
    n = rows.size
    start = seen.zero[rows] + day[rows]
    return block(
        "local_therapy",
        {
            **_common(seen, rows, PALLIATIVE, start),
            **date("end_date", start),
            **_lesion(seen, rows, "bone"),
            "modality": same("conventional_rt", n),
            "intent": same("palliative", n),
            "approach": same("external_beam", n),
            "dose_gy": decimals(np.full(n, 8.0), 0),
            "fractions": whole(np.ones(n)),
            "reason": same("symptom", n),
        },
    )


def _beside(rng: np.random.Generator, seen: Seen) -> Block:
    """Return SABR of a lesion beside the operation of the primary; it has no effect of its own."""
    observed = seen.observed
    start = observed.operated + rng.integers(20, 60, seen.n)
    chosen = (observed.operated >= 0) & (seen.people.kind == PRIMARY)
    chosen &= (seen.people.n_lesions <= 5) & (start + 5 < observed.end)
    rows = np.flatnonzero(chosen & (rng.random(seen.n) < one("share_sabr_beside_primary_surgery")))
    n = rows.size
    return block(
        "local_therapy",
        {
            **_common(seen, rows, BESIDE, seen.zero[rows] + start[rows]),
            **date("end_date", seen.zero[rows] + start[rows] + 4),
            **_lesion(seen, rows, None),
            "modality": same("sabr", n),
            "intent": same("ablative", n),
            "approach": same("external_beam", n),
            "dose_gy": decimals(np.full(n, 30.0), 0),
            "fractions": whole(np.full(n, 3)),
            "all_sites_treated": flags(seen.people.n_lesions[rows] <= 1),
            "reason": same("planned", n),
        },
    )


def _toxicity(rng: np.random.Generator, seen: Seen) -> Block:
    """Return adverse events of systemic therapy."""
    day = rng.integers(30, 240, seen.n)
    rows = np.flatnonzero((rng.random(seen.n) < 0.15) & (day < seen.observed.end))
    n = rows.size
    return block(
        "adverse_event",
        {
            "ae_id": keys(seen.number[rows], "A", np.ones(n)),
            "patient_id": seen.ids(rows),
            "term": coded(TOXICITIES, rng.integers(0, 3, n)),
            "ctcae_version": same("5.0", n),
            "grade": whole(np.searchsorted((0.6, 0.92), rng.random(n)) + 2),
            **date("start_date", seen.zero[rows] + day[rows]),
        },
    )
