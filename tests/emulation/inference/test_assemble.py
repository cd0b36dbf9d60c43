"""What an effect says of its confounders."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from locoreg.emulation.cohort import Coding, Column
from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import make_method
from tests.emulation import designs


def notes(*columns: Column) -> tuple[str, ...]:
    people = designs.lt1(400, 3)
    baseline = (*people.baseline, *columns)
    people = replace(
        people, baseline=baseline, coding=Coding(names=tuple(c.name for c in baseline))
    )
    method = make_method("clone_censor_weight", {})
    effect = method.estimate(people, designs.question(), Inference(interval="none"))
    return tuple(note for note in effect.notes if note.startswith("Adjusted for nothing"))


def test_a_confounder_of_one_value_is_named():
    same = Column(name="sex", kind="category", values=np.zeros(400), levels=("female", "male"))
    assert notes(same) == ("Adjusted for nothing, as all persons have the same value: sex.",)


def test_confounders_that_vary_need_no_note():
    assert notes() == ()
