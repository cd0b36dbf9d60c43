from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.quality_of_life import (
    Instrument,
    ScoreSheet,
    find_instrument,
    read_instrument,
    score,
    shipped_instruments,
)
from tests.registry.quality_of_life.slow_reference import br23, c30, fact_b

C30 = find_instrument("QLQ-C30", version="3.0")
BR23 = find_instrument("QLQ-BR23", version="1.0")
FACT = find_instrument("FACT-B", version="4")
NOTHING = float("nan")
# Scores are sums of at most 37 small whole numbers and two divisions.
ROUNDING = 1e-10


def sheet(instrument: Instrument, answers: dict[str, float]) -> ScoreSheet:
    row = [answers.get(name, NOTHING) for name in instrument.item_names]
    return score(instrument, [row])


def one(instrument: Instrument, answers: dict[str, float], scale: str) -> float:
    return float(sheet(instrument, answers).score(scale)[0])


def items(text: str, answers: str) -> dict[str, float]:
    return dict(zip(text.split(), map(float, answers.split()), strict=True))


@pytest.mark.parametrize(
    ("scale", "names", "answers", "expected"),
    [
        # The mean is 9/5, a third of 4/5 is taken from one.
        ("PF", "1 2 3 4 5", "1 2 3 2 1", 220 / 3),
        ("PF", "1 2 3", "4 4 4", 0.0),
        ("PF", "1 2", "1 1", NOTHING),
        ("RF", "6 7", "2 3", 50.0),
        ("RF", "7", "1", 100.0),
        ("EF", "21 22 23 24", "1 1 2 2", 250 / 3),
        ("EF", "21 24", "1 4", 50.0),
        ("EF", "22", "1", NOTHING),
        ("CF", "20 25", "4 1", 50.0),
        ("SF", "26 27", "2 2", 200 / 3),
        ("QL", "29 30", "5 6", 75.0),
        ("QL", "30", "1", 0.0),
        ("FA", "10 12 18", "2 3 4", 200 / 3),
        ("FA", "10 18", "1 2", 50 / 3),
        ("FA", "12", "4", NOTHING),
        ("NV", "14 15", "1 1", 0.0),
        ("PA", "9 19", "4 4", 100.0),
        ("DY", "8", "2", 100 / 3),
        ("SL", "11", "3", 200 / 3),
        ("AP", "13", "4", 100.0),
        ("CO", "16", "1", 0.0),
        ("DI", "17", "2", 100 / 3),
        ("FI", "28", "3", 200 / 3),
    ],
)
def test_c30_scales_by_hand(scale: str, names: str, answers: str, expected: float) -> None:
    assert one(C30, items(names, answers), scale) == pytest.approx(
        expected, abs=ROUNDING, nan_ok=True
    )


def test_c30_summary_needs_all_thirteen() -> None:
    full = {name: 1.0 for name in C30.item_names}
    assert one(C30, full, "SUMMARY") == 100.0
    # The worst of every scale.
    assert one(C30, dict.fromkeys(C30.item_names, 4.0), "SUMMARY") == 0.0
    # Global health and financial difficulties are no part of it.
    without = {k: v for k, v in full.items() if k not in ("28", "29", "30")}
    assert one(C30, without, "SUMMARY") == 100.0
    lacking = {k: v for k, v in full.items() if k != "8"}
    got = sheet(C30, lacking)
    assert math.isnan(got.score("SUMMARY")[0])
    assert got.reasons("SUMMARY") == ("part_missing",)
    assert got.reasons("DY") == ("too_few_answers",)
    # One symptom scale at its worst among thirteen: (12 * 100 + 0) / 13.
    assert one(C30, {**full, "17": 4.0}, "SUMMARY") == pytest.approx(1200 / 13, abs=ROUNDING)


