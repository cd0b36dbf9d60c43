"""The sentences say what the intervals contain."""

from __future__ import annotations

import pytest

from locoreg.evidence.catalog import load_catalog
from locoreg.evidence.pooling import EvidencePool
from locoreg.workflows.answers import answer
from locoreg.workflows.evidence import pool_question
from tests.conftest import WriteTables, effect, study


def pool(write_tables: WriteTables, *printed: str, **options: object) -> EvidencePool:
    rows = [effect(f"c{i}", f"s{i}", p) for i, p in enumerate(printed)]
    studies = [study(f"s{i}", design=options.pop("of", "rct")) for i in range(len(printed))]
    catalog = load_catalog(write_tables(studies=studies, claims=rows))
    design = "rct" if studies[0]["design"] == "rct" else "observational"
    got = pool_question(catalog, "primary-surgery", design=design, **options)  # type: ignore[arg-type]
    assert isinstance(got, EvidencePool)
    return got


DL = {"method": "DL", "interval": "normal"}


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        (["0.60 0.45 0.80", "0.62 0.47 0.82"], "lies on the side of local therapy"),
        (["1.60 1.25 2.05", "1.62 1.27 2.07"], "lies on the side of no local therapy"),
        (["0.95 0.80 1.13", "1.00 0.84 1.19"], "% lower to"),
        (["0.60 0.10 3.60", "1.50 0.25 9.00"], "do not answer the question"),
    ],
)
def test_side_of_the_interval(write_tables: WriteTables, printed: list[str], words: str) -> None:
    assert words in answer(pool(write_tables, *printed, **DL))


def test_percentages_are_those_of_the_limits(write_tables: WriteTables) -> None:
    got = pool(write_tables, "0.95 0.80 1.13", **DL)
    assert "20% lower to 13% higher" in answer(got)


def test_two_studies_with_hartung_knapp_are_not_read_for_a_side(
    write_tables: WriteTables,
) -> None:
    text = answer(pool(write_tables, "0.30 0.15 0.60", "0.20 0.11 0.36"))
    assert "one degree of freedom" in text
    assert "the normal interval is" in text
    assert "do not answer" not in text
    assert "Bayesian" in text


def test_comparisons_without_randomisation_say_so(write_tables: WriteTables) -> None:
    assert "not randomised" in answer(pool(write_tables, "0.60 0.45 0.80", of="matched", **DL))
    assert "not randomised" not in answer(pool(write_tables, "0.60 0.45 0.80", **DL))
