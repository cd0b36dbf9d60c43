"""Table receptor_assay."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from locoreg.registry.synthetic.columns import Block, block, coded, date, decimals, keys, same
from locoreg.registry.synthetic.people import BoolArray, IntArray
from locoreg.registry.synthetic.seen import Seen

GUIDELINES = ("ASCO/CAP 2007", "ASCO/CAP 2013", "ASCO/CAP 2018")
GUIDELINE_YEARS = (2014, 2019)
IHC = ("0", "1+", "2+", "3+")


def receptor_blocks(rng: np.random.Generator, seen: Seen, biopsied: BoolArray) -> Iterator[Block]:
    """Yield assays of the primary, and of the metastasis where it was biopsied.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    seen : Seen
        Patients.
    biopsied : ndarray of bool
        Whether a metastasis was biopsied.

    Yields
    ------
    tuple of str and pyarrow.Table
        Table and rows.
    """
    people = seen.people
    primary = np.arange(seen.n)
    metastasis = np.flatnonzero(biopsied)
    for context, rows, status in (
        ("primary", primary, (people.er, people.pr, people.her2)),
        ("metastasis", metastasis, (people.er_met, people.pr_met, people.her2_met)),
    ):
        serial = 0 if context == "primary" else 10
        yield _hormone(rng, seen, rows, context, serial, "ER", status[0][rows])
        tested = rows[rng.random(rows.size) > 0.04]
        yield _hormone(rng, seen, tested, context, serial + 1, "PR", status[1][tested])
        yield from _her2(rng, seen, rows, context, serial + 2, status[2][rows])


def _common(
    seen: Seen, rows: IntArray, context: str, serial: int, marker: str
) -> dict[str, object]:
    n = rows.size
    day = (seen.diagnosis if context == "primary" else seen.zero)[rows]
    year = day.astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
    where = ("tumour_id", "T") if context == "primary" else ("lesion_id", "L")
    return {
        "assay_id": keys(seen.number[rows], "R", np.full(n, serial)),
        "patient_id": seen.ids(rows),
        where[0]: keys(seen.number[rows], where[1], np.zeros(n)),
        "context": same(context, n),
        **date("sample_date", day),
        "marker": same(marker, n),
        "guideline": coded(GUIDELINES, np.digitize(year, GUIDELINE_YEARS)),
    }


def _hormone(
    rng: np.random.Generator,
    seen: Seen,
    rows: IntArray,
    context: str,
    serial: int,
    marker: str,
    positive: BoolArray,
) -> Block:
    n = rows.size
    percent = np.where(rng.random(n) < 0.05, rng.uniform(1, 10, n), 100 * rng.beta(5, 1.2, n))
    percent = np.where(positive, np.clip(np.round(percent), 1, 100), 0.0)
    return block(
        "receptor_assay",
        {
            **_common(seen, rows, context, serial, marker),
            "value_num": decimals(percent, 0),
            "value_unit": same("%", n),
            "operator": same("=", n),
            "interpretation": coded(("negative", "positive"), positive),
            "method": same("IHC", n),
        },
    )


def _her2(
    rng: np.random.Generator,
    seen: Seen,
    rows: IntArray,
    context: str,
    serial: int,
    positive: BoolArray,
) -> Iterator[Block]:
    n = rows.size
    u = rng.random(n)
    score = np.where(positive, np.where(u < 0.85, 3, 2), np.digitize(u, (0.42, 0.82)))
    yield block(
        "receptor_assay",
        {
            **_common(seen, rows, context, serial, "HER2_IHC"),
            "value_code": coded(IHC, score),
            "interpretation": coded(
                ("negative", "equivocal", "positive"), np.clip(score - 1, 0, 2)
            ),
            "method": same("IHC", n),
        },
    )
    doubtful = np.flatnonzero((score == 2) & (rng.random(n) > 0.05))
    amplified = positive[doubtful]
    size = doubtful.size
    ratio = np.where(amplified, rng.uniform(2.1, 6, size), rng.uniform(1.0, 1.8, size))
    yield block(
        "receptor_assay",
        {
            **_common(seen, rows[doubtful], context, serial + 1, "HER2_ISH"),
            "value_num": decimals(ratio, 1),
            "value_unit": same("ratio", size),
            "operator": same("=", size),
            "interpretation": coded(("negative", "positive"), amplified),
            "method": same("FISH", size),
        },
    )