@pytest.mark.parametrize(
    ("scale", "names", "answers", "expected"),
    [
        ("BRBI", "39 40 41 42", "1 2 3 4", 50.0),
        ("BRBI", "39 40", "1 1", 100.0),
        ("BRBI", "39", "1", NOTHING),
        ("BRFU", "43", "1", 100.0),
        # Positively worded: much interest is a high score.
        ("BRSEF", "44 45", "4 4", 100.0),
        ("BRSEF", "44", "2", 100 / 3),
        ("BRSEE", "45 46", "3 4", 100.0),
        ("BRSEE", "45 46", "3 1", 0.0),
        ("BRST", "31 32 33 34 36 37 38", "1 2 3 4 1 2 1", 100 / 3),
        ("BRST", "31 32 33 34", "2 2 2 2", 100 / 3),
        ("BRST", "31 32 33", "2 2 2", NOTHING),
        ("BRBS", "50 51 52 53", "1 1 1 4", 25.0),
        ("BRAS", "47 48", "1 4", 50.0),
        ("BRAS", "47", "4", NOTHING),
        ("BRHL", "34 35", "3 2", 100 / 3),
    ],
)
def test_br23_scales_by_hand(scale: str, names: str, answers: str, expected: float) -> None:
    assert one(BR23, items(names, answers), scale) == pytest.approx(
        expected, abs=ROUNDING, nan_ok=True
    )


@pytest.mark.parametrize(("item", "gate", "scale"), [("35", "34", "BRHL"), ("46", "45", "BRSEE")])
def test_a_conditional_item_is_not_applicable_rather_than_missing(
    item: str, gate: str, scale: str
) -> None:
    assert sheet(BR23, {gate: 1.0}).reasons(scale) == ("not_applicable",)
    assert sheet(BR23, {gate: 2.0}).reasons(scale) == ("too_few_answers",)
    assert sheet(BR23, {}).reasons(scale) == ("too_few_answers",)
    against = sheet(BR23, {gate: 1.0, item: 4.0})
    assert against.score(scale)[0] == 100.0
    assert against.against_filter.sum() == 1
    assert not sheet(BR23, {gate: 2.0, item: 4.0}).against_filter.any()


def test_not_applicable_may_be_said_by_the_source() -> None:
    said = np.zeros((1, 23), dtype=bool)
    said[0, BR23.item_names.index("46")] = True
    empty = np.full((1, 23), np.nan)
    assert score(BR23, empty, not_applicable=said).reasons("BRSEE") == ("not_applicable",)
    with pytest.raises(DataError, match="not_applicable has shape"):
        score(BR23, empty, not_applicable=said[:, :3])


@pytest.mark.parametrize(
    ("scale", "names", "answers", "expected"),
    [
        ("PWB", "GP1 GP2 GP3 GP4 GP5 GP6 GP7", "0 0 0 0 0 0 0", 28.0),
        ("PWB", "GP1 GP2 GP3 GP4", "1 2 3 4", 6 * 7 / 4),
        ("PWB", "GP1 GP2 GP3", "0 0 0", NOTHING),
        ("SWB", "GS1 GS2 GS3 GS4 GS5 GS6", "4 3 2 1 0 4", 14 * 7 / 6),
        ("SWB", "GS1 GS2 GS3", "4 4 4", NOTHING),
        # GE2 is not reversed.
        ("EWB", "GE1 GE2 GE3 GE4 GE5 GE6", "0 0 0 0 0 0", 20.0),
        ("EWB", "GE1 GE2 GE3 GE4", "1 1 1 1", 10 * 6 / 4),
        ("EWB", "GE1 GE2 GE3", "1 1 1", NOTHING),
        ("FWB", "GF1 GF2 GF3 GF4 GF5 GF6 GF7", "4 4 4 4 4 4 4", 28.0),
        ("BCS", "B1 B2 B3 B4 B5 B6 B7 B8 B9 P2", "0 0 0 0 0 0 0 0 0 0", 32.0),
        ("BCS", "B1 B2 B3 B4 B5 B6", "0 0 0 0 0 0", 20 * 10 / 6),
        # Half is enough for the EORTC and not for FACIT.
        ("BCS", "B1 B2 B3 B4 B5", "0 0 0 0 0", NOTHING),
        # 8 and 9 are no answers.
        ("EWB", "GE1 GE2 GE3 GE4", "1 1 1 9", NOTHING),
        ("EWB", "GE1 GE2 GE3 GE4 GE5", "1 1 1 1 8", 10 * 6 / 4),
    ],
)
def test_fact_subscales_by_hand(scale: str, names: str, answers: str, expected: float) -> None:
    assert one(FACT, items(names, answers), scale) == pytest.approx(
        expected, abs=ROUNDING, nan_ok=True
    )


