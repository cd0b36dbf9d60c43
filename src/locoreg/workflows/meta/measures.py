"""The measures that a table can be pooled on: their columns, their scale, how they are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.core.estimate import Scale
from locoreg.stats.effectmeasures.backtransform import (
    harmonic_mean,
    inverse_arcsine,
    inverse_double_arcsine,
    inverse_logit,
    inverse_rate_freeman_tukey,
    inverse_square_root,
)
from locoreg.stats.effectmeasures.result import FloatArray

Kind = Literal[
    "two by two",
    "two rates",
    "one rate",
    "proportion",
    "two means",
    "paired means",
    "one mean",
    "correlation",
    "reported",
]
Transform = Literal[
    "identity",
    "exponential",
    "inverse logit",
    "squared sine",
    "inverse Freeman-Tukey",
    "square",
    "inverse Freeman-Tukey of rates",
    "hyperbolic tangent",
]

# Columns of each kind; where there are several sets, any one of them does.
LAYOUTS: dict[Kind, tuple[tuple[str, ...], ...]] = {
    "two by two": (("ai", "bi", "ci", "di"), ("ai", "n1i", "ci", "n2i")),
    "two rates": (("x1i", "t1i", "x2i", "t2i"),),
    "one rate": (("xi", "ti"),),
    "proportion": (("xi", "ni"),),
    "two means": (("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i"),),
    "paired means": (("m1i", "sd1i", "m2i", "sd2i", "ni", "ri"),),
    "one mean": (("mi", "sdi", "ni"),),
    "correlation": (("ri", "ni"),),
    "reported": (),
}
REPORTED = (
    ("yi", "vi"),
    ("yi", "sei"),
    ("est", "ci_low", "ci_high"),
    ("o_minus_e", "variance"),
)
# Sizes of a study, for the tests that need them, and of its groups.
EXTRA = ("ni",)
ROLES = tuple(
    dict.fromkeys(
        [role for sets in LAYOUTS.values() for columns in sets for role in columns]
        + [role for columns in REPORTED for role in columns]
        + list(EXTRA)
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A measure.

    Attributes
    ----------
    name : str
        metafor's name of it: OR.
    words : str
        What it is on the scale on which it is read: odds ratio.
    kind : str
        Which columns it needs.
    transform : str
        From the scale on which it is pooled to that on which it is read.
    counts : bool
        Whether a constant can be added to its counts.
    """

    name: str
    words: str
    kind: Kind
    transform: Transform = "identity"
    counts: bool = False

    @property
    def scale(self) -> Scale:
        """Scale of an `Estimate`: log where exp gives what is read."""
        return "log" if self.transform == "exponential" else "identity"

    @property
    def one_group(self) -> bool:
        """Whether it describes a single group, so that no value means no effect."""
        return self.kind in ("proportion", "one rate", "one mean")

    @property
    def needs_sizes(self) -> bool:
        """Whether the way back depends on the studies' sizes."""
        return self.transform.startswith("inverse Freeman-Tukey")

    def natural(self, values: FloatArray, size: FloatArray | float = float("nan")) -> FloatArray:
        """Return values on the scale on which they are read.

        Parameters
        ----------
        values : ndarray of float
            On the scale on which they are pooled.
        size : float or ndarray of float
            Group size or person-time for the Freeman-Tukey transforms: the study's own, or the
            harmonic mean for a pooled value.

        Returns
        -------
        ndarray of float
            The same shape.
        """
        x = np.asarray(values, dtype=np.float64)
        if self.transform == "exponential":
            with np.errstate(over="ignore"):
                return np.asarray(np.exp(x))
        if self.transform == "inverse logit":
            return inverse_logit(x)
        if self.transform == "squared sine":
            return inverse_arcsine(x)
        if self.transform == "inverse Freeman-Tukey":
            return inverse_double_arcsine(x, size)
        if self.transform == "square":
            return inverse_square_root(x)
        if self.transform == "inverse Freeman-Tukey of rates":
            return inverse_rate_freeman_tukey(x, size)
        return np.tanh(x) if self.transform == "hyperbolic tangent" else x

    def common_size(self, sizes: FloatArray) -> float:
        """Return the size that stands for several studies: the harmonic mean; NaN if not needed."""
        return harmonic_mean(sizes) if self.needs_sizes else float("nan")


