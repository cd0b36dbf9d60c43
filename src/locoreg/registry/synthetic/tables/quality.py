"""Table qol_response: answers to QLQ-C30 with BR23, or to FACT-B, in a sample of patients."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from locoreg.registry.synthetic.columns import Block, block, coded, date, keys, same, whole
from locoreg.registry.synthetic.people import IntArray
from locoreg.registry.synthetic.seen import Seen
from locoreg.registry.synthetic.sites import FACT, QLQ
from locoreg.registry.synthetic.tables.markers import measured_share

C30 = tuple(str(k) for k in range(1, 31))
BR23 = tuple(str(k) for k in range(31, 54))
FACTB = (
    *(f"GP{k}" for k in range(1, 8)),
    *(f"GS{k}" for k in range(1, 8)),
    *(f"GE{k}" for k in range(1, 7)),
    *(f"GF{k}" for k in range(1, 8)),
    *(f"B{k}" for k in range(1, 10)),
    "P2",
)
# Items on which a high answer is good, where most count complaints.
GOOD = {"29", "30", "44", "45", "46", "GE2", "B4", "B9", "GS1", "GS2", "GS3", "GS4", "GS5", "GS6"}
GOOD |= {"GS7", *(f"GF{k}" for k in range(1, 8))}
INSTRUMENTS = (
    ("QLQ-C30", "3.0", C30, QLQ, "Q"),
    ("QLQ-BR23", "1.0", BR23, QLQ, "Y"),
    ("FACT-B", "4", FACTB, FACT, "Z"),
)
VISITS = (None, 1, 3)
PER_VISIT = 100


def qol_blocks(rng: np.random.Generator, seen: Seen) -> Iterator[Block]:
    """Yield answers at time zero and at months 6 and 12.

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
    share = measured_share(seen.patients, 2_000, 0.005, 0.4)
    chosen = rng.random(seen.n) < share
    instrument = seen.sites.instrument[seen.people.site]
    for serial, visit in enumerate(VISITS):
        there = chosen & (rng.random(seen.n) < 0.85)
        if visit is not None:
            there &= seen.assessed(visit)
        rows = np.flatnonzero(there)
        complaint = _complaint(rng, seen, rows, visit)
        for name, version, items, at, letter in INSTRUMENTS:
            part = instrument[rows] == at
            yield _answers(
                rng,
                seen,
                rows[part],
                complaint[part],
                visit,
                serial,
                (name, version, items, letter),
            )


def _complaint(
    rng: np.random.Generator, seen: Seen, rows: IntArray, visit: int | None
) -> np.ndarray:
    people = seen.people
    level = 0.45 * people.ecog[rows] + 0.2 * people.visceral[rows] + rng.normal(0, 0.5, rows.size)
    if visit is None:
        return level
    state = seen.states[rows, visit]
    operated = seen.observed.operated[rows]
    fresh = (operated >= 0) & (operated < seen.visit_day(visit))
    return np.asarray(level + np.array([-0.3, 0.0, 0.5])[state] + 0.15 * fresh)


def _answers(
    rng: np.random.Generator,
    seen: Seen,
    rows: IntArray,
    complaint: np.ndarray,
    visit: int | None,
    serial: int,
    instrument: tuple[str, str, tuple[str, ...], str],
) -> Block:
    name, version, items, letter = instrument
    n, m = rows.size, len(items)
    low, high = (0, 4) if name == "FACT-B" else (1, 4)
    noise = complaint[:, None] + rng.normal(0, 0.8, (n, m))
    top = np.array([7 if item in ("29", "30") else high for item in items])
    good = np.array([item in GOOD for item in items])
    scaled = low + (top - low) / (1 + np.exp(1.2 - 1.5 * noise))
    value = np.round(np.where(good, top + low - scaled, scaled)).astype(np.int64)
    why = np.where(rng.random((n, m)) < 0.02, 1, 0)
    if name == "QLQ-BR23":
        # Items 35 and 46 ask those only who answered 34 and 45 with more than "not at all".
        why[:, 35 - 31][value[:, 34 - 31] == 1] = 2
        why[:, 46 - 31][value[:, 45 - 31] == 1] = 2
    why = why.ravel()
    who = np.repeat(rows, m)
    item = np.tile(np.arange(m), n)
    day = seen.zero[who] + (0 if visit is None else seen.visit_day(visit))
    return block(
        "qol_response",
        {
            "response_id": keys(seen.number[who], letter, serial * PER_VISIT + item),
            "patient_id": seen.ids(who),
            "instrument": same(name, who.size),
            "version": same(version, who.size),
            "language": same("en", who.size),
            **date("date", day),
            "item": coded(items, item),
            "value": whole(value.ravel(), why == 0),
            "missing_reason": coded(
                ("not_recorded", "not_recorded", "not_applicable"), why, why > 0
            ),
        },
    )
