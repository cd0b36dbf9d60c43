"""Tables receptor_assay, lesion, imaging_assessment, lesion_measurement and disease_event."""

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
    picked,
    reason,
    same,
    whole,
)
from locoreg.registry.synthetic.parameters import ORGANS, one
from locoreg.registry.synthetic.people import BoolArray, IntArray
from locoreg.registry.synthetic.seen import Seen
from locoreg.registry.synthetic.strategies import ASSESSMENTS
from locoreg.registry.synthetic.tables.receptors import receptor_blocks

# More lesions than this are not counted out.
COUNTED = 10
REGIONAL = 90
SHARE_MEASURED = 0.15
REGIONS = ("chest;abdomen;pelvis", "neck;chest;abdomen;pelvis;skeleton", "chest;abdomen;skeleton")
MODALITIES = ("CT", "FDG_PET_CT", "bone_scan")


def organ_order(seen: Seen) -> IntArray:
    """Return the organs of each patient, those involved first: lesion j lies in column j."""
    return np.argsort(~seen.people.organs, axis=1, kind="stable")


def recorded_lesions(seen: Seen) -> IntArray:
    """Return how many lesions have a row: all if up to 5, else one per organ."""
    few = seen.people.n_lesions <= 5
    return np.where(few, seen.people.n_lesions, seen.people.n_organs)


