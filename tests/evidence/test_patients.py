"""The printed number of patients rules out reports."""

from __future__ import annotations

import pytest

from locoreg.evidence.catalog import load_catalog
from locoreg.evidence.reproduce import find_pool
from locoreg.evidence.reproduce.patients import counted_out
from tests.conftest import WriteTables, effect, study


@pytest.mark.parametrize(
    ("n", "expected"),
    [(300, {"b2"}), (291, {"b1"}), (299, set()), ("", set())],
    ids=["first report", "second report", "neither", "not printed"],
)
def test_patients_choose_the_report(
    write_tables: WriteTables, n: object, expected: set[str]
) -> None:
    folder = write_tables(
        studies=[study("a"), study("b"), study("p", design="pooled")],
        references=[
            {"reference_id": r, "study_id": r[0], "title": r} for r in ("a1", "b1", "b2", "p1")
        ],
        claims=[
            effect("ca", "a", "0.80 0.60 1.07", report_id="a1", n=100),
            effect("cb1", "b", "0.70 0.50 0.98", report_id="b1", n=200),
            effect("cb2", "b", "0.75 0.55 1.02", report_id="b2", n=191),
            effect("cp", "p", "0.76 0.61 0.94", report_id="p1", n=n),
        ],
    )
    catalog = load_catalog(folder)
    claim = catalog.claims["cp"]
    assert counted_out(catalog, claim, ("a", "b"), "overall_survival", "") == expected


def test_unknown_patients_tell_nothing(write_tables: WriteTables) -> None:
    folder = write_tables(
        studies=[study("a"), study("p", design="pooled")],
        claims=[
            effect("ca", "a", "0.80 0.60 1.07"),
            effect("cp", "p", "0.76 0.61 0.94", n=300),
        ],
    )
    catalog = load_catalog(folder)
    found = counted_out(catalog, catalog.claims["cp"], ("a",), "overall_survival", "")
    assert found == frozenset()


def test_a_study_with_several_pools_means_its_main_one() -> None:
    catalog = load_catalog()
    assert find_pool(catalog, "reinhorn2021").pool_id == "reinhorn2021-itt"
    assert find_pool(catalog, "gera2020").pool_id == "gera2020-rct"
