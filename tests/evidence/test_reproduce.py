"""The search for the settings that give a published pool."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from locoreg.core.errors import DataError
from locoreg.core.jsontext import dumps
from locoreg.evidence.catalog import load_catalog
from locoreg.evidence.effectsize import from_interval
from locoreg.evidence.records import Catalog
from locoreg.evidence.reproduce import Reproduction, reproduce, reproduce_all
from locoreg.stats.randomeffects import random_effects

Rows = list[dict[str, str]]
FLIPPED = (("third-os", "reference_arm=intervention"),)


def study(study_id: str, design: str = "rct", **more: str) -> dict[str, str]:
    return {"study_id": study_id, "label": study_id.title(), "design": design, **more}


def effect(claim_id: str, study_id: str, numbers: str, **more: str) -> dict[str, str]:
    estimate, low, high = numbers.split()
    return {
        "claim_id": claim_id,
        "study_id": study_id,
        "kind": "effect",
        "outcome": "os",
        "measure": "HR",
        "estimate": estimate,
        "ci_low": low,
        "ci_high": high,
        "ci_level": "95",
        "reference_arm": "control",
        **more,
    }


def survival(study_id: str, s1: str, s0: str, n1: str, n0: str, **more: str) -> dict[str, str]:
    return {
        "claim_id": f"{study_id}-{more.get('landmark_months', '60')}{more.get('matched_set', '')}",
        "study_id": study_id,
        "kind": "arms",
        "outcome": "os",
        "statistic": "survival_proportion",
        "value_intervention": s1,
        "value_control": s0,
        "n_intervention": n1,
        "n_control": n0,
        "unit": "percent",
        "landmark_months": "60",
        **more,
    }


def pool(pool_id: str, claim_id: str, inputs: str) -> dict[str, str]:
    return {"pool_id": pool_id, "claim_id": claim_id, "inputs": inputs, "inputs_source": "text"}


def build(folder: Path, **tables: Rows) -> Catalog:
    tables.setdefault(
        "questions",
        [
            {
                "question_id": "q",
                "title": "Does it help?",
                "population": "p",
                "intervention": "surgery",
                "comparator": "none",
                "outcomes": "os",
                "measure": "HR",
                "reference_arm": "control",
                "level": "95",
                "favours_intervention": "favours surgery",
                "favours_control": "favours none",
            }
        ],
    )
    tables.setdefault(
        "outcomes",
        [{"outcome_id": "os", "label": "Survival", "event": "death", "event_is": "adverse"}],
    )
    folder.mkdir(exist_ok=True)
    for name, rows in tables.items():
        columns = list(dict.fromkeys(key for row in rows for key in row))
        with (folder / f"{name}.csv").open("w", newline="") as handle:
            writer = csv.DictWriter(handle, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
    return load_catalog(folder)


def trials() -> Rows:
    return [
        effect("first-os", "first", "1.04 0.81 1.34", p_op="=", p_value="0.79"),
        effect("second-os", "second", "0.66 0.49 0.88", p_op="=", p_value="0.005"),
        effect("third-os", "third", "0.691 0.358 1.333", p_op="=", p_value="0.267"),
        effect("fourth-os", "fourth", "1.11 0.82 1.52", ci_level="90", report_id="fourth2022"),
        effect("fourth-abs", "fourth", "1.09 0.80 1.49", ci_level="90", report_id="fourth2020"),
    ]


def references() -> Rows:
    return [
        {"reference_id": "fourth2020", "study_id": "fourth", "title": "Abstract", "version": "1"},
        {"reference_id": "fourth2022", "study_id": "fourth", "title": "Paper", "version": "2"},
    ]


def published(folder: Path, *pools: tuple[str, str, str], **more: str) -> Catalog:
    """Return a catalogue of four trials with published pools of them."""
    names = ("first", "second", "third", "fourth")
    return build(
        folder,
        studies=[*(study(n) for n in names), study("review", "pooled")],
        references=references(),
        claims=[*trials(), *(effect(f"{p}-os", "review", text, **more) for p, text, _ in pools)],
        pools=[pool(p, f"{p}-os", inputs) for p, _, inputs in pools],
    )


THREE = "first;second;third"
FOUR_DIGITS = ("four-digits", "0.8077 0.5704 1.1438", THREE)
TWO_DIGITS = ("two-digits", "0.81 0.57 1.14", THREE)
FOUR_TRIALS = ("four-trials", "0.97 0.72 1.29", f"{THREE};fourth2020")


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    folder = tmp_path_factory.mktemp("tables")
    return published(folder, FOUR_DIGITS, TWO_DIGITS, FOUR_TRIALS)


def keys(found: Reproduction) -> list[list[str]]:
    return [[d.key for d in match.departures] for match in found.matches]


def test_four_digits_name_the_se_rule(catalog: Catalog) -> None:
    found = reproduce(catalog, "four-digits")
    assert found.departures_needed == 0
    assert found.verdict == "consistent"
    assert found.minimal is not None
    assert found.minimal.estimator == "DL"
    assert found.minimal.interval == "normal"
    assert found.minimal.se_rule == "SE from the lower limit"
    assert found.minimal.text() == "0.8077 (0.5704 to 1.1438)"
    assert found.searched.matches == 1


def test_four_digits_prove_the_reversed_arm(catalog: Catalog) -> None:
    found = reproduce(catalog, "four-digits", readings=FLIPPED)
    assert found.verdict == "proven"
    assert found.departures_needed == 1
    assert keys(found) == [["third-os:reference_arm=control"]]
    (reading,) = found.readings
    assert (reading.matches_with, reading.matches_without) == (1, 0)
    assert found.supported is not None
    assert found.supported.estimate == pytest.approx(0.937, abs=5e-4)
    assert found.chance is not None
    assert found.chance.share_explained <= 0.01
    assert "0.691 taken as intervention relative to control, as its row prints it" in (
        found.explanation
    )


def test_two_digits_are_too_few_to_prove_it(catalog: Catalog) -> None:
    found = reproduce(catalog, "two-digits", readings=FLIPPED)
    assert found.verdict == "consistent"
    assert found.searched.matches > 1
    assert {tuple(k) for k in keys(found)} == {("third-os:reference_arm=control",)}
    assert found.chance is not None
    assert found.chance.share_explained > 0.01
    assert "too few to exclude chance" in found.explanation


def test_interval_of_another_level_is_found(catalog: Catalog) -> None:
    found = reproduce(catalog, "four-trials", readings=FLIPPED)
    assert found.departures_needed == 1
    assert found.minimal is not None
    assert [d.key for d in found.minimal.departures] == ["fourth-abs:ci_level=95"]
    assert found.minimal.text(3) == "0.966 (0.723 to 1.290)"
    assert found.supported is not None
    assert found.supported.text(3) == "0.963 (0.714 to 1.299)"
    assert all(r.matches_without == 0 for r in found.readings if r.in_minimal)


def test_correction_row_is_the_supported_reading(tmp_path: Path) -> None:
    corrected = effect(
        "third-c",
        "third",
        "0.691 0.358 1.333",
        reference_arm="intervention",
        supersedes="third-os",
        reason="medians",
    )
    tables = build(
        tmp_path,
        studies=[*(study(n) for n in ("first", "second", "third")), study("review", "pooled")],
        claims=[*trials()[:3], corrected, effect("p-os", "review", FOUR_DIGITS[1])],
        pools=[pool("p", "p-os", THREE)],
    )
    found = reproduce(tables, "p")
    assert found.verdict == "proven"
    assert keys(found) == [["third-c:reference_arm=control"]]


def test_a_copy_of_a_row_is_one_number(tmp_path: Path) -> None:
    copy = effect("third-copy", "third", "0.691 0.358 1.333")
    tables = build(
        tmp_path,
        studies=[*(study(n) for n in ("first", "second", "third")), study("review", "pooled")],
        claims=[*trials()[:3], copy, effect("p-os", "review", FOUR_DIGITS[1])],
        pools=[pool("p", "p-os", THREE)],
    )
    assert reproduce(tables, "p", readings=FLIPPED).verdict == "proven"


def test_matches_are_what_the_kernel_gives(catalog: Catalog) -> None:
    found = reproduce(catalog, "four-trials", readings=FLIPPED)
    for match in found.matches:
        if match.interval != "normal":
            continue
        fit = random_effects(
            [i.yi for i in match.inputs],
            [i.se**2 for i in match.inputs],
            method=match.estimator,  # type: ignore[arg-type]
            interval="normal",
            level=95,
            prediction="riley",
        )
        three = np.exp([fit.mu, fit.ci_low, fit.ci_high])
        assert [match.estimate, match.ci_low, match.ci_high] == pytest.approx(three, abs=1e-9)
        assert np.abs(three - [0.97, 0.72, 1.29]).max() <= 0.005 * (1 + 1e-6)


@pytest.mark.parametrize("interval", ["normal", "Hartung-Knapp", "t"])
@pytest.mark.parametrize("estimator", ["CE", "DL", "HE", "HS", "SJ", "ML", "REML", "PM"])
def test_any_method_is_found(tmp_path: Path, estimator: str, interval: str) -> None:
    """A pool made with any estimator and interval, with four digits, is found as made."""
    columns = ("estimate", "ci_low", "ci_high")
    rows = [[float(row[c]) for c in columns] for row in trials()[:3]]
    effects = [from_interval(*row, level=95, scale="log") for row in rows]
    yi, vi = [e.yi for e in effects], [e.vi for e in effects]
    fit = random_effects(
        yi,
        vi,
        method=estimator,  # type: ignore[arg-type]
        interval=interval.lower(),  # type: ignore[arg-type]
        level=95,
        prediction="riley",
    )
    text = " ".join(f"{np.exp(x):.4f}" for x in (fit.mu, fit.ci_low, fit.ci_high))
    found = reproduce(published(tmp_path, ("made", text, THREE)), "made")
    assert found.departures_needed == 0
    assert (estimator, interval, "SE from both limits") in {
        (m.estimator, m.interval, m.se_rule) for m in found.matches
    }


def test_further_printed_quantities_must_match(tmp_path: Path) -> None:
    four = (("four-trials", *FOUR_TRIALS[1:]),)
    with_p = published(tmp_path / "a", *four, p_op="=", p_value="0.81")
    found = reproduce(with_p, "four-trials", readings=FLIPPED)
    assert (
        found.searched.matches
        < reproduce(
            published(tmp_path / "b", *four), "four-trials", readings=FLIPPED
        ).searched.matches
    )
    assert found.searched.without_further > 0
    assert all(abs(m.p_value - 0.81) <= 0.005 for m in found.matches)
    wrong = published(tmp_path / "c", *four, p_op="=", p_value="0.30")
    other = reproduce(wrong, "four-trials", readings=FLIPPED)
    assert other.verdict == "consistent"
    assert other.further_digits.startswith("p = 0.3 is printed")


def test_arms_give_odds_ratios(tmp_path: Path) -> None:
    """Odds ratios of deaths at a landmark, from survival proportions, matched set and all."""
    rows = [
        survival("a", "38", "39", "69", "98"),
        survival("b", "56", "25", "23", "27"),
        survival("c", "57", "10", "139", "523", matched_set="unmatched"),
        survival("c", "69", "24", "49", "49", matched_set="matched"),
    ]
    cells = [(43, 69, 60, 98), (10, 23, 20, 27), (15, 49, 37, 49)]
    yi = [np.log(a * (m - c) / ((n - a) * c)) for a, n, c, m in cells]
    vi = [1 / a + 1 / (n - a) + 1 / c + 1 / (m - c) for a, n, c, m in cells]
    fit = random_effects(yi, vi, method="DL", interval="normal", level=95, prediction="riley")
    text = " ".join(f"{np.exp(x):.4f}" for x in (fit.mu, fit.ci_low, fit.ci_high))
    tables = build(
        tmp_path,
        studies=[*(study(n, "cohort") for n in "abc"), study("review", "pooled")],
        claims=[*rows, effect("p-os", "review", text, measure="OR")],
        pools=[pool("p", "p-os", "a;b;c")],
    )
    found = reproduce(tables, "p")
    assert found.departures_needed == 0
    assert found.minimal is not None
    assert found.minimal.estimator == "DL"
    assert found.minimal.rounding == "as whole events"
    assert found.minimal.inputs[2].claim_id == "c-60matched"


def test_a_slip_is_tried_last(tmp_path: Path) -> None:
    """The first trial's estimate copied beside the second trial's interval."""
    printed = ("1.04 0.81 1.34", "0.66 0.49 0.88", "0.691 0.358 1.333")
    first, second, third = (
        from_interval(*map(float, text.split()), level=95, scale="log") for text in printed
    )
    fit = random_effects(
        [first.yi, second.yi, third.yi],
        [second.vi, second.vi, third.vi],
        method="DL",
        interval="normal",
        level=95,
        prediction="riley",
    )
    text = " ".join(f"{np.exp(x):.5f}" for x in (fit.mu, fit.ci_low, fit.ci_high))
    found = reproduce(published(tmp_path, ("slip", text, THREE)), "slip")
    assert found.searched.slips
    assert found.verdict == "consistent"
    assert found.minimal is not None
    assert found.minimal.departures[0].kind == "slip"


def test_nothing_fits(tmp_path: Path) -> None:
    found = reproduce(published(tmp_path, ("far", "0.300 0.290 0.310", THREE)), "far")
    assert found.verdict == "not reproduced"
    assert found.departures_needed is None
    assert found.matches == ()
    assert found.closest is not None
    assert found.closest.distance > 1
    assert "misses by up to" in found.explanation


def test_inputs_without_numbers_are_named(tmp_path: Path) -> None:
    tables = build(
        tmp_path,
        studies=[study("first"), study("silent"), study("review", "pooled")],
        claims=[trials()[0], effect("p-os", "review", "0.81 0.57 1.14")],
        pools=[pool("p", "p-os", "first;silent")],
    )
    found = reproduce(tables, "p")
    assert not found.testable
    assert found.verdict == "not reproduced"
    assert "Silent has no effect" in found.explanation
    assert found.searched.settings == 0


def test_zeros_that_a_table_lost_are_read_from_the_printed_string(tmp_path: Path) -> None:
    tables = published(tmp_path, ("p", "0.8 0.5 1.3", THREE), verbatim="HR, 0.80; 95% CI 0.50–1.30")
    assert reproduce(tables, "p").published.half_units == (0.005, 0.005, 0.005)


def test_barred_row_is_a_departure(catalog: Catalog) -> None:
    found = reproduce(catalog, "four-digits", readings=[("third-os", "exclude")])
    assert found.departures_needed == 1
    assert found.minimal is not None
    assert found.minimal.departures[0].kind == "excluded"


def test_pool_by_study_and_unknown_pool(catalog: Catalog, tmp_path: Path) -> None:
    one = published(tmp_path, TWO_DIGITS)
    assert reproduce(one, "review").pool_id == "two-digits"
    with pytest.raises(DataError, match="3 pools"):
        reproduce(catalog, "review")
    with pytest.raises(DataError, match="did you mean four-trials"):
        reproduce(catalog, "four-trial")


@pytest.mark.parametrize(
    ("reading", "message"),
    [
        (("nobody", "exclude"), "not in the catalogue"),
        (("third-os", "level=90"), "not a reading"),
        (("third-os", "ci_level"), "not a reading"),
        (("third-os", "ci_level=high"), "not a number"),
    ],
)
def test_bad_readings(catalog: Catalog, reading: tuple[str, str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        reproduce(catalog, "four-digits", readings=[reading])


def test_pool_without_an_interval_is_refused(tmp_path: Path) -> None:
    bare = effect("p-os", "review", "0.8 0.5 1.3")
    bare.update(ci_low="", ci_high="", ci_level="")
    tables = build(
        tmp_path,
        studies=[*(study(n) for n in ("first", "second", "third")), study("review", "pooled")],
        claims=[*trials()[:3], bare],
        pools=[pool("p", "p-os", THREE)],
    )
    with pytest.raises(DataError, match="no estimate with an interval"):
        reproduce(tables, "p")
    assert reproduce_all(tables) == ()


def test_json_has_the_documented_keys(catalog: Catalog) -> None:
    found = reproduce(catalog, "four-digits", readings=FLIPPED).to_dict()
    assert {"target", "published", "verdict", "matches", "explanation", "searched", "readings"} <= (
        set(found)
    )
    assert "NaN" not in dumps(found)
    assert found["searched"]["settings"] == sum(
        level["settings"] for level in found["searched"]["levels"]
    )


def test_six_studies_stay_within_the_bounds_of_the_search(tmp_path: Path) -> None:
    """Two reports of each of six trials, and a pool that nothing gives."""
    rng = np.random.default_rng(1)
    names = [f"s{i}" for i in range(6)]
    rows, reports = [], []
    for name in names:
        for version in ("1", "2"):
            report = f"{name}r{version}"
            reports.append(
                {"reference_id": report, "study_id": name, "title": "t", "version": version}
            )
            middle, half = rng.normal(-0.2, 0.3), rng.uniform(0.25, 0.7)
            text = " ".join(f"{np.exp(middle + d):.3f}" for d in (0, -half, half))
            rows.append(effect(f"{report}-os", name, text, report_id=report))
    tables = build(
        tmp_path,
        studies=[*(study(n) for n in names), study("review", "pooled")],
        references=reports,
        claims=[*rows, effect("p-os", "review", "0.3000 0.2990 0.3010")],
        pools=[pool("p", "p-os", ";".join(names))],
    )
    found = reproduce(tables, "p")
    assert found.verdict == "not reproduced"
    assert found.searched.settings > 1_000_000
    deepest = max(level.departures for level in found.searched.levels)
    assert deepest == 3 or found.searched.stopped


def test_a_report_younger_than_the_pool_is_not_tried(tmp_path: Path) -> None:
    """The abstract alone existed when the pool was published."""
    years = [dict(r, year=y) for r, y in zip(references(), ("2020", "2022"), strict=True)]
    names = ("first", "second", "third", "fourth")
    tables = build(
        tmp_path,
        studies=[*(study(n) for n in names), study("review", "pooled")],
        references=[
            *years,
            {"reference_id": "rev21", "study_id": "review", "title": "Pool", "year": "2021"},
        ],
        claims=[*trials(), effect("p-os", "review", FOUR_TRIALS[1])],
        pools=[pool("p", "p-os", f"{THREE};fourth")],
    )
    found = reproduce(tables, "p", readings=FLIPPED)
    assert found.departures_needed == 1
    assert {i.report_id for m in found.matches for i in m.inputs if i.study_id == "fourth"} == {
        "fourth2020"
    }
    assert any("fourth2022" in text for text in found.searched.not_searched)
