"""Clone rules: the 13 schematic patients of Maringe et al. 2020, figure 2, and ties."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.emulation.clones import clone

INF = np.inf
GRACE = 182.62
# Day of surgery, end of follow-up, death.
PATIENTS = {
    "A": (61, 300, 1),
    "B": (150, 365, 0),
    "C": (20, 150, 1),
    "D": (140, 160, 0),
    "E": (10, 300, 0),
    "F": (220, 320, 1),
    "G": (340, 365, 0),
    "H": (200, 300, 0),
    "I": (INF, 365, 0),
    "J": (INF, 260, 1),
    "K": (INF, 40, 1),
    "L": (INF, 140, 0),
    "M": (INF, 320, 0),
}
# Clone by clone: end, death, artificially censored.
SURGERY = {
    "A": (300, 1, False),
    "B": (365, 0, False),
    "C": (150, 1, False),
    "D": (160, 0, False),
    "E": (300, 0, False),
    "F": (GRACE, 0, True),
    "G": (GRACE, 0, True),
    "H": (GRACE, 0, True),
    "I": (GRACE, 0, True),
    "J": (GRACE, 0, True),
    "K": (40, 1, False),
    "L": (140, 0, False),
    "M": (GRACE, 0, True),
}
NONE_WITHIN_GRACE = {
    "A": (61, 0, True),
    "B": (150, 0, True),
    "C": (20, 0, True),
    "D": (140, 0, True),
    "E": (10, 0, True),
    "F": (320, 1, False),
    "G": (365, 0, False),
    "H": (300, 0, False),
    "I": (365, 0, False),
    "J": (260, 1, False),
    "K": (40, 1, False),
    "L": (140, 0, False),
    "M": (320, 0, False),
}
NEVER = {**NONE_WITHIN_GRACE, "F": (220, 0, True), "G": (340, 0, True), "H": (200, 0, True)}


def cloned(patients, comparator, grace=GRACE, entry=None):
    surgery, end, death = np.array(list(patients.values()), dtype=float).T
    return clone(
        end, death.astype(np.int64), surgery, grace=grace, comparator=comparator, entry=entry
    )


@pytest.mark.parametrize(
    ("comparator", "expected"),
    [("none_within_grace", NONE_WITHIN_GRACE), ("never", NEVER)],
    ids=["none_within_grace", "never"],
)
@pytest.mark.parametrize("name", PATIENTS)
def test_the_thirteen_patients(name, comparator, expected):
    clones = cloned(PATIENTS, comparator)
    i = list(PATIENTS).index(name)
    for arm, table in ((clones.comparator, expected), (clones.treated, SURGERY)):
        assert (arm.stop[i], arm.event[i], arm.artificial[i]) == table[name]
        assert arm.followed[i]


def test_deaths_and_artificial_censorings_of_the_thirteen():
    clones = cloned(PATIENTS, "none_within_grace")
    assert (clones.treated.event.sum(), clones.treated.artificial.sum()) == (3, 6)
    assert (clones.comparator.event.sum(), clones.comparator.artificial.sum()) == (3, 5)


TIES = {
    "dies on the day of surgery": (50, 50, 1),
    "dies on the last day of grace": (INF, 100, 1),
    "leaves on the last day of grace": (INF, 100, 0),
    "surgery on the last day of grace": (100, 200, 1),
    "surgery at time zero": (0, 80, 1),
    "surgery and death at time zero": (0, 0, 1),
    "surgery recorded after the end": (90, 60, 0),
    "late surgery on the day of death": (150, 150, 1),
}
TIED = {
    "dies on the day of surgery": ((50, 0, True), (50, 1, False)),
    "dies on the last day of grace": ((100, 1, False), (100, 1, False)),
    "leaves on the last day of grace": ((100, 0, False), (100, 0, False)),
    "surgery on the last day of grace": ((100, 0, True), (200, 1, False)),
    "surgery at time zero": (None, (80, 1, False)),
    "surgery and death at time zero": (None, (0, 1, False)),
    "surgery recorded after the end": ((60, 0, False), (60, 0, False)),
    "late surgery on the day of death": ((150, 0, True), (100, 0, True)),
}


@pytest.mark.parametrize("name", TIES, ids=lambda name: name.replace(" ", "-"))
def test_ties_go_by_rule(name):
    clones = cloned(TIES, "never", grace=100.0)
    i = list(TIES).index(name)
    for arm, expected in zip(clones.arms, TIED[name], strict=True):
        assert arm.followed[i] == (expected is not None)
        if expected is not None:
            assert (arm.stop[i], arm.event[i], arm.artificial[i]) == expected


def test_a_clone_that_departs_before_observation_is_none():
    patients = {"early": (20, 200, 1), "late": (70, 200, 1), "never": (INF, 200, 1)}
    entry = np.array([50.0, 50.0, 150.0])
    clones = cloned(patients, "never", grace=100.0, entry=entry)
    assert clones.comparator.followed.tolist() == [False, True, True]
    # Who is first observed after the grace period, untreated, has left the treated strategy.
    assert clones.treated.followed.tolist() == [True, True, False]


def test_a_flag_of_treatment_is_nothing_that_the_rules_see():
    late = cloned({"F": (220, 320, 1)}, "none_within_grace")
    assert late.comparator.stop[0] == 320
    assert not late.initiated[0]
