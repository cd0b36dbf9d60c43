"""The ladder of designs shows the numbers of its result."""

from __future__ import annotations

from locoreg.evidence.designs import DesignBias, DesignGroup
from locoreg.figures.designladder import design_ladder_figure, design_ladder_summary
from locoreg.workflows.bayes import ladder_of_designs


def test_texts_are_the_numbers_of_the_result() -> None:
    trials = DesignGroup(
        name="Trials <b>", labels=("A", "B"), yi=(0.04, -0.42), se=(0.13, 0.15), bias=None
    )
    registry = DesignGroup(
        name="Registry", labels=("C",), yi=(-0.5,), se=(0.1,),
        bias=DesignBias(mean=-0.2, shared_sd=0.1, own_sd=0, weight=0.5, source="judgement"),
    )  # fmt: skip
    ladder = ladder_of_designs(
        (trials, registry), measure="Hazard ratio", scale="log", tau_prior="half-normal(0.5)",
        mu_prior="flat", level=95, reach=1.0,
    )  # fmt: skip
    with_mixture, without = (
        design_ladder_figure(ladder, title="Death", favours=("one", "other"), mixture=shown)
        for shown in (True, False)
    )
    texts = " ".join(t.get_text() for t in with_mixture.axes[0].texts)
    for step in ladder.steps:
        assert step.mu.text() in texts
        assert step.label in texts
    assert "Not an answer" in texts
    assert "judgement" in texts
    assert "Not an answer" not in " ".join(t.get_text() for t in without.axes[0].texts)
    assert ladder.mixture.mu.text() in design_ladder_summary(ladder)
