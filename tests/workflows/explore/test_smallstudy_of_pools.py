"""Small-study effects of a pool, from the evidence and from its JSON."""

from __future__ import annotations

import json

import pytest

from locoreg.core.errors import DataError
from locoreg.workflows.explore.asked import Asked
from locoreg.workflows.explore.explorer import explore
from locoreg.workflows.smallstudy import small_study_of_json, small_study_of_pool

OPTIONS = {"alpha": 0.1, "steps": (0.025,), "alternative": "less"}


def test_the_same_from_a_pool_and_from_its_json(shipped) -> None:
    catalog, findings = shipped
    pool = explore(catalog, findings, Asked(design="rct")).pools[0].pool
    one = small_study_of_pool(pool, **OPTIONS)
    other = small_study_of_json(json.loads(json.dumps(pool.to_dict())), **OPTIONS)
    assert one.effects is not None
    assert other.effects is not None
    assert one.k == pool.meta.k
    for name in ("egger", "rank", "trim_and_fill_L0", "selection"):
        assert one.effects.part(name).sentence == other.effects.part(name).sentence
    assert one.too_few in one.conclusion
    assert json.dumps(one.to_dict())


def test_two_studies_are_refused_in_words() -> None:
    pool = {
        "studies": [{"label": "a", "yi": 0.1, "se": 0.2}, {"label": "b", "yi": 0.3, "se": 0.1}],
        "mu": {"scale": "log", "level": 95},
        "method": "REML",
        "interval": "hartung-knapp",
    }
    found = small_study_of_json(pool, **OPTIONS)
    assert found.effects is None
    assert found.conclusion.startswith("With 2 studies nothing can be said")
    assert found.summary() == found.conclusion
    with pytest.raises(DataError, match="no pool"):
        small_study_of_json({"studies": []}, **OPTIONS)
