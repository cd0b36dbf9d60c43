"""Tables systemic_line and systemic_drug."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from locoreg.registry.synthetic.columns import Block, block, coded, date, keys, picked, reason, same
from locoreg.registry.synthetic.people import BoolArray, IntArray
from locoreg.registry.synthetic.seen import Seen

# Regimen: drugs as (name, ATC code, class).
REGIMENS: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    ("Letrozole", (("letrozole", "L02BG04", "ET"),)),
    (
        "Letrozole and Palbociclib",
        (("letrozole", "L02BG04", "ET"), ("palbociclib", "L01EF01", "CDK4/6i")),
    ),
    (
        "Docetaxel and Trastuzumab",
        (("docetaxel", "L01CD02", "chemo"), ("trastuzumab", "L01FD01", "antiHER2")),
    ),
    ("Paclitaxel", (("paclitaxel", "L01CD01", "chemo"),)),
    ("Capecitabine", (("capecitabine", "L01BC06", "chemo"),)),
    ("Fulvestrant", (("fulvestrant", "L02BA03", "ET"),)),
    ("Trastuzumab emtansine", (("trastuzumab emtansine", "L01FD03", "ADC"),)),
    ("Tamoxifen", (("tamoxifen", "L02BA01", "ET"),)),
    (
        "AC",
        (("doxorubicin", "L01DB01", "chemo"), ("cyclophosphamide", "L01AA01", "chemo")),
    ),
)
NAMES = tuple(name for name, _ in REGIMENS)
# By subtype: before and after CDK4/6 inhibitors came into use.
FIRST = np.array([[0, 1], [2, 2], [2, 2], [3, 3]])
SECOND = np.array([5, 6, 6, 4])
ADJUVANT = np.array([7, 2, 2, 8])
CDK_YEAR = 2017
END_REASONS = ("progression", "death", "completed")
ONGOING = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Lines of therapy of some patients, one each.

    Attributes
    ----------
    serial : int
        0 adjuvant, 1 and 2 metastatic.
    rows : ndarray of int
        Patients.
    start, end : ndarray of int
        Days since 1970-01-01.
    why : ndarray of int
        Index into ``END_REASONS``; -1: it goes on, or the patient was lost.
    regimen : ndarray of int
        Index into ``REGIMENS``.
    """

    serial: int
    rows: IntArray
    start: IntArray
    end: IntArray
    why: IntArray
    regimen: IntArray


def systemic_blocks(rng: np.random.Generator, seen: Seen) -> Iterator[Block]:
    """Yield lines of systemic therapy and their drugs.

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
    for line in (_adjuvant(rng, seen), *_metastatic(rng, seen)):
        yield _line(seen, line)
        yield from _drugs(seen, line)


def _adjuvant(rng: np.random.Generator, seen: Seen) -> Line:
    rows = np.flatnonzero(~seen.people.de_novo & (rng.random(seen.n) < 0.85))
    subtype = seen.people.subtype[rows]
    start = seen.diagnosis[rows] + rng.integers(60, 100, rows.size)
    planned = np.where(subtype == 0, 1826, np.where(subtype == 3, 120, 365))
    relapse = seen.zero[rows]
    end = np.minimum(start + planned, relapse)
    return Line(
        serial=0,
        rows=rows,
        start=start,
        end=end,
        why=np.where(end == relapse, 0, 2),
        regimen=ADJUVANT[subtype],
    )


def _metastatic(rng: np.random.Generator, seen: Seen) -> Iterator[Line]:
    delay = rng.integers(5, 35, seen.n)
    progressed = seen.progressed()
    rows = np.flatnonzero(delay < seen.observed.end)
    year = seen.zero[rows].astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
    changed = progressed[rows] >= 0
    yield Line(
        serial=1,
        rows=rows,
        start=seen.zero[rows] + delay[rows],
        end=np.where(changed, seen.zero[rows] + progressed[rows], seen.last[rows]),
        why=np.where(changed, 0, np.where(seen.observed.dead[rows], 1, ONGOING)),
        regimen=FIRST[seen.people.subtype[rows], (year >= CDK_YEAR).astype(int)],
    )
    start = progressed + rng.integers(7, 28, seen.n)
    rows = np.flatnonzero((progressed >= 0) & (start < seen.observed.end))
    yield Line(
        serial=2,
        rows=rows,
        start=seen.zero[rows] + start[rows],
        end=seen.last[rows],
        why=np.where(seen.observed.dead[rows], 1, ONGOING),
        regimen=SECOND[seen.people.subtype[rows]],
    )


def _line(seen: Seen, line: Line) -> Block:
    rows, n = line.rows, line.rows.size
    ended = line.why != ONGOING
    return block(
        "systemic_line",
        {
            "line_id": keys(seen.number[rows], "S", np.full(n, line.serial)),
            "patient_id": seen.ids(rows),
            "setting": same("metastatic" if line.serial else "adjuvant", n),
            "line_no": same(str(max(line.serial, 1)), n).cast("int16"),
            **date("start_date", line.start),
            **date("end_date", line.end, ended),
            **reason("end_date", ~ended, "not_applicable"),
            "end_reason": coded(END_REASONS, np.maximum(line.why, 0), ended),
            "end_reason_reason": picked("not_applicable", ~ended),
            "regimen": coded(NAMES, line.regimen),
            "intent": same("palliative" if line.serial else "curative", n),
        },
    )


def _drugs(seen: Seen, line: Line) -> Iterator[Block]:
    for place in range(2):
        has = np.array([len(drugs) > place for _, drugs in REGIMENS])
        part: BoolArray = has[line.regimen]
        rows = line.rows[part]
        drugs = [d[place] if len(d) > place else ("", "", "other") for _, d in REGIMENS]
        index = line.regimen[part]
        ended = line.why[part] != ONGOING
        yield block(
            "systemic_drug",
            {
                "drug_id": keys(
                    seen.number[rows], "D", np.full(rows.size, 2 * line.serial + place)
                ),
                "patient_id": seen.ids(rows),
                "line_id": keys(seen.number[rows], "S", np.full(rows.size, line.serial)),
                "drug": coded([d[0] for d in drugs], index),
                "drug_code": coded([d[1] for d in drugs], index),
                "drug_system": same("ATC", rows.size),
                "drug_class": coded([d[2] for d in drugs], index),
                **date("start_date", line.start[part]),
                **date("end_date", line.end[part], ended),
                **reason("end_date", ~ended, "not_applicable"),
            },
        )
