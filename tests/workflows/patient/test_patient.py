"""One patient beside trials, evidence, a model and harms."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DataError
from locoreg.core.estimate import Estimate
from locoreg.selection.model import AssessmentSummary
from locoreg.selection.patient.neighbourhood import GroupMeans, HiddenRange, SurvivalMeans
from locoreg.workflows.evidence import open_tables
from locoreg.workflows.patient import Profile, patient_tables, patient_view, read_form, sentences
from locoreg.workflows.patient.curve import course_of, falling
from locoreg.workflows.patient.eligible import population_of
from locoreg.workflows.patient.estimate import estimate_for
from locoreg.workflows.patient.harms import harm_views
from locoreg.workflows.patient.mapping import DERIVED, covariates, map_model
from locoreg.workflows.patient.models import ModelChoice, OpenedModel, choose_model
from locoreg.workflows.patient.trials import trials_for
from locoreg.workflows.patient.wording import months_text, of_100, share_text
from locoreg.workflows.stored import StoredStep
from tests.selection.patient.world import SURVIVAL, modelled
from tests.workflows.patient.marks import marked

VERBS = re.compile(
    r"\b(should|recommend\w*|advise\w*|advisable|ought|suggest\w*|must)\b", re.IGNORECASE
)
DE_NOVO = Profile(
    age=52, sex="female", ecog=1, subtype="HR+/HER2-", disease="de novo", sites=("bone",),
    metastases=1, primary="in place", response="PR", systemic_months=5, symptoms="no",
    comorbidities=0,
)  # fmt: skip


def estimate(value: float, half: float = 0.1) -> Estimate:
    return Estimate(
        estimate=value, se=half / 1.96, ci_low=value - half, ci_high=value + half, level=95.0,
        scale="identity",
    )  # fmt: skip


def at(months: float, without: float, with_: float) -> SurvivalMeans:
    return SurvivalMeans(
        months=months,
        means=GroupMeans(
            effect=estimate(with_ - without, 0.11),
            comparator_mean=estimate(without),
            treated_mean=estimate(with_),
        ),
    )


def hidden_at(one: SurvivalMeans, down: float, up: float) -> SurvivalMeans:
    """Return a time with bounds so far below and above."""

    def moved(by: float) -> GroupMeans:
        names = ("effect", "comparator_mean", "treated_mean")
        return GroupMeans(
            **{
                name: estimate(
                    getattr(one.means, name).estimate + by, 0.11 if name == "effect" else 0.1
                )
                for name in names
            }
        )

    return replace(one, hidden=HiddenRange(factor=1.5, lower=moved(-down), upper=moved(up)))


@cache
def opened(**changed: Any) -> OpenedModel:
    model = replace(modelled(), assessment=changed.pop("assessment", None))
    given: dict[str, Any] = {
        "name": "run/selection-a", "title": "Who gains", "model": model,
        "mapping": map_model(model), "protocol": None, "verdict": None, "reading": None,
        "anchored": None, "anchor": None, "until": "2024-12-31", "version": "1", "sha256": "0" * 64,
    }  # fmt: skip
    return OpenedModel(**{**given, **changed})


EXTRA = {"metastases": "2", "her2": "negative"}


def test_a_trial_says_why_not_and_what_it_can_not_tell() -> None:
    tables, catalog = patient_tables(("shipped",)), open_tables()
    found = {one.study_id: one for one in trials_for(DE_NOVO, tables.criteria, catalog, ())}
    assert found["khan2022"].verdict == "fits"
    assert found["soran2018"].verdict == "no"
    assert "No systemic therapy yet" in found["soran2018"].sentence
    old = DE_NOVO.model_copy(update={"age": 70})
    badwe = trials_for(old, tables.criteria, catalog, ())[0]
    assert badwe.sentence == "Would not have been eligible: Aged 65 or younger (asked for)."
    nothing = trials_for(Profile(), tables.criteria, catalog, ())
    assert {one.verdict for one in nothing} == {"can't be told"}
    assert "ECOG performance status" in found["badwe2015"].missing
    assert found["khan2022"].result == (
        "Of 100 people in the trial, 68 were alive at 3 years with early locoregional therapy, and "
        "68 without. 32 and 32 were not.",
    )


def test_a_criterion_from_memory_decides_nothing() -> None:
    criteria = [
        replace(one, verification="memory")
        for one in patient_tables(("shipped",)).criteria
        if one.study_id == "extend"
    ]
    (found,) = trials_for(DE_NOVO.model_copy(update={"metastases": 9}), criteria, open_tables(), ())
    assert found.verdict == "fits"
    assert {one.status for one in found.criteria} == {"unknown"}


@pytest.mark.parametrize(
    ("pairs", "field"),
    [
        ([("age", "17")], "age"), ([("age", "x")], "age"), ([("ecog", "5")], "ecog"),
        ([("sites", "moon")], "sites"), ([("metastases", "1e400")], "metastases"),
        ([("response", "not started"), ("systemic_months", "3")], "systemic_months"),
        ([("metastases", "1"), ("sites", "bone"), ("sites", "liver")], "metastases"),
        ([("age", "50"), ("age", "51")], "age"), ([("<script>", "1")], "<script>"),
        ([("m_x", "y" * 101)], "m_x"), ([("systemic_months", "nan")], "systemic_months"),
    ],
)  # fmt: skip
def test_faults_of_the_form_name_their_field(pairs: list[tuple[str, str]], field: str) -> None:
    profile, _, faults = read_form(pairs)
    assert profile is None
    assert field in dict(faults)


def test_unknown_is_always_possible() -> None:
    profile, extra, faults = read_form(
        [(name, "unknown") for name in Profile.model_fields] + [("m_year", "")]
    )
    assert profile == Profile()
    assert extra == {"year": None}
    assert faults == ()
    assert set(profile.answers().values()) == {None}


def test_sites_tell_only_what_they_tell() -> None:
    assert Profile().has(("brain",)) is None
    assert Profile(sites=("bone",)).has(("brain",)) is False
    assert Profile(sites=("bone", "other")).has(("brain",)) is None
    assert Profile(sites=("brain", "other")).answers()["brain"] == "yes"


def test_covariates_are_derived_or_asked_with_the_models_own_levels() -> None:
    found = map_model(modelled())
    assert dict(found.derived) == {"age": "age"}
    asked = {one.name: one for one in found.asked}
    assert asked["her2"].levels == ("negative", "positive")
    assert asked["metastases"].kind == "number"
    assert asked["metastases"].low is not None
    values, faults = covariates(modelled(), DE_NOVO, EXTRA)
    assert (values, faults) == ({"age": 52, "metastases": 2.0, "her2": "negative"}, ())
    _, faults = covariates(modelled(), DE_NOVO, {"her2": "maybe", "metastases": "inf", "zz": "1"})
    assert {name for name, _ in faults} == {"m_her2", "m_metastases", "m_zz"}


def test_other_levels_than_the_derived_ones_are_asked() -> None:
    coding = SimpleNamespace(
        variables=("ecog", "visceral", "lesion_class", "age"),
        levels={"ecog": ("0", "1", "2"), "visceral": ("0", "1"), "lesion_class": ("few", "many"),
                "age": ("<50", ">=50")},
    )  # fmt: skip
    model: Any = SimpleNamespace(coding=coding, values=SimpleNamespace(ranges={}))
    found = map_model(model)
    assert [name for name, _ in found.derived] == ["ecog"]
    assert [one.name for one in found.asked] == ["visceral", "lesion_class", "age"]


@pytest.mark.parametrize(
    ("count", "level"), [(1, "1"), (2, "2-3"), (3, "2-3"), (4, "4-5"), (5, "4-5"), (6, ">5")]
)
def test_lesion_classes_are_those_of_registries(count: int, level: str) -> None:
    from locoreg.emulation.cohort.registry.variables.disease import LESION_CLASSES

    assert DERIVED["lesion_class"].make(Profile(metastases=count)) == level
    assert DERIVED["lesion_class"].levels == LESION_CLASSES


def test_the_lists_are_those_of_registries() -> None:
    from locoreg.emulation.cohort.registry.variables import BUILTIN, disease, receptors
    from locoreg.workflows.patient import profile

    assert profile.ORGANS == disease.ORGANS
    assert (profile.VISCERAL, profile.BRAIN) == (disease.VISCERAL, disease.BRAIN)
    assert DERIVED["subtype_primary"].levels == receptors.SUBTYPES
    assert set(DERIVED) - {"response"} <= set(BUILTIN)


def test_who_is_none_of_the_models_people_gets_no_number() -> None:
    protocol = {
        "eligibility": [
            {"name": "Female", "variable": "sex", "equals": "female", "unknown": "exclude"},
            {"name": "De novo", "variable": "de_novo", "equals": True, "unknown": "exclude"},
            {"name": "ECOG 0 to 2", "variable": "ecog", "at_most": 2.0, "unknown": "include"},
            {"name": "Own", "variable": "shoe", "at_least": 3, "unknown": "exclude"},
        ]
    }
    assert population_of(protocol, DE_NOVO).against == ()
    assert population_of(protocol, DE_NOVO).unchecked == ("Own",)
    late = DE_NOVO.model_copy(update={"disease": "recurrent", "sex": None, "ecog": None})
    assert len(population_of(protocol, late).against) == 2
    found, _ = estimate_for(
        opened.__wrapped__(protocol=protocol), late, EXTRA, months=None, small_cells=10
    )
    assert (found.state, found.course, found.shown) == ("outside", None, None)
    assert found.headline == "No estimate: outside the data"


def test_inside_the_numbers_are_those_of_the_model() -> None:
    found, faults = estimate_for(opened(), DE_NOVO, EXTRA, months=24.0, small_cells=10)
    assert faults == ()
    assert found.state == "inside"
    assert found.shown is not None
    assert found.shown.months == SURVIVAL.horizon_months
    assert found.headline == found.support.words  # type: ignore[union-attr]
    assert sentences.UNCHECKED_MODEL in found.warnings
    (a, x), (b, y) = found.shown.without.people, found.shown.with_.people
    assert (a + x, b + y) == (100, 100)
    assert f"about {a} (range" in found.sentences[0]
    assert "at 2 years with no surgery" in (found.sentences[0])
    assert sentences.CHANCE in found.cautions
    assert found.wider.startswith(
        "If people treated differed from the others in something not recorded that changes the "
        f"odds of surgery by up to 1.5 times: from {found.shown.wider_words} of 100 people"
    )
    assert sentences.WIDER_MEANS in found.wider
    data = found.to_dict()
    assert data["times"][-1]["with"]["of_100"]["free"] == b
    assert found.source.endswith("data until 2024-12-31")


def test_outside_there_is_no_number_at_all() -> None:
    found, _ = estimate_for(
        opened(), DE_NOVO.model_copy(update={"age": 110}), EXTRA, months=None, small_cells=10
    )
    assert found.state == "outside"
    assert found.reasons
    assert found.to_dict()["times"] == []
    assert found.support is None


def test_a_model_that_is_not_credible_tells_no_number() -> None:
    summary = AssessmentSummary(
        average=estimate(1.0), credibility="not credible", reading="It differs from the trials."
    )
    model = opened.__wrapped__(
        assessment=summary, verdict="not credible", reading="It differs from the trials.",
        anchored="fail", anchor="They differ.",
    )  # fmt: skip
    found, _ = estimate_for(model, DE_NOVO, EXTRA, months=None, small_cells=10)
    assert (found.state, found.course, found.support) == ("not credible", None, None)
    assert found.reasons == ("It differs from the trials.",)
    assert not re.search(r"\d", found.headline + "".join(found.sentences))
    assert sentences.conflict(model) == (sentences.DISAGREE, "They differ.")


def test_small_counts_are_hidden() -> None:
    found, _ = estimate_for(opened(), DE_NOVO, EXTRA, months=None, small_cells=10_000)
    assert found.support is not None
    assert not found.support.shows_share
    assert found.support.to_dict()["treated"] is None
    assert str(found.support.treated) not in found.headline.split()


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.floats(-0.2, 1.2), min_size=1, max_size=12))
def test_a_course_never_rises(values: list[float]) -> None:
    found = falling(np.array(values))
    assert (np.diff(found) <= 1e-12).all()
    assert found.sum() == pytest.approx(sum(values))
    if all(a >= b for a, b in itertools.pairwise(values)):
        assert found.tolist() == values


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.floats(-0.5, 1.5), st.floats(-0.5, 1.5))
def test_people_add_up_and_the_range_holds_the_number(without: float, with_: float) -> None:
    course = course_of([at(36.0, without, with_)])
    assert course is not None
    one = course.times[0]
    for arm in (one.without, one.with_):
        assert sum(arm.people) == 100
        assert arm.range[0] <= arm.people[0] <= arm.range[1]
        assert arm.event_range[0] <= arm.people[1] <= arm.event_range[1]
    assert one.more == one.with_.people[0] - one.without.people[0]
    assert one.more_range[0] <= one.more <= one.more_range[1]


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.floats(-0.2, 1.2), st.floats(-0.2, 1.2), st.floats(0.0, 0.3), st.floats(0.0, 0.3))
def test_the_second_range_holds_the_first(
    first: float, second: float, down: float, up: float
) -> None:
    plain = [at(12.0, first, second), at(24.0, second, first)]
    course = course_of([hidden_at(one, down, up) for one in plain])
    alone = course_of(plain)
    assert course is not None
    assert alone is not None
    assert (course.factor, alone.factor) == (1.5, None)
    assert replace(course.times[0], wider=None).more_range == alone.times[0].more_range
    for one, bare in zip(course.times, alone.times, strict=True):
        assert bare.wider_range is None
        assert one.wider_range is not None
        assert one.wider_range[0] <= one.more_range[0] <= one.more_range[1] <= one.wider_range[1]
        for arm in (one.without, one.with_):
            assert arm.wider is not None
            assert arm.wider_range is not None
            assert arm.wider_event_range is not None
            assert arm.wider.low <= arm.low + 1e-12
            assert arm.wider.high >= arm.high - 1e-12
            assert arm.wider_range[0] <= arm.range[0] <= arm.range[1] <= arm.wider_range[1]
            assert arm.wider_event_range == (100 - arm.wider_range[1], 100 - arm.wider_range[0])
    steps = itertools.pairwise(course.times)
    assert all(a.with_.wider.low >= b.with_.wider.low for a, b in steps)  # type: ignore[union-attr]


def test_the_sentence_on_hidden_differences() -> None:
    course = course_of([hidden_at(at(36.0, 0.46, 0.49), 0.04, 0.03)])
    assert course is not None
    shown = course.times[0]
    assert sentences.wider(SURVIVAL, course, shown) == (
        "If people treated differed from the others in something not recorded that changes the "
        "odds of surgery by up to 1.5 times: from 12 fewer to 17 more of 100 people like this "
        f"alive at 3 years with surgery. {sentences.WIDER_MEANS}"
    )
    plain = course_of([at(36.0, 0.46, 0.49)])
    assert plain is not None
    assert sentences.wider(SURVIVAL, plain, plain.times[0]) == sentences.NO_WIDER


def test_the_example_of_the_sentence() -> None:
    course = course_of([at(36.0, 0.46, 0.49)])
    assert course is not None
    told = sentences.at_time(SURVIVAL, course.nearest(None, 36.0))
    assert told[:3] == (
        "Of 100 people like this, about 46 (range 36 to 56) are alive at 3 years with no surgery.",
        "Of 100 people like this, about 49 (range 39 to 59) are alive at 3 years with surgery.",
        "That is a difference of 3 more (range 8 fewer to 14 more) of 100 people like this alive "
        "at 3 years.",
    )
    assert "about 54 have died by 3 years" in told[3]
    assert all(re.search(r"\d+\.\d", one) is None for one in told)


def test_rising_estimates_are_brought_down_and_it_is_said() -> None:
    course = course_of([at(12.0, 0.50, 0.60), at(24.0, 0.60, 0.55)])
    assert course is not None
    assert course.moved
    assert course.times[0].without.free == course.times[1].without.free == pytest.approx(0.55)
    assert sentences.MOVED in sentences.cautions(course)


def test_a_harm_without_a_number_says_so() -> None:
    found = harm_views(patient_tables(("shipped",)).harms)
    unknown = [one.treatment for one in found if one.harm is None]
    assert unknown == ["breast radiotherapy", "delay of systemic therapy"]
    assert all(re.search(r"\d+\.\d", one.sentence) is None for one in found)
    assert share_text(0.06) == "fewer than 1 of 100"
    assert share_text(0.0) == "0 of 100"


def test_no_verb_says_what_to_do() -> None:
    tables, catalog = patient_tables(("shipped",)), open_tables()
    findings = marked()
    for profile in (Profile(), DE_NOVO):
        view, _ = patient_view(
            profile, EXTRA, tables=tables, catalog=catalog, findings=findings, opened=opened()
        )
        data = view.to_dict()
        for trial in data["trials"]["trials"]:
            for one in trial["criteria"]:
                # Printed words are not ours.
                del one["verbatim"]
        for harm in data["harms"]:
            harm.pop("verbatim", None)
        assert VERBS.findall(str(data)) == []


def syllables(word: str) -> int:
    found = len(re.findall(r"[aeiouy]+", word.lower()))
    return max(found - (word.lower().endswith("e") and not word.lower().endswith("le")), 1)


def test_fixed_sentences_can_be_read_at_school() -> None:
    # Flesch reading ease; 60 is plain English of 13 to 15 years.
    text = " ".join(one if one.endswith((".", "?")) else f"{one}." for one in sentences.FIXED)
    words = re.findall(r"[A-Za-z']+", text)
    count = len(re.findall(r"[.?]", text))
    ease = 206.835 - 1.015 * len(words) / count - 84.6 * sum(map(syllables, words)) / len(words)
    assert ease > 60.0


@pytest.mark.parametrize(
    ("months", "text"),
    [(12.0, "1 year"), (36.0, "3 years"), (30.0, "30 months"), (1.5, "1.5 months")],
)
def test_times(months: float, text: str) -> None:
    assert months_text(months) == text
    assert of_100(0.005) == (1, 99)


def test_a_model_is_named_by_its_step_or_by_the_selection() -> None:
    step = StoredStep(name="selection-gains", kind="selection", title="T", key="", folder=Path("x"))
    choices = (ModelChoice(name="demo/selection-gains", title="T", step=step),)
    for name in ("", "demo/selection-gains", "demo/gains"):
        assert choose_model(choices, name) is choices[0]
    with pytest.raises(DataError, match="no model"):
        choose_model(choices, "other/gains")