def _all() -> dict[str, Measure]:
    def make(
        kind: Kind, counts: bool, rows: tuple[tuple[str, str, Transform], ...]
    ) -> list[Measure]:
        return [
            Measure(name=name, words=words, kind=kind, transform=transform, counts=counts)
            for name, words, transform in rows
        ]

    found = make(
        "two by two",
        True,
        (
            ("OR", "odds ratio", "exponential"),
            ("RR", "risk ratio", "exponential"),
            ("RD", "risk difference", "identity"),
            ("AS", "difference of arcsine square roots of risks", "identity"),
            ("PETO", "odds ratio (Peto)", "exponential"),
            ("PHI", "phi coefficient", "identity"),
            ("PHI-ST", "phi coefficient (groups of fixed size)", "identity"),
            ("YUQ", "Yule's Q", "identity"),
            ("YUY", "Yule's Y", "identity"),
            ("PBIT", "probit difference", "identity"),
            ("OR2DN", "standardised mean difference from the odds ratio (normal)", "identity"),
            ("OR2DL", "standardised mean difference from the odds ratio (logistic)", "identity"),
        ),
    )
    found += make(
        "two rates",
        True,
        (
            ("IRR", "incidence rate ratio", "exponential"),
            ("IRD", "incidence rate difference", "identity"),
            ("IRSD", "difference of square roots of rates", "identity"),
        ),
    )
    found += make(
        "one rate",
        True,
        (
            ("IR", "incidence rate", "identity"),
            ("IRLN", "incidence rate", "exponential"),
            ("IRS", "incidence rate", "square"),
            ("IRFT", "incidence rate", "inverse Freeman-Tukey of rates"),
        ),
    )
    found += make(
        "proportion",
        True,
        (
            ("PR", "proportion", "identity"),
            ("PLN", "proportion", "exponential"),
            ("PLO", "proportion", "inverse logit"),
            ("PAS", "proportion", "squared sine"),
            ("PFT", "proportion", "inverse Freeman-Tukey"),
        ),
    )
    found += make(
        "two means",
        False,
        (
            ("MD", "mean difference", "identity"),
            ("SMD", "standardised mean difference", "identity"),
            ("SMDH", "standardised mean difference (unequal variances)", "identity"),
            ("SMD1", "standardised mean difference (SD of group 2)", "identity"),
            ("ROM", "ratio of means", "exponential"),
            ("VR", "ratio of standard deviations", "exponential"),
            ("CVR", "ratio of coefficients of variation", "exponential"),
        ),
    )
    found += make(
        "paired means",
        False,
        (
            ("MC", "mean change", "identity"),
            ("SMCC", "standardised mean change (SD of the change)", "identity"),
            ("SMCR", "standardised mean change (first SD)", "identity"),
            ("ROMC", "ratio of means", "exponential"),
        ),
    )
    found += make("one mean", False, (("MN", "mean", "identity"), ("MNLN", "mean", "exponential")))
    found += make(
        "correlation",
        False,
        (
            ("COR", "correlation", "identity"),
            ("UCOR", "correlation (unbiased)", "identity"),
            ("ZCOR", "correlation", "hyperbolic tangent"),
        ),
    )
    found += make(
        "reported",
        False,
        (("HR", "hazard ratio", "exponential"), ("GEN", "effect", "identity")),
    )
    return {measure.name: measure for measure in found}


MEASURES: dict[str, Measure] = _all()


def measure_named(name: str) -> Measure:
    """Return a measure by name, in any case.

    Parameters
    ----------
    name : str
        metafor's name: OR, RR, SMD, PLO.

    Returns
    -------
    Measure
        The measure.

    Raises
    ------
    DesignError
        If there is none of that name.
    """
    found = MEASURES.get(name.upper())
    if found is None:
        known = ", ".join(MEASURES)
        raise DesignError(
            f"there is no measure {name!r}.",
            hint=did_you_mean(name.upper(), MEASURES) or f"measures are {known}.",
        )
    return found
