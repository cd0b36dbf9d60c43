"""What is assumed of the bias of a design, and the model that follows from it.

An effect of design c is y_i ~ N(theta_i + b_c + e_i, s_i^2 / a_c) with theta_i ~ N(mu, tau^2): b_c,
a bias that all studies of the design share, ~ N(m_c, shared_c^2); e_i, a bias of each study's own,
~ N(0, own_c^2); a_c, the power to which the likelihood of its effects is raised. Trials have none
of them. Additive bias: Welton et al. 2009, doi:10.1111/j.1467-985X.2008.00548.x; Turner et al.
2009, doi:10.1111/j.1467-985X.2008.00547.x. Discounting: Efthimiou et al. 2017,
doi:10.1002/sim.7223.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.bayes import Hierarchy, MuPrior

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignBias:
    """The bias assumed of a non-randomised design; nothing has a default.

    Attributes
    ----------
    mean : float
        Expected bias on the scale of the effects: for log hazard ratios -0.1 says that the design
        shows ratios 10% too low.
    shared_sd : float
        Uncertainty of the bias that all studies of the design have in common. It does not shrink
        with more studies.
    own_sd : float
        Spread of the studies' biases about the common one.
    weight : float
        Discount between 0 and 1: the power to which the likelihood of each effect is raised; 0
        leaves the design out.
    source : str
        Where these numbers come from; printed with every result.
    """

    mean: float
    shared_sd: float
    own_sd: float
    weight: float
    source: str

    def __post_init__(self) -> None:
        if not math.isfinite(self.mean):
            raise DataError(f"the mean of a bias is {self.mean}, not a number.")
        for name, value in (("shared_sd", self.shared_sd), ("own_sd", self.own_sd)):
            if not (math.isfinite(value) and value >= 0):
                raise DataError(f"{name} of a bias is {value}, but must be a number, 0 or more.")
        if not 0 <= self.weight <= 1:
            raise DataError(f"the weight of a design is {self.weight}, but must lie in 0 to 1.")
        if not self.source.strip():
            raise DesignError(
                "a bias prior has no source.",
                hint="name the paper, or say that it is your own judgement.",
            )

    def words(self) -> str:
        """Return the assumption in words."""
        return (
            f"bias normal, mean {self.mean:g}, sd {self.shared_sd:g} shared and {self.own_sd:g} "
            f"of each study; likelihood to the power {self.weight:g} ({self.source})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignGroup:
    """The studies of one design.

    Attributes
    ----------
    name : str
        ``Randomised trials``, say.
    labels : tuple of str
    yi, se : tuple of float
        Effects and standard errors on the scale of the analysis.
    bias : DesignBias or None
        None for randomised trials only.
    """

    name: str
    labels: tuple[str, ...]
    yi: tuple[float, ...]
    se: tuple[float, ...]
    bias: DesignBias | None

    def __post_init__(self) -> None:
        if not len(self.labels) == len(self.yi) == len(self.se):
            raise DataError(
                f"{self.name}: {len(self.labels)} labels, {len(self.yi)} effects and "
                f"{len(self.se)} standard errors don't match."
            )
        if not self.yi:
            raise DataError(f"{self.name}: there is no study.")
        for label, y, s in zip(self.labels, self.yi, self.se, strict=True):
            if not (math.isfinite(y) and math.isfinite(s) and s > 0):
                raise DataError(
                    f"{self.name}, {label}: effect {y} with standard error {s} can't be used."
                )

    def to_dict(self) -> dict[str, Any]:
        """Return the group as JSON-ready values."""
        return {
            "name": self.name,
            "bias": None if self.bias is None else asdict(self.bias),
            "studies": [
                {"label": label, "yi": y, "se": s}
                for label, y, s in zip(self.labels, self.yi, self.se, strict=True)
            ],
        }


def adjusted_model(
    groups: Sequence[DesignGroup], mu_prior: MuPrior, *, shift: float
) -> Hierarchy | None:
    """Return the hierarchical model of designs with their biases.

    Parameters
    ----------
    groups : sequence of DesignGroup
        Designs; those of weight 0 are left out.
    mu_prior : MuPrior
        Prior on mu.
    shift : float
        Added to the mean bias of every non-randomised design.

    Returns
    -------
    Hierarchy or None
        None if no design is left.
    """
    used = informative(groups)
    if not used:
        return None
    y, v, group, shared = [], [], [], []
    for g, one in enumerate(used):
        bias = one.bias
        for effect, se in zip(one.yi, one.se, strict=True):
            y.append(effect if bias is None else effect - (bias.mean + shift))
            v.append(se**2 if bias is None else se**2 / bias.weight + bias.own_sd**2)
            group.append(g)
        shared.append(0.0 if bias is None else bias.shared_sd**2)
    return Hierarchy(
        y=np.array(y),
        v=np.array(v),
        group=np.array(group, dtype=np.int64),
        shared=np.array(shared),
        mu_prior=mu_prior,
    )


def informative(groups: Sequence[DesignGroup]) -> tuple[DesignGroup, ...]:
    """Return the designs whose weight is not 0."""
    return tuple(one for one in groups if one.bias is None or one.bias.weight > 0)


def as_if_randomised(groups: Sequence[DesignGroup]) -> tuple[DesignGroup, ...]:
    """Return all studies as one design without bias: the mixture that is not an answer."""
    return (
        DesignGroup(
            name="All designs mixed",
            labels=tuple(label for one in groups for label in one.labels),
            yi=tuple(y for one in groups for y in one.yi),
            se=tuple(s for one in groups for s in one.se),
            bias=None,
        ),
    )
