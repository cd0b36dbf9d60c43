"""What a forest plot prints, against the pool that it shows."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from types import SimpleNamespace

import pytest

from locoreg.core.errors import DesignError
from locoreg.core.numbertext import interval_text
from locoreg.evidence.comparisons import Counts
from locoreg.evidence.meta import meta_analysis
from locoreg.figures import describe, plot
from locoreg.figures.counts import count_cells, has_events

LAYOUTS = ("revman", "jama", "bmj")


def test_every_study_prints_the_pool_s_numbers(trials, drawn):
    figure = drawn(plot(trials))
    for i, study in enumerate(trials.studies):
        mid, low, high = study.effect.estimate(95).natural
        texts = figure.texts(f"g0-r{i}")
        assert f"{mid:.2f} ({low:.2f} to {high:.2f})" in texts
        counts = study.counts
        assert f"{counts.events_intervention}/{counts.n_intervention}" in texts
        assert f"{counts.events_control}/{counts.n_control}" in texts


def test_a_row_is_a_sentence(trials, drawn):
    sentence = drawn(plot(trials)).sentence("g0-r0")
    assert re.fullmatch(
        r"Tata Memorial 2015: HR 1\.04 \(95% CI 0\.81 to 1\.34\); weight \d\d\.\d%", sentence
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_weights_of_each_group_sum_to_100(three_groups, drawn, layout):
    figure = drawn(plot(three_groups, layout=layout))
    for number, pool in enumerate(three_groups):
        shown = []
        for i in range(len(pool.studies)):
            shown += [t for t in figure.texts(f"g{number}-r{i}--weight")]
        assert len(shown) == len(pool.studies)
        assert sum(round(10 * float(text)) for text in shown) == 1000
        by_year = sorted(
            zip(pool.studies, pool.meta.weights, strict=True), key=lambda pair: pair[0].year or 0
        )
        for text, (_, weight) in zip(shown, by_year, strict=True):
            assert float(text) == pytest.approx(weight, abs=0.1)


def test_layouts_differ_in_words_and_agree_in_numbers(three_groups, drawn):
    def numbers(layout):
        figure = drawn(plot(three_groups, layout=layout))
        found = {}
        for key in figure.keys(r"g\d-(r\d+|pooled|naive|pi)"):
            for column in ("arm_a", "arm_b", "effect", "weight"):
                found[key, column] = figure.texts(f"{key}--{column}")
        return found

    first = numbers("revman")
    assert len(first) > 60
    assert numbers("jama") == first
    assert numbers("bmj") == first


def test_pooled_row_and_heterogeneity_line(trials, drawn):
    figure = drawn(plot(trials))
    meta = trials.meta
    mid, low, high = meta.mu.natural
    assert f"{mid:.2f} ({low:.2f} to {high:.2f})" in figure.texts("g0-pooled")
    assert "Random effects (REML, HKSJ)" in figure.texts("g0-pooled")
    line = " ".join(figure.texts("g0-het"))
    assert f"τ² (REML) = {meta.tau2:.3f}" in line
    assert f"I² = {meta.i2:.0f}% (95% CI {meta.i2_ci[0]:.0f}% to {meta.i2_ci[1]:.0f}%)" in line
    assert f"Q = {meta.q:.2f}, df = 4, p = {meta.q_p:.2f}" in line
    assert "REML, Hartung-Knapp" in line


def test_prediction_interval_has_its_own_row(trials, drawn):
    figure = drawn(plot(trials))
    low, high = (math.exp(v) for v in trials.meta.prediction)
    assert "95% prediction interval (t, 3 df)" in figure.texts("g0-pi")
    assert f"{low:.2f} to {high:.2f}" in figure.texts("g0-pi")
    assert any("t(k−2) √(τ² + SE²)" in text for text in figure.texts("notes"))


def test_naive_result_stands_hollow_beneath(trials, drawn):
    figure = drawn(plot(trials))
    mid, low, high = trials.as_printed.mu.natural
    assert f"{mid:.2f} ({low:.2f} to {high:.2f})" in figure.texts("g0-naive")
    assert "As printed (uncorrected)" in figure.texts("g0-naive")
    path = figure.part("g0-naive--diamond").find(".//*[@d]")
    assert path.get("fill") == "#ffffff"
    assert figure.box("g0-naive", "diamond")[1] > figure.box("g0-pooled", "diamond")[3]


def test_no_diamond_across_designs(three_groups, drawn):
    figure = drawn(plot(three_groups))
    assert figure.keys(r"g\d-pooled") == ["g0-pooled", "g1-pooled", "g2-pooled"]
    assert len(figure.keys(r"g\d-het")) == 3
    heads = [figure.texts(key)[0] for key in figure.keys(r"g\d-head")]
    assert heads[0] == "Randomised trials (5 studies)"


def test_one_study_has_a_square_and_nothing_pooled(make_pool, examples, drawn):
    figure = drawn(plot(make_pool(examples.trials[:1])))
    assert figure.has("g0-r0", "marker")
    assert figure.keys(r".*diamond|g0-(pooled|pi|het)") == []


def test_one_study_read_otherwise_shows_its_printed_value(make_pool, examples, drawn):
    figure = drawn(plot(make_pool(examples.trials[2:3], findings=examples.findings)))
    assert "0.69 (0.36 to 1.33)" in figure.texts("g0-naive")
    assert figure.has("g0-naive", "marker")
    assert not figure.has("g0-naive", "diamond")


def test_two_studies_are_flagged(make_pool, examples, drawn):
    figure = drawn(plot(make_pool(examples.trials[:2], interval="normal")))
    assert "Random effects (REML), 2 studies" in figure.texts("g0-pooled")
    assert figure.keys("g0-pi") == []


def test_nothing_to_draw_is_an_error():
    with pytest.raises(DesignError, match="no study"):
        plot(())
    with pytest.raises(DesignError, match="no figure"):
        plot(3.5)
    with pytest.raises(DesignError, match="only pools"):
        plot([1, 2])
    with pytest.raises(DesignError, match="only pools"):
        plot("trials")


def test_an_unknown_layout_is_an_error(trials):
    with pytest.raises(DesignError, match="bmj"):
        plot(trials, layout="bjm")


def test_different_outcomes_do_not_share_a_figure(make_pool, examples, trials):
    other = make_pool(examples.trials, question={"question_id": "surgery", "level": 95})
    assert plot((trials, other))
    changed = replace(other, outcome=replace(other.outcome, outcome_id="pfs"))
    with pytest.raises(DesignError, match="outcomes"):
        plot((trials, changed))


def test_marks_and_notes(three_groups, drawn):
    figure = drawn(plot(three_groups))
    labels = {t for key in figure.keys(r"g\d-r\d+") for t in figure.texts(f"{key}--label")}
    assert {"E2108 2022 †", "JCOG1017 2023 †", "ABCSG-28 2019 ‡"} <= labels
    assert "Bern single centre ≈" in labels
    assert "Osaka cohort, from memory 2014 m" in labels
    notes = " ".join(figure.texts("notes"))
    assert (
        "† Printed as a 90% interval; shown re-expressed at 95%: E2108 2022, JCOG1017 2023."
        in notes
    )
    assert "‡ Read otherwise than printed: ABCSG-28 2019 (read with the intervention arm" in notes
    assert "≈ Approximate, not from a printed effect: Bern single centre (from medians" in notes
    assert "m Number from memory, not verified: Osaka cohort" in notes
    assert "Studies in order of publication." in notes


def test_rows_without_a_dagger_have_the_level_shown(trials, drawn):
    assert drawn(plot(trials)).texts("g0-r0--label") == ["Tata Memorial 2015"]


def test_audit_column_has_sign_letter_and_count(trials, drawn):
    figure = drawn(plot(trials))
    assert figure.texts("g0-r2--audit") == ["✖ B 2"]
    assert figure.texts("g0-r3--audit") == ["○ N 1"]
    assert figure.texts("g0-r0--audit") == ["–"]
    assert "2 audit findings, the worst blocking" in figure.sentence("g0-r2")


def test_studies_without_a_number_keep_a_row(trials, drawn):
    figure = drawn(plot(trials))
    assert "not in the tables" in figure.texts("g0-x0")
    assert not any("not reported" in text for text in figure.texts())
    assert "not estimable" in figure.texts("g0-x1")
    reasons = [e.reason.replace("_", " ") for e in trials.excluded]
    assert reasons[0] in figure.texts("g0-x0")
    assert figure.sentence("g0-x1") == f"Thai trial: not estimable: {reasons[1]}"
    without = drawn(plot(trials, exclusions=False))
    assert without.keys(r"g0-x\d") == []
    assert any(t.startswith("Not in the pools: SUBMIT, Thai trial") for t in without.texts("notes"))


def test_patients_never_read_as_events(three_groups, make_pool, examples, drawn):
    figure = drawn(plot(three_groups))
    assert {"118/173", "111/177"} <= set(figure.texts("g0-r0"))
    by_label = {figure.texts(f"{key}--label")[0]: key for key in figure.keys(r"g1-r\d")}
    assert {"–/288", "–/440"} <= set(figure.texts(by_label["Rotterdam 2009"]))
    assert "events/n" in figure.texts("heads")
    assert "388/684" in figure.texts("g0-pooled")
    unknown = [(*row[:10], None, None, row[12]) for row in examples.trials[:2]]
    mixed = drawn(plot(make_pool([*unknown, *examples.trials[2:]])))
    assert {"–/684", "–/693"} <= set(mixed.texts("g0-pooled"))
    assert "–/173" in mixed.texts("g0-r0")
    bare = drawn(plot(make_pool(unknown)))
    assert "n" in bare.texts("heads")
    assert "events/n" not in bare.texts("heads")
    assert {"173", "177"} <= set(bare.texts("g0-r0"))
    assert "311" in bare.texts("g0-pooled")


def test_events_without_patients_are_kept():
    study = SimpleNamespace(counts=Counts(events_intervention=7, n_control=9))
    assert count_cells([study], events=True) == {"arm_a": "7/–", "arm_b": "–/9"}
    assert has_events([study])


def test_the_same_result_as_printed_is_said_of_the_design(make_pool, examples, drawn):
    pools = (make_pool(examples.trials[:2]), make_pool(examples.pools, "pooled"))
    notes = drawn(plot(pools)).texts("notes")
    assert any(
        t.startswith("Randomised trials, published ")
        and t.endswith(": read as printed, the result is the same.")
        for t in notes
    ), notes


AGREEING = ((0.92, "0.57", "1.48"), (0.91, "0.34", "2.46"), (0.93, "0.40", "2.16"))


@pytest.fixture
def agreeing(make_pool, examples):
    rows = zip(examples.trials, AGREEING, strict=False)
    return make_pool(
        [(*row[:4], str(hr), low, high, 95, *row[8:]) for row, (hr, low, high) in rows]
    )


def test_an_interval_that_agrees_too_well_is_marked(agreeing, trials, drawn):
    figure = drawn(plot(agreeing))
    floor = interval_text(*agreeing.meta.floor.natural)
    assert "Random effects (REML, HKSJ) §" in figure.texts("g0-pooled")
    assert figure.sentence("g0-pooled").endswith(f"with the floor: {floor}")
    notes = " ".join(figure.texts("notes"))
    assert "§ Narrower than the common-effect interval, because the studies agree more" in notes
    assert f"with the floor: Randomised trials {floor}." in notes
    assert notes.count("with the floor") == 1
    assert f"with the floor: {floor}" in describe(agreeing)
    own = drawn(plot(agreeing.meta))
    assert "Random effects (REML, HKSJ) §" in own.texts("g0-pooled")
    assert " ".join(own.texts("notes")).count(f"with the floor: {floor}.") == 1
    assert "§" not in "".join(drawn(plot(trials)).texts())


def test_other_patients_than_asked_and_barred_numbers_are_notes(trials, drawn):
    pool = replace(
        trials, indirect=("All 5 studies: bone metastases only",), barred=("MF07-01 (overlap: x)",)
    )
    notes = " ".join(drawn(plot(pool)).texts("notes"))
    assert "Randomised trials. All 5 studies: bone metastases only." in notes
    assert "in spite of a blocking finding: MF07-01 (overlap: x)" in notes


def test_reasons_that_do_not_fit_go_to_the_notes(trials, drawn):
    reason = trials.excluded[1].reason.replace("_", " ")
    figure = drawn(plot(trials, layout="bmj"))
    assert reason not in figure.texts("g0-x1")
    assert f"Thai trial, not estimable: {reason}." in " ".join(figure.texts("notes"))


def test_order_is_by_year_and_stable(make_pool, examples, drawn):
    rows = [(*row[:2], 2020, *row[3:]) for row in examples.trials[::-1]]
    pool = make_pool(rows)
    labels = [drawn(plot(pool)).texts(f"g0-r{i}--label")[0] for i in range(5)]
    assert labels == [
        f"{s.label} 2020" + (" †" if s.printed_level == 90 else "") for s in pool.studies
    ]


def test_subgroups_have_diamonds_and_a_test(make_pool, examples, drawn):
    pool = make_pool(examples.trials, subgroups_by="randomisation_timing")
    figure = drawn(plot(pool))
    assert figure.keys(r"g0-s\d-pooled") == ["g0-s1-pooled", "g0-s2-pooled"]
    line = figure.texts("g0-test")[0]
    test = pool.subgroup_test
    assert line.startswith("Test for subgroup differences (randomisation timing): ")
    assert f"Q = {test.q:.2f}, df = {test.df}" in line
    parts = [float(figure.texts(f"g0-s{i}-pooled--weight")[0]) for i in (1, 2)]
    alone = float(figure.texts("g0-r0--weight")[0])
    assert alone + sum(parts) == pytest.approx(100)


def test_own_meta_analysis(drawn):
    meta = meta_analysis(
        [math.log(v) for v in (1.04, 0.66, 1.45)],
        se=[0.128, 0.149, 0.335],
        method="DL",
        interval="normal",
        level=95,
        scale="log",
        labels=["A", "B", "C"],
    )
    figure = drawn(plot(meta, measure="Hazard ratio for death", favours=("Favours A", "Favours B")))
    assert "0.94 (0.63 to 1.40)" in figure.texts("g0-pooled")
    assert figure.texts("axis-title") == ["Hazard ratio for death"]
    assert figure.texts("favours--left") == ["← Favours A"]
    assert "HR (95% CI)" in figure.texts("heads")
    assert figure.sentence("g0-r0").startswith("A: HR 1.04 (95% CI 0.81 to 1.34); weight ")


def test_differences_have_a_linear_axis_around_zero(drawn):
    meta = meta_analysis(
        [1.0, -0.5, 0.2], se=[0.4, 0.3, 0.5], method="REML", interval="normal", level=95
    )
    figure = drawn(plot(meta))
    ticks = [t for key in figure.keys(r"scale--label\d*") for t in figure.texts(key)]
    assert ticks == ["−2", "−1", "0", "1", "2"]
    left, _, right, _ = figure.box("scale", "line")
    assert figure.box("no-effect", "solid")[0] == pytest.approx((left + right) / 2, abs=0.01)


def test_description_has_the_finding_in_numbers(trials, three_groups):
    text = describe(trials)
    assert trials.meta.mu.text().replace("(", "(95% CI ") in text
    assert trials.as_printed.mu.text().replace("(", "(95% CI ") in text
    assert describe(three_groups).count("HR ") == 4
    with pytest.raises(DesignError):
        describe(3)