def test_fact_totals_at_their_limits() -> None:
    best = {n: 0.0 if n in FACT.reversed else 4.0 for n in FACT.item_names}
    got = sheet(FACT, best)
    assert [got.score(s)[0] for s in ("TOI", "FACT-G", "FACT-B")] == [96.0, 108.0, 148.0]
    # 22 of 27 is more than 80 %, 21 is not; each subscale keeps more than half.
    five = ["GP1", "GP2", "GS7", "GE1", "GF1"]
    assert one(FACT, {n: v for n, v in best.items() if n not in five}, "FACT-G") == 108.0
    six = sheet(FACT, {n: v for n, v in best.items() if n not in [*five, "GF2"]})
    assert math.isnan(six.score("FACT-G")[0])
    assert six.reasons("FACT-G") == ("too_few_items",)
    # 31 of 37 is still more than 80 % for the whole questionnaire, and TOI has no such rule.
    assert six.score("FACT-B")[0] == 148.0
    assert six.score("TOI")[0] == 96.0
    # 30 of 37 is enough, 29 is not.
    thirty = {n: v for n, v in best.items() if n not in [*five, "GF2", "B1"]}
    assert one(FACT, thirty, "FACT-B") == 148.0
    assert math.isnan(one(FACT, {n: v for n, v in thirty.items() if n != "B2"}, "FACT-B"))


def test_a_declined_item_is_prorated() -> None:
    full = dict.fromkeys(FACT.item_names, 2.0)
    declined = {n: v for n, v in full.items() if n != "GS7"}
    assert one(FACT, declined, "SWB") == 14.0
    assert one(FACT, declined, "FACT-B") == 74.0


RULES: list[tuple[Instrument, Callable[[dict[str, int]], dict[str, float | None]]]] = [
    (C30, c30),
    (BR23, br23),
    (FACT, fact_b),
]


@pytest.mark.parametrize(("instrument", "slow"), RULES, ids=lambda x: getattr(x, "label", ""))
@pytest.mark.parametrize("missing", [0.0, 0.1, 0.3, 0.55])
def test_equal_to_the_slow_reference_cell_by_cell(
    instrument: Instrument,
    slow: Callable[[dict[str, int]], dict[str, float | None]],
    missing: float,
) -> None:
    rng = np.random.default_rng(7)
    n = 1500
    ranges = np.array([instrument.range_of(name) for name in instrument.item_names])
    answers = rng.integers(ranges[:, 0], ranges[:, 1] + 1, (n, len(ranges))).astype(float)
    answers[rng.random(answers.shape) < missing] = np.nan
    for code in instrument.missing_codes:
        answers[rng.random(answers.shape) < missing / 10] = code
    got = score(instrument, answers)
    cells = 0
    for row in range(n):
        ticked = {
            name: int(value)
            for name, value in zip(instrument.item_names, answers[row], strict=True)
            if not math.isnan(value)
        }
        expected = slow(ticked)
        assert set(expected) == set(instrument.score_names)
        for place, name in enumerate(instrument.score_names):
            value = expected[name]
            wanted = math.nan if value is None else value
            assert got.scores[row, place] == pytest.approx(wanted, abs=ROUNDING, nan_ok=True)
            assert (got.state[row, place] == 0) == (value is not None)
            cells += 1
    assert cells == n * len(instrument.score_names)


@given(st.data())
@settings(deadline=None, max_examples=40)
def test_scores_stay_inside_their_range(data: st.DataObject) -> None:
    instrument = data.draw(st.sampled_from(shipped_instruments()))
    rows = data.draw(
        st.lists(
            st.lists(
                st.sampled_from([NOTHING, -1.0, 0.0, 1.0, 2.0, 3.0, 3.5, 4.0, 7.0, 9.0, 99.0]),
                min_size=len(instrument.item_names),
                max_size=len(instrument.item_names),
            ),
            min_size=1,
            max_size=4,
        )
    )
    got = score(instrument, rows)
    highest = {"TOI": 96, "FACT-G": 108, "FACT-B": 148, "EWB": 24, "BCS": 40}
    for name in instrument.score_names:
        column = got.score(name)
        top = highest.get(name, 28) if instrument.instrument == "FACT-B" else 100
        known = column[~np.isnan(column)]
        assert ((known >= 0) & (known <= top + ROUNDING)).all()
    # The order of answer sheets does not matter.
    again = score(instrument, rows[::-1])
    np.testing.assert_array_equal(again.scores[::-1], got.scores)


