"""Accrual of the trials: the shipped table, dates, and faults that are named."""

from __future__ import annotations

import pytest

from locoreg.core.errors import DataError
from locoreg.evidence.accrual import load_accrual
from locoreg.evidence.catalog import load_catalog

HEAD = "accrual_id,study_id,item,value,source,address,location,verbatim,verification,note\n"


def table(tmp_path, *rows):
    lines = [
        f"{study}-{item},{study},{item},{value},a,b,c,d,{checked},\n"
        for study, item, value, checked in rows
    ]
    (tmp_path / "accrual.csv").write_text(HEAD + "".join(lines), encoding="utf-8")
    return load_accrual([tmp_path])[0]


def test_shipped_trials_of_the_primary_tumour() -> None:
    records, sha256 = load_accrual()
    found = {one.study_id: one for one in records}
    assert set(found) == {"badwe2015", "soran2018", "fitzal2019", "khan2022", "jcog1017"}
    assert len(sha256) == 64
    austria = found["fitzal2019"]
    assert (austria.planned, austria.randomised, austria.centres) == (254, 90, 14)
    assert austria.stopped_early
    assert austria.reason == "poor recruitment"
    assert austria.months is not None
    assert abs(austria.months - 59.7) < 0.05
    assert found["badwe2015"].planned is None
    assert (found["jcog1017"].planned, found["jcog1017"].planned_months) == (410, 60)
    studies = load_catalog(("shipped",)).studies
    for one in records:
        assert studies[one.study_id].design == "rct"
        for fact in one.facts:
            assert fact.verbatim
            assert fact.address.startswith("http")


def test_dates_count_from_their_middle(tmp_path) -> None:
    year, day, month = table(
        tmp_path,
        ("a", "start", "2010", "seen"), ("a", "end", "2012", "seen"),
        ("b", "start", "2010-01-01", "seen"), ("b", "end", "2010-12-31", "seen"),
        ("c", "start", "2010-12", "seen"), ("c", "end", "2011-02", "seen"),
    )  # fmt: skip
    assert abs(year.months - 24) < 0.02
    assert abs(year.months_off - 12) < 0.02
    assert abs(day.months - 364 / 30.4375) < 1e-9
    assert day.months_off == 0
    assert abs(month.months - 2) < 0.05


def test_what_is_not_known_stays_unknown(tmp_path) -> None:
    (one,) = table(
        tmp_path, ("a", "randomised", "100", "memory"), ("a", "planned", "120", "seen"),
        ("a", "start", "2012", "seen"), ("a", "end", "2010", "seen"),
    )  # fmt: skip
    # A number from memory decides nothing, and an end before the start is no length.
    assert (one.randomised, one.planned, one.months) == (None, 120, None)
    assert one.stopped_early is None
    assert len(one.to_dict()["facts"]) == 4


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("a", "planned", "many", "seen"), "whole number"),
        (("a", "planned", "0", "seen"), "whole number"),
        (("a", "start", "2010-13", "seen"), "not a year"),
        (("a", "end", "May 2010", "seen"), "not a year"),
        (("a", "stopped_early", "perhaps", "seen"), "neither yes nor no"),
    ],
)
def test_faults_are_named(tmp_path, row, words) -> None:
    with pytest.raises(DataError, match=words):
        table(tmp_path, row)


def test_a_key_that_does_not_fit_is_named(tmp_path) -> None:
    (tmp_path / "accrual.csv").write_text(HEAD + "x,a,planned,10,s,u,l,v,seen,\n", encoding="utf-8")
    with pytest.raises(DataError, match="joined by a dash"):
        load_accrual([tmp_path])
