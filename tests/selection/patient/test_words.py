from __future__ import annotations

import re
from dataclasses import replace

import pytest

from locoreg.core.estimate import Estimate
from locoreg.selection.patient.conformal import SurvivalBound
from locoreg.selection.patient.leaf import LeafGroup
from locoreg.selection.patient.neighbourhood import GroupMeans, Neighbourhood, SurvivalMeans
from locoreg.selection.patient.support import SupportVerdict
from locoreg.selection.patient.words import of_100, prediction_lines, survival_lines
from tests.selection.patient.world import QUESTION, SURVIVAL


def estimate(value: float, half: float) -> Estimate:
    return Estimate(
        estimate=value, se=half / 2.0, ci_low=value - half, ci_high=value + half, level=95.0,
        scale="identity",
    )  # fmt: skip


def means(comparator: float, treated: float, half: float) -> GroupMeans:
    return GroupMeans(
        effect=estimate(treated - comparator, half),
        comparator_mean=estimate(comparator, half),
        treated_mean=estimate(treated, half),
    )


@pytest.mark.parametrize("probability", [-0.1, 0.0, 0.004, 0.005, 0.455, 0.5, 0.995, 1.0, 1.2])
def test_parts_of_100_add_up(probability: float) -> None:
    some, others = of_100(probability)
    assert some + others == 100
    assert 0 <= some <= 100
    assert abs(some - 100 * min(max(probability, 0.0), 1.0)) <= 0.5


def test_survival_of_100_in_both_frames() -> None:
    (line,) = survival_lines(SURVIVAL, means(0.46, 0.49, 0.06), 24.0)
    assert line == (
        "Of 100 patients like this, about 46 (40 to 52) are free of death 24 months after "
        "diagnosis with no surgery, and 49 (43 to 55) with surgery: 3 more (3 fewer to 9 more) "
        "with surgery. 54 and 51 have had it by then."
    )


@pytest.mark.parametrize("comparator", [0.104, 0.105, 0.456, 0.4549])
@pytest.mark.parametrize("gain", [-0.036, 0.0, 0.0151, 0.2])
def test_the_difference_is_that_of_the_numbers_shown(comparator: float, gain: float) -> None:
    (line,) = survival_lines(SURVIVAL, means(comparator, comparator + gain, 0.001), 24.0)
    first, second = (int(x) for x in re.findall(r"(\d+) \(\d+ to \d+\)", line))
    dead = [int(x) for x in re.findall(r"(\d+) and (\d+) have had", line)[0]]
    assert (first + dead[0], second + dead[1]) == (100, 100)
    shown = second - first
    word = (
        "no more and no fewer" if not shown else f"{abs(shown)} {'more' if shown > 0 else 'fewer'}"
    )
    assert f": {word} (" in line


def lines(**changed: object) -> tuple[str, ...]:
    given: dict[str, object] = {
        "question": QUESTION,
        "support": SupportVerdict(
            inside=True, reasons=(), similar=412, treated=37, comparator=375
        ),
        "group": Neighbourhood(
            n=412, treated=37, comparator=375, means=means(20.0, 22.25, 2.5),
            times=(SurvivalMeans(months=24.0, means=means(0.46, 0.49, 0.06)),),
        ),
        "survival_months": 24.0,
        "bounds": (
            SurvivalBound(option="comparator", share=90.0, months=4.9, at_horizon=False),
            SurvivalBound(option="treated", share=90.0, months=0.0, at_horizon=False),
            SurvivalBound(option="treated", share=50.0, months=36.0, at_horizon=True),
        ),
        "rank": 80,
        "leaf": LeafGroup(
            leaf=2, text="age at most 60", treats=True, n=210, treated=90, comparator=120,
            means=means(20.0, 21.5, 2.0),
        ),
        "synthetic": True,
        "warnings": ("NOT CREDIBLE: it differs from the trials.",),
        "sensitivity": "A hidden cause would have to double the odds.",
        "source": "registry A",
    }  # fmt: skip
    return prediction_lines(**{**given, **changed})  # type: ignore[arg-type]


def test_order_and_wording() -> None:
    assert lines() == (
        "SYNTHETIC: the patients behind this model are made up.",
        "412 similar patients; 37 had surgery, 375 had no surgery.",
        "NOT CREDIBLE: it differs from the trials.",
        "Patients like this were free of death for 20.0 (17.5 to 22.5) months of the first 36 "
        "months since diagnosis with no surgery, and for 22.2 (19.8 to 24.8) months with surgery, "
        "on average: 2.2 months more (0.2 fewer to 4.8 more) with surgery.",
        "Of 100 patients like this, about 46 (40 to 52) are free of death 24 months after "
        "diagnosis with no surgery, and 49 (43 to 55) with surgery: 3 more (3 fewer to 9 more) "
        "with surgery. 54 and 51 have had it by then.",
        "With no surgery, at least 90 of 100 patients are free of death for 4 months or longer.",
        "With surgery, no time can be given that at least 90 of 100 patients reach.",
        "With surgery, at least 50 of 100 patients are free of death for more than 36 months.",
        "Such a time holds for its share of all patients taken together, not for each kind of "
        "patient.",
        "The predicted effect of surgery for this patient is larger than for about 80 of 100 "
        "patients of the data; a rank, not a number to rely on for one patient.",
        "In the rule of this model the patient lies in leaf 2 (age at most 60): surgery.",
        "In 210 patients of this leaf who had no part in finding the rule (90 had surgery): 1.5 "
        "months more (0.5 fewer to 3.5 more) with surgery, on average.",
        "The difference could be chance, or come from differences between patients that the data "
        "don't hold.",
        "A hidden cause would have to double the odds.",
        "Harms and burden of treatment are not part of this model; it does not know them.",
        "Data: registry A.",
        "Research use. Not a medical device.",
    )


def test_no_verb_says_what_to_do() -> None:
    text = " ".join(lines()).lower()
    for word in ("recommend", "should", "ought", "advise", "must", "candidate"):
        assert word not in text


def test_outside_there_is_no_number_of_effect_or_survival() -> None:
    support = SupportVerdict(
        inside=False, reasons=("No patient is like this.",), similar=None, treated=None,
        comparator=None,
    )  # fmt: skip
    told = lines(support=support, group=None, synthetic=False, sensitivity=None)
    assert told == (
        "No estimate: outside the data. No patient is like this.",
        "Data: registry A.",
        "Research use. Not a medical device.",
    )


def test_leaves_of_few_and_of_survival() -> None:
    few = LeafGroup(
        leaf=1, text="age above 60", treats=False, n=None, treated=None, comparator=None, means=None
    )
    told = lines(leaf=few)
    assert (
        "In the rule of this model the patient lies in leaf 1 (age above 60): no surgery." in told
    )
    assert "Too few other patients of this leaf had one of the options for numbers." in told
    full = replace(few, n=50, treated=20, comparator=30, means=means(0.4, 0.43, 0.05))
    assert (
        "In 50 patients of this leaf who had no part in finding the rule (20 had surgery): 3 more "
        "of 100 free of death (2 fewer to 8 more) with surgery, on average."
    ) in lines(question=SURVIVAL, leaf=full)
