"""What no patient has, simulated patients don't have."""

from __future__ import annotations

import numpy as np

from locoreg.registry.quality_of_life import score_responses
from locoreg.registry.store import read_registry
from locoreg.registry.synthetic.parameters import one
from locoreg.registry.synthetic.people import draw_people
from locoreg.registry.synthetic.sites import draw_sites


def test_men_have_no_metastases_of_the_ovary():
    rng = np.random.default_rng(4)
    people = draw_people(rng, 200_000, draw_sites(rng, late_entry=True))
    assert not (people.male & people.has("ovary")).any()
    assert people.has("ovary").sum() > 1_000
    # About one in 35 patients has them, so the share of men is hardly less.
    assert abs(people.male.mean() - one("share_male")) < 0.001


def test_questions_that_are_not_asked_are_not_answered(registries):
    folder, _ = registries["null"]
    scores = score_responses(read_registry(folder), instruments=["QLQ-C30", "QLQ-BR23", "FACT-B"])
    assert scores.n_questionnaires > 50
    assert scores.problems.num_rows == 0
