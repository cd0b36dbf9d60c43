"""Table biomarker: CA15-3, ctDNA over time, a panel of microRNAs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from locoreg.registry.synthetic.columns import Block, block, date, decimals, flags, keys, same
from locoreg.registry.synthetic.people import CTDNA_LIMIT, IntArray
from locoreg.registry.synthetic.seen import Seen

# Loadings of the panel on the signature; those of 0 are there to be left out.
MIRNAS = {
    "miR-200c": 0.8,
    "miR-200b": 0.6,
    "miR-141": 0.5,
    "miR-21": -0.5,
    "miR-155": 0.0,
    "miR-10b": 0.0,
}
CTDNA_MEAN, CTDNA_SD, CTDNA_DIGITS = -2.0, 0.6, 5
# Largest share of tumour DNA.
CTDNA_MOST = 0.95
SHARE_CA153 = 0.5


def measured_share(patients: int, many: float, least: float, most: float) -> float:
    """Return the share in whom something costly is measured: less of a larger registry."""
    return float(np.clip(many / patients, least, most))


def biomarker_blocks(rng: np.random.Generator, seen: Seen) -> Iterator[Block]:
    """Yield blood markers.

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
    yield _ca153(rng, seen)
    yield from _ctdna(rng, seen)
    yield from _mirna(rng, seen)


def _common(
    seen: Seen, rows: IntArray, serial: int, day: IntArray, analyte: str
) -> dict[str, object]:
    n = rows.size
    return {
        "biomarker_id": keys(seen.number[rows], "B", np.full(n, serial)),
        "patient_id": seen.ids(rows),
        **date("date", day),
        "analyte": same(analyte, n),
    }


def _ca153(rng: np.random.Generator, seen: Seen) -> Block:
    rows = np.flatnonzero(rng.random(seen.n) < SHARE_CA153)
    log = rng.normal(3.3 + 0.25 * np.log(seen.people.n_lesions[rows]), 0.7)
    return block(
        "biomarker",
        {
            **_common(seen, rows, 0, seen.zero[rows], "CA15-3"),
            "fluid": same("serum", rows.size),
            "value": decimals(np.exp(log), 0),
            "unit": same("[arb'U]/mL", rows.size),
            "detected": flags(np.ones(rows.size)),
        },
    )


def _ctdna(rng: np.random.Generator, seen: Seen) -> Iterator[Block]:
    chosen = rng.random(seen.n) < measured_share(seen.patients, 20_000, 0.15, 0.7)
    shift = np.array([-0.8, 0.0, 0.5])
    for serial, visit in enumerate((None, 0, 1), start=1):
        there = chosen if visit is None else chosen & seen.assessed(visit)
        rows = np.flatnonzero(there)
        level = seen.people.ctdna[rows]
        day = seen.zero[rows]
        if visit is not None:
            level = level + shift[seen.states[rows, visit]] + rng.normal(0, 0.3, rows.size)
            day = day + seen.visit_day(visit)
        found = level > CTDNA_LIMIT
        limit = np.round(10 ** (CTDNA_MEAN + CTDNA_SD * CTDNA_LIMIT), CTDNA_DIGITS)
        # What is detected lies above the limit after rounding too.
        least = limit + 10.0**-CTDNA_DIGITS
        value = np.clip(10 ** (CTDNA_MEAN + CTDNA_SD * level), least, CTDNA_MOST)
        yield block(
            "biomarker",
            {
                **_common(seen, rows, serial, day, "ctDNA_fraction"),
                "fluid": same("plasma", rows.size),
                "value": decimals(value, CTDNA_DIGITS, found),
                "unit": same("1", rows.size),
                "lod": decimals(np.full(rows.size, limit), CTDNA_DIGITS),
                "detected": flags(found),
                "assay": same("SYNTHETIC assay", rows.size),
                "platform": same("low-pass sequencing", rows.size),
            },
        )


def _mirna(rng: np.random.Generator, seen: Seen) -> Iterator[Block]:
    rows = np.flatnonzero(rng.random(seen.n) < measured_share(seen.patients, 5_000, 0.05, 0.5))
    signature = seen.people.mirna[rows]
    for serial, (name, loading) in enumerate(MIRNAS.items(), start=10):
        value = loading * signature + rng.normal(0, np.sqrt(1 - loading**2), rows.size)
        yield block(
            "biomarker",
            {
                **_common(seen, rows, serial, seen.zero[rows], name),
                "fluid": same("plasma", rows.size),
                "value": decimals(value, 3),
                "unit": same("1", rows.size),
                "detected": flags(np.ones(rows.size)),
                "assay": same("SYNTHETIC panel", rows.size),
                "platform": same("qPCR", rows.size),
                "normalisation": same("delta Ct, standardised", rows.size),
            },
        )