def disease_blocks(rng: np.random.Generator, seen: Seen) -> Iterator[Block]:
    """Yield the tables about the disease.

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
    share = np.where(
        seen.people.de_novo, one("share_biopsied", "de novo"), one("share_biopsied", "recurrent")
    )
    biopsied = rng.random(seen.n) < share
    yield from receptor_blocks(rng, seen, biopsied)
    yield from _lesions(rng, seen, biopsied)
    yield _baseline_imaging(rng, seen)
    for visit in range(len(ASSESSMENTS)):
        yield _later_imaging(rng, seen, visit)
    yield from _measurements(rng, seen)
    yield from _events(rng, seen)


def _lesions(rng: np.random.Generator, seen: Seen, biopsied: BoolArray) -> Iterator[Block]:
    count = recorded_lesions(seen)
    rows = np.repeat(np.arange(seen.n), count)
    serial = np.arange(rows.size) - np.repeat(np.cumsum(count) - count, count)
    organ = organ_order(seen)[rows, serial % seen.people.n_organs[rows]]
    yield block(
        "lesion",
        {
            "lesion_id": keys(seen.number[rows], "L", serial),
            "patient_id": seen.ids(rows),
            "organ": coded(ORGANS, organ),
            **date("first_seen_date", seen.zero[rows]),
            "biopsied": flags(biopsied[rows] & (serial == 0)),
            "is_regional": flags(np.zeros(rows.size)),
        },
    )
    nodes = np.flatnonzero(seen.people.de_novo & (rng.random(seen.n) < 0.3))
    yield block(
        "lesion",
        {
            "lesion_id": keys(seen.number[nodes], "L", np.full(nodes.size, REGIONAL)),
            "patient_id": seen.ids(nodes),
            "organ": same("regional_ln", nodes.size),
            **date("first_seen_date", seen.zero[nodes]),
            "biopsied": flags(np.zeros(nodes.size)),
            "is_regional": flags(np.ones(nodes.size)),
        },
    )


def _baseline_imaging(rng: np.random.Generator, seen: Seen) -> Block:
    people, n = seen.people, seen.n
    pet = rng.random(n) < seen.sites.pet[people.site]
    modality = np.where(pet, 1, np.where(rng.random(n) < 0.06, 2, 0))
    brain = people.has("brain") | (rng.random(n) < np.where(people.subtype == 0, 0.2, 0.45))
    many = people.n_lesions > COUNTED
    # A bone scan sees no soft tissue: its count is a lower bound.
    bound = many | ((modality == 2) & (people.n_organs > 1))
    return block(
        "imaging_assessment",
        {
            "assess_id": keys(seen.number, "I", np.zeros(n)),
            "patient_id": seen.ids(),
            **date("date", seen.zero),
            "modality": coded(MODALITIES, modality),
            "regions": coded(
                (*REGIONS, *(f"brain;{r}" for r in REGIONS)), modality + 3 * brain.astype(int)
            ),
            "criteria": same("RECIST1.1", n),
            **reason("response", np.ones(n, bool), "not_applicable"),
            "n_lesions": whole(np.minimum(people.n_lesions, COUNTED)),
            "n_lesions_is_lower_bound": flags(bound),
            "brain_imaged": flags(brain),
        },
    )


def _later_imaging(rng: np.random.Generator, seen: Seen, visit: int) -> Block:
    rows = np.flatnonzero(seen.assessed(visit))
    n = rows.size
    state = seen.states[rows, visit]
    complete = (state == 0) & (rng.random(n) < 0.15)
    unclear = (rng.random(n) < 0.03) & (seen.options.missing != "none")
    response = np.where(unclear, 4, np.where(complete, 3, state))
    return block(
        "imaging_assessment",
        {
            "assess_id": keys(seen.number[rows], "I", np.full(n, visit + 1)),
            "patient_id": seen.ids(rows),
            **date("date", seen.zero[rows] + seen.visit_day(visit)),
            "modality": same("CT", n),
            "regions": same(REGIONS[0], n),
            "criteria": same("RECIST1.1", n),
            "response": coded(("PR", "SD", "PD", "CR", "NE"), response),
            **reason("n_lesions", np.ones(n, bool)),
            "brain_imaged": flags(np.zeros(n)),
        },
    )


def _measurements(rng: np.random.Generator, seen: Seen) -> Iterator[Block]:
    """Yield diameters of up to two lesions at time zero and month 3, in a sample of patients."""
    chosen = rng.random(seen.n) < SHARE_MEASURED
    diameter = np.exp(rng.normal(3.0, 0.5, (seen.n, 2)))
    change = np.array([0.6, 1.0, 1.3])
    state = seen.states[:, 0]
    for visit in range(2):
        there = chosen if visit == 0 else chosen & seen.assessed(0)
        for lesion in range(2):
            rows = np.flatnonzero(there & (recorded_lesions(seen) > lesion))
            size = diameter[rows, lesion]
            if visit:
                size = size * change[state[rows]] * np.exp(rng.normal(0, 0.08, rows.size))
            word = np.zeros(rows.size) if visit == 0 else 1 + state[rows]
            yield block(
                "lesion_measurement",
                {
                    "measurement_id": keys(
                        seen.number[rows], "M", np.full(rows.size, 2 * visit + lesion)
                    ),
                    "patient_id": seen.ids(rows),
                    "assess_id": keys(seen.number[rows], "I", np.full(rows.size, visit)),
                    "lesion_id": keys(seen.number[rows], "L", np.full(rows.size, lesion)),
                    "longest_mm": decimals(size, 0),
                    "state": coded(("new", "shrinking", "stable", "growing"), word),
                },
            )


def _events(rng: np.random.Generator, seen: Seen) -> Iterator[Block]:
    first = np.flatnonzero(~seen.people.de_novo)
    code = seen.people.organs[first] @ (1 << np.arange(len(ORGANS)))
    found, place = np.unique(code, return_inverse=True)
    words = [";".join(o for k, o in enumerate(ORGANS) if c >> k & 1) for c in found]
    yield _event(seen, first, 0, seen.zero[first], "distant_recurrence", organs=(words, place))
    progressed = seen.progressed()
    worse = np.flatnonzero(progressed >= 0)
    yield _event(seen, worse, 1, seen.zero[worse] + progressed[worse], "progression")
    local = np.flatnonzero(~seen.people.de_novo & (rng.random(seen.n) < 0.08))
    span = seen.zero[local] - seen.diagnosis[local]
    day = seen.diagnosis[local] + (span * rng.uniform(0.3, 0.95, local.size)).astype(int)
    yield _event(seen, local, 2, day, "local_recurrence")


def _event(
    seen: Seen,
    rows: IntArray,
    serial: int,
    day: IntArray,
    kind: str,
    *,
    organs: tuple[list[str], IntArray] | None = None,
) -> Block:
    n = rows.size
    columns = {
        "event_id": keys(seen.number[rows], "E", np.full(n, serial)),
        "patient_id": seen.ids(rows),
        **date("date", day),
        "type": same(kind, n),
        "basis": same("imaging", n),
    }
    if organs is not None:
        columns["organs"] = coded(*organs)
    else:
        columns["organs_reason"] = picked("not_recorded", np.ones(n, bool))
    return block("disease_event", columns)
