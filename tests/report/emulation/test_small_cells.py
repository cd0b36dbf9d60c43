"""The small-cell rule in an emulation: what is printed, drawn and written gives no few away."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort import Attrition
from locoreg.emulation.cohort.attrition import AttritionStep
from locoreg.emulation.effect import BalanceRow
from locoreg.figures import plot, to_svg
from locoreg.report.emulation import write_emulation
from locoreg.workflows.emulation.hiding import hidden_dict, hidden_summary
from locoreg.workflows.emulation.result import EmulationResult
from locoreg.workflows.emulation.smallcells import (
    hide_parts,
    shown_attrition,
    shown_counts,
    shown_flow,
)
from locoreg.workflows.emulation.smalleffects import hide_balance
from locoreg.workflows.emulation.smalltexts import redacted, rule_words
from locoreg.workflows.emulation.task import emulate
from tests.emulation.designs import lt1
from tests.report.emulation.test_files import PROTOCOL

LIMIT = 10


@pytest.fixture(scope="module")
def result() -> EmulationResult:
    """Return an emulation of 60 persons: many of its counts are small."""
    cohort = lt1(60, 5)
    table = pd.DataFrame(
        {
            "patient": cohort.person_id,
            "months": cohort.time,
            "died": cohort.event,
            "start": np.where(np.isfinite(cohort.treatment_time), cohort.treatment_time, np.nan),
            "x1": cohort.baseline[0].values,
            "x2": cohort.baseline[1].values,
        }
    )
    return emulate(PROTOCOL, table=table, sensitivity=False)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("7 of 1,073 persons were treated", "≤10 of 1,073 persons were treated"),
        ("5 of 1,073 persons (0.5%) came", "≤10 of 1,073 persons came"),
        ("105 of 1,073 persons (9.8%) came", "105 of 1,073 persons (9.8%) came"),
        ("for 1,070 of 1,073, and later for 3", "for ≥1,063 of 1,073, and later for ≤10"),
        ("ecog: 2 (0 treated, 40 not treated)", "ecog: 2 (0 treated, 40 not treated)"),
        ("level 3 (4 treated, 6 not treated)", "level 3 (≤10 treated, ≤10 not treated)"),
        ("3 strata have fewer than 5 persons", "3 strata have fewer than 5 persons"),
        ("0.4% of persons are lost", "at most 0.9% of persons are lost"),
        ("12.5% of persons are lost", "12.5% of persons are lost"),
        ("ever better (rows 50, 74 and 9 more).", "ever better."),
        ("z 1.93; 1 of 3.", "z 1.93; 1 of 3."),
        ("within 6 months; 2 of 2 differences", "within 6 months; 2 of 2 differences"),
    ],
    ids=lambda text: re.sub(r"\W+", " ", text)[:24],
)  # fmt: skip
def test_texts_lose_small_counts_only(text: str, shown: str) -> None:
    assert redacted(text, LIMIT, 1073) == shown
    assert redacted(text, None, 1073) == text


def test_one_small_part_hides_another() -> None:
    shown = hide_parts([3, 50, 400], LIMIT)
    assert [c.text for c in shown] == ["≤10", "hidden", "400"]
    assert [c.n for c in hide_parts([0, 50, 400], LIMIT)] == [0, 50, 400]
    assert [c.text for c in hide_parts([3, 4, 400], LIMIT)] == ["≤10", "≤10", "400"]
    assert [c.text for c in hide_parts([3, 50, 400], LIMIT, known=[50])] == ["≤10", "50", "hidden"]
    assert [c.n for c in hide_parts([3, 50], None)] == [3, 50]


@pytest.mark.parametrize(
    "lefts",
    [(1000, 995, 900), (1000, 905, 900), (1000, 996, 992, 900), (1000, 995), (1000, 1000, 900)],
    ids=lambda v: "-".join(map(str, v)),
)
def test_attrition_gives_no_small_step_away(lefts: tuple[int, ...]) -> None:
    steps = tuple(
        AttritionStep(name=f"step {i}", excluded=a - b, left=b)
        for i, (a, b) in enumerate(pairwise(lefts))
    )
    started, shown = shown_attrition(Attrition(source="s", started=lefts[0], steps=steps), LIMIT)
    exact = [n for n in (started.n, *(s.left.n for s in shown)) if n is not None]
    assert exact[-1] == lefts[-1]
    assert all(a == b or abs(a - b) > LIMIT for a in exact for b in exact)
    assert all(s.excluded.n is None or s.excluded.n == 0 or s.excluded.n > LIMIT for s in shown)
    # A step is shown only between sizes that are: what others leave over says nothing of it.
    for before, step in zip((started, *(s.left for s in shown)), shown, strict=False):
        if step.excluded.n:
            assert before.n is not None
            assert step.left.n is not None


def test_shares_of_few_persons_are_not_told() -> None:
    def row(level: str, treated: float, comparator: float) -> BalanceRow:
        return BalanceRow(
            variable="v", level=level, at_months=0.0, before=0.1, after=0.0, mean_treated=treated,
            mean_comparator=comparator, raw_treated=treated, raw_comparator=comparator,
        )  # fmt: skip

    rows = (row("a", 0.04, 0.2), row("b", 0.36, 0.3), row("c", 0.6, 0.5))
    shown = hide_balance(rows, {0.0: (1000, 100)}, LIMIT)
    assert [bool(np.isnan(r.raw_treated)) for r in shown] == [True, True, False]
    assert [r.before for r in shown] == [0.1, 0.1, 0.1]


def test_numbers_at_risk_differ_by_more_than_the_limit(result: EmulationResult) -> None:
    hidden = 0
    for arm in result.primary.arms:
        shown = shown_counts(arm, LIMIT, result.primary.n)
        for counts in shown.values():
            exact = [c.n for c in counts if c.n is not None]
            hidden += len(counts) - len(exact)
            assert all(n == 0 or n > LIMIT for n in exact)
            assert all(a == b or abs(a - b) > LIMIT for a in exact for b in exact)
        last = [counts[-1].n for counts in shown.values()]
        # Who knows the others, and all of them, can't take the hidden one from their sum.
        assert last[:3].count(None) != 1 or last[3] is None
    assert hidden > 0


def whole(value: Any, key: str = "") -> list[tuple[str, int]]:
    """Return every whole number of a document that counts persons, with its name."""
    if isinstance(value, dict):
        return [pair for k, v in value.items() for pair in whole(v, k)]
    if isinstance(value, list):
        return [pair for v in value for pair in whole(v, key)]
    return [(key, value)] if isinstance(value, int) and not isinstance(value, bool) else []


COUNTED = {
    "n", "n_treated", "raw_at_risk", "raw_events", "raw_censored", "excluded", "unknown", "left",
    "lost", "started", "untreated", "treated", "entered_late", "treated_later", "death",
}  # fmt: skip


def test_results_hold_no_small_count(result: EmulationResult) -> None:
    document = json.loads(json.dumps(hidden_dict(result, LIMIT)))
    assert document["small_cells"] == LIMIT
    few = [pair for pair in whole(document) if pair[0] in COUNTED and 1 <= pair[1] <= LIMIT]
    assert few == []
    raw = json.loads(json.dumps(hidden_dict(result, None)))
    assert [pair for pair in whole(raw) if pair[0] in COUNTED and 1 <= pair[1] <= LIMIT]
    # Estimates are not touched.
    assert document["primary"]["contrasts"] == raw["primary"]["contrasts"]


def test_page_files_and_summary_follow_the_rule(result: EmulationResult, tmp_path: Path) -> None:
    write_emulation(result, tmp_path, small_cells=LIMIT)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert rule_words(LIMIT) in page
    assert rule_words(LIMIT) in hidden_summary(result, LIMIT)
    document = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert document["small_cells"] == LIMIT
    shown = pd.read_csv(tmp_path / "tables" / "curves.csv")
    months = set(shown[shown.arm == result.primary.arms[0].label].month)
    assert set(result.primary.question.at_months) <= months
    assert len(months) < result.primary.arms[0].time.size
    weights = tmp_path / "tables" / "weights.csv"
    if weights.exists():
        assert (pd.read_csv(weights).n > LIMIT).all()


def risk_table(svg: str) -> list[str]:
    return re.findall(r">([\d,≤–]+)</text>", svg)


def test_figures_hide_what_the_table_hides(result: EmulationResult) -> None:
    raw = to_svg(plot(result.primary, kind="curves"), prefix="a")
    hidden = to_svg(plot(result.primary, kind="curves", small_cells=LIMIT), prefix="a")
    assert "–" in risk_table(hidden)
    assert "–" not in risk_table(raw)
    for kind in ("flow", "attrition", "balance", "difference"):
        plot(result.primary, kind=kind, small_cells=LIMIT)


def test_flow_hides_what_the_numbers_at_risk_hide(result: EmulationResult) -> None:
    boxes = shown_flow(result.primary, LIMIT)
    hidden = 0
    for arm in result.primary.arms:
        row = arm.counts[-1]
        cells = shown_counts(arm, LIMIT, result.primary.n)
        for kind in ("at_risk", "censored", "events"):
            if cells[kind][-1].n is not None or getattr(row, f"raw_{kind}") == 0:
                continue
            hidden += 1
            for step, box in zip(result.primary.flow, boxes, strict=True):
                if step.arm == arm.label and step.n == getattr(row, f"raw_{kind}"):
                    assert box.n is None
    assert hidden > 0


def test_few_never_under_observation_are_not_told(result: EmulationResult) -> None:
    arm = result.primary.arms[1]
    entered = shown_counts(arm, None, 0)["entered"][-1].n
    assert entered is not None
    shown = shown_counts(arm, LIMIT, entered + 3)
    assert shown["entered"][-1].n is None
    assert any(shown[kind][-1].n is None for kind in ("at_risk", "censored", "events"))
    assert shown["at_risk"][0].n is None


def test_limit_is_two_or_more(result: EmulationResult) -> None:
    with pytest.raises(DesignError, match="small_cells"):
        plot(result.primary, kind="curves", small_cells=1)


def test_nothing_changes_without_the_rule(result: EmulationResult) -> None:
    told = hidden_dict(result, None)
    assert {k: v for k, v in told.items() if k != "small_cells"} == result.to_dict()
    assert hidden_summary(result, None) == result.summary()


def test_few_treated_are_not_told(result: EmulationResult) -> None:
    few = replace(result, primary=replace(result.primary, n_treated=4))
    assert hidden_dict(few, LIMIT)["primary"]["n_treated"] is None
    figure = to_svg(plot(few.primary, kind="curves", small_cells=LIMIT), prefix="a")
    assert "≤10 of them treated" in figure
    assert ", 4 of them" not in figure