def test_answers_outside_the_range_are_marked_and_taken_as_missing() -> None:
    got = sheet(C30, {"1": 5.0, "2": 0.0, "3": 1.0, "4": 1.0, "5": 1.5, "29": 7.0})
    marked = [C30.item_names[k] for k in np.flatnonzero(got.out_of_range[0])]
    assert marked == ["1", "2", "5"]
    assert math.isnan(got.score("PF")[0])
    assert got.score("QL")[0] == 100.0
    assert not sheet(FACT, {"GP1": 9.0}).out_of_range.any()


def test_the_answers_given_are_not_changed() -> None:
    answers = np.full((2, 37), 9.0)
    score(FACT, answers)
    assert (answers == 9.0).all()


@pytest.mark.parametrize("version", ["3", "3.0", "v3.0", "V3", " version 3.0 "])
def test_ways_to_write_a_version(version: str) -> None:
    assert find_instrument("QLQ-C30", version=version) is C30


@pytest.mark.parametrize("version", ["1.0", "2.0", "", "30"])
def test_other_versions_are_refused(version: str) -> None:
    with pytest.raises(DesignError, match="no scoring rules"):
        find_instrument("QLQ-C30", version=version)


def test_unknown_instrument_and_wrong_shape() -> None:
    with pytest.raises(DesignError, match="no instrument 'QLQ-C3O'"):
        find_instrument("QLQ-C3O", version="3.0")
    with pytest.raises(DataError, match="30 items"):
        score(C30, [[1.0, 2.0]])


def test_no_wording_is_shipped() -> None:
    # Item names are codes; a question would be a sentence.
    for instrument in shipped_instruments():
        assert all(len(name) <= 3 for name in instrument.item_names)
        for group in (instrument.scales, instrument.composites):
            assert all("?" not in part.name and len(part.name.split()) <= 5 for part in group)


def test_an_instrument_of_ones_own(tmp_path: Path) -> None:
    text = """
instrument: MINE
version: "1"
scoring_version: mine/1
citation: none
answered: at_least_half
items: [{names: [a, b, c, d], lowest: 1, highest: 4}]
scales: [{id: S, name: S, formula: eortc_symptom, higher_is: worse, items: [a, b, c, d]}]
"""
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    mine = read_instrument(path)
    assert score(mine, [[4.0, 4.0, NOTHING, NOTHING]]).score("S")[0] == 100.0


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("items: [a, b]", "items: [a, z]", "no item 'z'"),
        ("names: [a, b]", "names: [a, a]", "named twice"),
        ("formula: eortc_symptom", "formula: guess", "formula"),
        ("answered: at_least_half", "answered: [", "YAML"),
        ("version: '1'", "verson: '1'", "version"),
        ("composites: []", "composites: [{id: T, name: T, formula: sum, higher_is: better, "
         "parts: [Q]}]", "no scale 'Q'"),
        ("composites: []", "composites: [{id: S, name: T, formula: sum, higher_is: better, "
         "parts: [S]}]", "scale is named twice"),
        ("highest: 4}]", "highest: 4}, {names: [c], lowest: 0, highest: 4}]\nreversed: [y]",
         "no item 'y'"),
    ],
)  # fmt: skip
def test_a_faulty_instrument_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = """
instrument: MINE
version: '1'
scoring_version: mine/1
citation: none
answered: at_least_half
items: [{names: [a, b], lowest: 1, highest: 4}]
scales: [{id: S, name: S, formula: eortc_symptom, higher_is: worse, items: [a, b]}]
composites: []
"""
    assert old in text
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError, match=says):
        read_instrument(path)
