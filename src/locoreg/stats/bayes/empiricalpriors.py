"""Empirical priors on tau2 from thousands of Cochrane meta-analyses.

Turner et al. 2015 (doi:10.1002/sim.6381, Table IV) and 2012 (doi:10.1093/ije/dys041): log-normal,
for log odds ratios. Rhodes et al. 2015 (doi:10.1016/j.jclinepi.2014.08.012, Table 3 and appendix):
log-t with 5 degrees of freedom, for standardised mean differences. Numbers as printed: in Rhodes,
two locations (mental health, non-pharmacological, other areas; structure, pharmacological v
control, cancer) don't follow the sum of effects that all others follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.stats.bayes.taupriors import TauPrior

Pair = tuple[float, float]

# Outcome and comparison: mean and standard deviation of log tau2.
TURNER_2015: Mapping[tuple[str, ...], Pair] = MappingProxyType(
    {
        ("all-cause mortality", "pharmacological v control"): (-3.95, 1.34),
        ("obstetric outcomes", "pharmacological v control"): (-3.52, 1.74),
        ("cause-specific mortality, major morbidity or composite", "pharmacological v control"): (
            -3.71,
            1.74,
        ),
        ("resource use or hospital stay", "pharmacological v control"): (-2.34, 1.74),
        ("surgical or device success", "pharmacological v control"): (-2.14, 1.74),
        ("withdrawals", "pharmacological v control"): (-2.99, 1.74),
        ("internal structure", "pharmacological v control"): (-2.71, 1.74),
        ("general physical health", "pharmacological v control"): (-2.29, 1.53),
        ("adverse events", "pharmacological v control"): (-1.87, 1.52),
        ("infection or new disease", "pharmacological v control"): (-2.49, 1.52),
        ("signs or symptoms", "pharmacological v control"): (-2.06, 1.51),
        ("pain", "pharmacological v control"): (-1.83, 1.52),
        ("quality of life", "pharmacological v control"): (-2.54, 1.54),
        ("mental health", "pharmacological v control"): (-2.12, 1.53),
        ("biological markers", "pharmacological v control"): (-1.77, 1.52),
        ("subjective outcomes", "pharmacological v control"): (-2.70, 1.52),
        ("all-cause mortality", "pharmacological v pharmacological"): (-4.18, 1.41),
        ("obstetric outcomes", "pharmacological v pharmacological"): (-3.75, 1.79),
        (
            "cause-specific mortality, major morbidity or composite",
            "pharmacological v pharmacological",
        ): (-3.95, 1.79),
        ("resource use or hospital stay", "pharmacological v pharmacological"): (-2.58, 1.79),
        ("surgical or device success", "pharmacological v pharmacological"): (-2.37, 1.79),
        ("withdrawals", "pharmacological v pharmacological"): (-3.23, 1.79),
        ("internal structure", "pharmacological v pharmacological"): (-2.94, 1.79),
        ("general physical health", "pharmacological v pharmacological"): (-2.53, 1.58),
        ("adverse events", "pharmacological v pharmacological"): (-2.10, 1.58),
        ("infection or new disease", "pharmacological v pharmacological"): (-2.73, 1.58),
        ("signs or symptoms", "pharmacological v pharmacological"): (-2.29, 1.58),
        ("pain", "pharmacological v pharmacological"): (-2.06, 1.58),
        ("quality of life", "pharmacological v pharmacological"): (-2.78, 1.60),
        ("mental health", "pharmacological v pharmacological"): (-2.35, 1.60),
        ("biological markers", "pharmacological v pharmacological"): (-2.00, 1.58),
        ("subjective outcomes", "pharmacological v pharmacological"): (-2.93, 1.58),
        ("all-cause mortality", "non-pharmacological v control"): (-4.17, 1.55),
        ("obstetric outcomes", "non-pharmacological v control"): (-3.74, 1.91),
        (
            "cause-specific mortality, major morbidity or composite",
            "non-pharmacological v control",
        ): (-3.93, 1.91),
        ("resource use or hospital stay", "non-pharmacological v control"): (-2.56, 1.91),
        ("surgical or device success", "non-pharmacological v control"): (-2.36, 1.91),
        ("withdrawals", "non-pharmacological v control"): (-3.21, 1.91),
        ("internal structure", "non-pharmacological v control"): (-2.93, 1.92),
        ("general physical health", "non-pharmacological v control"): (-2.51, 1.72),
        ("adverse events", "non-pharmacological v control"): (-2.10, 1.71),
        ("infection or new disease", "non-pharmacological v control"): (-2.71, 1.71),
        ("signs or symptoms", "non-pharmacological v control"): (-2.28, 1.71),
        ("pain", "non-pharmacological v control"): (-2.05, 1.71),
        ("quality of life", "non-pharmacological v control"): (-2.77, 1.73),
        ("mental health", "non-pharmacological v control"): (-2.34, 1.72),
        ("biological markers", "non-pharmacological v control"): (-1.99, 1.71),
        ("subjective outcomes", "non-pharmacological v control"): (-2.92, 1.71),
        ("all-cause mortality", "non-pharmacological v pharmacological"): (-2.92, 1.02),
        ("obstetric outcomes", "non-pharmacological v pharmacological"): (-2.49, 1.50),
        (
            "cause-specific mortality, major morbidity or composite",
            "non-pharmacological v pharmacological",
        ): (-2.68, 1.51),
        ("resource use or hospital stay", "non-pharmacological v pharmacological"): (-1.31, 1.50),
        ("surgical or device success", "non-pharmacological v pharmacological"): (-1.11, 1.50),
        ("withdrawals", "non-pharmacological v pharmacological"): (-1.96, 1.51),
        ("internal structure", "non-pharmacological v pharmacological"): (-1.67, 1.51),
        ("general physical health", "non-pharmacological v pharmacological"): (-1.26, 1.25),
        ("adverse events", "non-pharmacological v pharmacological"): (-0.84, 1.24),
        ("infection or new disease", "non-pharmacological v pharmacological"): (-1.46, 1.24),
        ("signs or symptoms", "non-pharmacological v pharmacological"): (-1.03, 1.24),
        ("pain", "non-pharmacological v pharmacological"): (-0.80, 1.25),
        ("quality of life", "non-pharmacological v pharmacological"): (-1.51, 1.27),
        ("mental health", "non-pharmacological v pharmacological"): (-1.09, 1.27),
        ("biological markers", "non-pharmacological v pharmacological"): (-0.74, 1.24),
        ("subjective outcomes", "non-pharmacological v pharmacological"): (-1.67, 1.25),
        ("all-cause mortality", "non-pharmacological v non-pharmacological"): (-3.50, 1.26),
        ("obstetric outcomes", "non-pharmacological v non-pharmacological"): (-3.08, 1.68),
        (
            "cause-specific mortality, major morbidity or composite",
            "non-pharmacological v non-pharmacological",
        ): (-3.27, 1.68),
        ("resource use or hospital stay", "non-pharmacological v non-pharmacological"): (
            -1.90,
            1.68,
        ),
        ("surgical or device success", "non-pharmacological v non-pharmacological"): (-1.69, 1.68),
        ("withdrawals", "non-pharmacological v non-pharmacological"): (-2.55, 1.68),
        ("internal structure", "non-pharmacological v non-pharmacological"): (-2.26, 1.68),
        ("general physical health", "non-pharmacological v non-pharmacological"): (-1.85, 1.46),
        ("adverse events", "non-pharmacological v non-pharmacological"): (-1.43, 1.45),
        ("infection or new disease", "non-pharmacological v non-pharmacological"): (-2.05, 1.45),
        ("signs or symptoms", "non-pharmacological v non-pharmacological"): (-1.61, 1.45),
        ("pain", "non-pharmacological v non-pharmacological"): (-1.38, 1.45),
        ("quality of life", "non-pharmacological v non-pharmacological"): (-2.10, 1.47),
        ("mental health", "non-pharmacological v non-pharmacological"): (-1.67, 1.47),
        ("biological markers", "non-pharmacological v non-pharmacological"): (-1.33, 1.45),
        ("subjective outcomes", "non-pharmacological v non-pharmacological"): (-2.26, 1.45),
    }
)
# The same, coarser outcomes.
TURNER_2012: Mapping[tuple[str, ...], Pair] = MappingProxyType(
    {
        ("all-cause mortality", "pharmacological v control"): (-4.06, 1.45),
        ("semi-objective", "pharmacological v control"): (-3.02, 1.85),
        ("subjective", "pharmacological v control"): (-2.13, 1.58),
        ("all-cause mortality", "pharmacological v pharmacological"): (-4.27, 1.48),
        ("semi-objective", "pharmacological v pharmacological"): (-3.23, 1.88),
        ("subjective", "pharmacological v pharmacological"): (-2.34, 1.62),
        ("all-cause mortality", "non-pharmacological"): (-3.93, 1.51),
        ("semi-objective", "non-pharmacological"): (-2.89, 1.91),
        ("subjective", "non-pharmacological"): (-2.01, 1.64),
    }
)
# Outcome, comparison and medical area: location and scale of log tau2.
RHODES_2015: Mapping[tuple[str, ...], Pair] = MappingProxyType(
    {
        ("obstetric outcomes", "pharmacological v control", "other"): (-4.13, 2.34),
        ("resource use or hospital stay", "pharmacological v control", "other"): (-2.55, 2.73),
        ("internal or external structure", "pharmacological v control", "other"): (-2.43, 2.50),
        ("general physical health", "pharmacological v control", "other"): (-3.16, 2.50),
        ("signs or symptoms", "pharmacological v control", "other"): (-3.00, 2.50),
        ("mental health", "pharmacological v control", "other"): (-2.99, 2.16),
        ("biological markers", "pharmacological v control", "other"): (-3.41, 2.83),
        ("subjective outcomes", "pharmacological v control", "other"): (-2.76, 2.58),
        ("obstetric outcomes", "pharmacological v pharmacological", "other"): (-4.40, 2.31),
        ("resource use or hospital stay", "pharmacological v pharmacological", "other"): (
            -2.83,
            2.70,
        ),
        ("internal or external structure", "pharmacological v pharmacological", "other"): (
            -2.70,
            2.46,
        ),
        ("general physical health", "pharmacological v pharmacological", "other"): (-3.44, 2.44),
        ("signs or symptoms", "pharmacological v pharmacological", "other"): (-3.27, 2.47),
        ("mental health", "pharmacological v pharmacological", "other"): (-3.27, 2.14),
        ("biological markers", "pharmacological v pharmacological", "other"): (-3.68, 2.78),
        ("subjective outcomes", "pharmacological v pharmacological", "other"): (-3.03, 2.59),
        ("obstetric outcomes", "non-pharmacological", "other"): (-3.99, 2.11),
        ("resource use or hospital stay", "non-pharmacological", "other"): (-2.41, 2.57),
        ("internal or external structure", "non-pharmacological", "other"): (-2.29, 2.32),
        ("general physical health", "non-pharmacological", "other"): (-3.02, 2.27),
        ("signs or symptoms", "non-pharmacological", "other"): (-2.86, 2.33),
        ("mental health", "non-pharmacological", "other"): (-3.85, 1.93),
        ("biological markers", "non-pharmacological", "other"): (-3.27, 2.66),
        ("subjective outcomes", "non-pharmacological", "other"): (-2.62, 2.41),
        ("obstetric outcomes", "pharmacological v control", "respiratory"): (-6.03, 2.36),
        ("resource use or hospital stay", "pharmacological v control", "respiratory"): (
            -4.46,
            2.74,
        ),
        ("internal or external structure", "pharmacological v control", "respiratory"): (
            -4.33,
            2.51,
        ),
        ("general physical health", "pharmacological v control", "respiratory"): (-5.07, 2.51),
        ("signs or symptoms", "pharmacological v control", "respiratory"): (-4.90, 2.50),
        ("mental health", "pharmacological v control", "respiratory"): (-4.90, 2.17),
        ("biological markers", "pharmacological v control", "respiratory"): (-5.31, 2.83),
        ("subjective outcomes", "pharmacological v control", "respiratory"): (-4.66, 2.59),
        ("obstetric outcomes", "pharmacological v pharmacological", "respiratory"): (-6.31, 2.31),
        ("resource use or hospital stay", "pharmacological v pharmacological", "respiratory"): (
            -4.73,
            2.70,
        ),
        ("internal or external structure", "pharmacological v pharmacological", "respiratory"): (
            -4.61,
            2.46,
        ),
        ("general physical health", "pharmacological v pharmacological", "respiratory"): (
            -5.34,
            2.45,
        ),
        ("signs or symptoms", "pharmacological v pharmacological", "respiratory"): (-5.18, 2.47),
        ("mental health", "pharmacological v pharmacological", "respiratory"): (-5.17, 2.14),
        ("biological markers", "pharmacological v pharmacological", "respiratory"): (-5.59, 2.78),
        ("subjective outcomes", "pharmacological v pharmacological", "respiratory"): (-4.94, 2.59),
        ("obstetric outcomes", "non-pharmacological", "respiratory"): (-5.89, 2.21),
        ("resource use or hospital stay", "non-pharmacological", "respiratory"): (-4.32, 2.57),
        ("internal or external structure", "non-pharmacological", "respiratory"): (-4.19, 2.33),
        ("general physical health", "non-pharmacological", "respiratory"): (-4.93, 2.28),
        ("signs or symptoms", "non-pharmacological", "respiratory"): (-4.76, 2.33),
        ("mental health", "non-pharmacological", "respiratory"): (-4.76, 1.94),
        ("biological markers", "non-pharmacological", "respiratory"): (-5.17, 2.66),
        ("subjective outcomes", "non-pharmacological", "respiratory"): (-4.52, 2.41),
        ("obstetric outcomes", "pharmacological v control", "cancer"): (-1.57, 2.45),
        ("resource use or hospital stay", "pharmacological v control", "cancer"): (0.01, 2.83),
        ("internal or external structure", "pharmacological v control", "cancer"): (-0.13, 2.61),
        ("general physical health", "pharmacological v control", "cancer"): (-0.60, 2.61),
        ("signs or symptoms", "pharmacological v control", "cancer"): (-0.44, 2.60),
        ("mental health", "pharmacological v control", "cancer"): (-0.43, 2.28),
        ("biological markers", "pharmacological v control", "cancer"): (-0.85, 2.93),
        ("subjective outcomes", "pharmacological v control", "cancer"): (-0.20, 2.68),
        ("obstetric outcomes", "pharmacological v pharmacological", "cancer"): (-1.85, 2.41),
        ("resource use or hospital stay", "pharmacological v pharmacological", "cancer"): (
            -0.27,
            2.79,
        ),
        ("internal or external structure", "pharmacological v pharmacological", "cancer"): (
            -0.14,
            2.56,
        ),
        ("general physical health", "pharmacological v pharmacological", "cancer"): (-0.88, 2.55),
        ("signs or symptoms", "pharmacological v pharmacological", "cancer"): (-0.71, 2.57),
        ("mental health", "pharmacological v pharmacological", "cancer"): (-0.71, 2.25),
        ("biological markers", "pharmacological v pharmacological", "cancer"): (-1.13, 2.87),
        ("subjective outcomes", "pharmacological v pharmacological", "cancer"): (-0.48, 2.68),
        ("obstetric outcomes", "non-pharmacological", "cancer"): (-1.43, 2.24),
        ("resource use or hospital stay", "non-pharmacological", "cancer"): (0.15, 2.68),
        ("internal or external structure", "non-pharmacological", "cancer"): (0.27, 2.45),
        ("general physical health", "non-pharmacological", "cancer"): (-0.46, 2.40),
        ("signs or symptoms", "non-pharmacological", "cancer"): (-0.30, 2.46),
        ("mental health", "non-pharmacological", "cancer"): (-0.29, 2.08),
        ("biological markers", "non-pharmacological", "cancer"): (-0.71, 2.78),
        ("subjective outcomes", "non-pharmacological", "cancer"): (-0.06, 2.53),
    }
)
# Any outcome and comparison.
TURNER_ANY: Pair = (-2.56, 1.74)
RHODES_ANY: Pair = (-3.44, 2.59)
RHODES_DF = 5.0


def turner_prior(*, edition: int, outcome: str, comparison: str) -> TauPrior:
    """Return a log-normal prior on tau2 for log odds ratios.

    It was fitted to odds ratios of binary outcomes: used for hazard ratios it is an approximation,
    and a choice to be stated.

    Parameters
    ----------
    edition : {2012, 2015}
        Year of the paper.
    outcome, comparison : str
        Keys of :data:`TURNER_2015` or :data:`TURNER_2012`; both ``any`` for the marginal one.

    Returns
    -------
    TauPrior
        With the source in its words.

    Raises
    ------
    DesignError
        If there is no such cell in the table.
    """
    tables = {2012: TURNER_2012, 2015: TURNER_2015}
    if edition not in tables:
        raise DesignError(
            f"there is no edition {edition} of Turner's priors.", hint="2012 or 2015."
        )
    pair = _cell(tables[edition], (outcome, comparison), TURNER_ANY, f"Turner {edition}")
    return TauPrior(
        family="log-normal-tau2",
        numbers=pair,
        source=f"Turner {edition}, log odds ratios: {outcome}, {comparison}",
    )


def rhodes_prior(*, outcome: str, comparison: str, area: str) -> TauPrior:
    """Return a log-t prior on tau2 for standardised mean differences.

    Parameters
    ----------
    outcome, comparison, area : str
        Keys of :data:`RHODES_2015`; all ``any`` for the marginal one.

    Returns
    -------
    TauPrior
        With the source in its words.

    Raises
    ------
    DesignError
        If there is no such cell in the table.
    """
    pair = _cell(RHODES_2015, (outcome, comparison, area), RHODES_ANY, "Rhodes 2015")
    return TauPrior(
        family="log-t-tau2",
        numbers=(*pair, RHODES_DF),
        source=f"Rhodes 2015, standardised mean differences: {outcome}, {comparison}, {area}",
    )


def _cell(
    table: Mapping[tuple[str, ...], Pair], key: tuple[str, ...], every: Pair, name: str
) -> Pair:
    if set(key) == {"any"}:
        return every
    for place, (part, what) in enumerate(zip(key, ("outcome", "comparison", "area"), strict=False)):
        known = sorted({row[place] for row in table})
        if part not in known:
            raise DesignError(
                f"{name} has no prior for the {what} {part!r}.",
                hint=did_you_mean(part, known) or "'any' throughout for the marginal prior.",
            )
    return table[key]
