"""An analysis whose numbers can be worked out by hand: exponential survival in two groups."""

from __future__ import annotations

import numpy as np

from locoreg.core.errors import ConvergenceError
from locoreg.emulation.effect import Detail
from locoreg.emulation.inference import Values
from locoreg.emulation.inference.estimate import Label
from tests.emulation import designs

EMPTY = (np.zeros(0), np.zeros(0))
LABEL = Label(name="toy", title="Toy", estimand="A toy.", biased=None, options={})
DETAIL = Detail(
    steps=(EMPTY, EMPTY),
    counts=((), ()),
    balance=(),
    weights=(),
    flow=(),
    diagnostics=(),
    notes=("A note of the method.",),
)


def cohort(n=200, seed=1, **more):
    rng = np.random.default_rng(seed)
    treated = rng.random(n) < 0.5
    time = np.minimum(rng.exponential(np.where(treated, 40.0, 25.0)), 60.0)
    return designs.cohort(
        time=time,
        event=(time < 60).astype(int),
        treatment_time=np.where(treated, 0.0, np.inf),
        **more,
    )


class Toy:
    """Survival exp(-rate t), with the rate of each group as events over person-time."""

    def __init__(self, cohort, question, *, influence=True):
        self.time, self.event = cohort.time, cohort.event.astype(float)
        self.group = np.stack([~np.isfinite(cohort.treatment_time), cohort.treatment_time < 1])
        self.grid = question.grid()
        self.has_influence = influence

    def rates(self, weights):
        events = np.stack([weights @ (self.event * g) for g in self.group], axis=1)
        return events / np.stack([weights @ (self.time * g) for g in self.group], axis=1)

    def values(self, weights):
        rate = self.rates(weights)
        curve = np.exp(-rate[:, :, None] * self.grid)
        return Values(
            curve=curve,
            area=(1.0 - curve) / rate[:, :, None],
            log_hr=np.log(rate[:, 1] / rate[:, 0]),
        )

    def influence(self):
        if not self.has_influence:
            return None
        rate = self.rates(np.ones((1, self.time.size)))[0]
        change = np.stack(
            [
                g * (self.event - r * self.time) / (self.time @ g)
                for g, r in zip(self.group, rate, strict=True)
            ],
            axis=1,
        )
        curve = np.exp(-rate[:, None] * self.grid)
        d_curve = -self.grid * curve
        d_area = self.grid * curve / rate[:, None] - (1 - curve) / rate[:, None] ** 2
        return Values(
            curve=change[:, :, None] * d_curve,
            area=change[:, :, None] * d_area,
            log_hr=change[:, 1] / rate[1] - change[:, 0] / rate[0],
        )

    def detail(self):
        return DETAIL


class Changed(Toy):
    """The toy with its values changed by a function of values and weights."""

    def __init__(self, cohort, question, change):
        super().__init__(cohort, question, influence=False)
        self.change = change

    def values(self, weights):
        return self.change(super().values(weights), weights)


def refuse_some(values, weights):
    """Raise where the first person is left out and the second drawn thrice."""
    if ((weights[:, 0] == 0) & (weights[:, 1] == 3)).any():
        raise ConvergenceError("the model did not converge.")
    return values
