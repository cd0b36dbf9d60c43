"""``locoreg evidence``: sequential, bayes, small-study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from locoreg.cli.output import print_json, print_text
from locoreg.core.errors import DesignError

Flag = Parameter(negative=())
Tables = Annotated[tuple[str, ...], Parameter(name="--tables", negative=())]
Texts = Annotated[tuple[str, ...], Parameter(negative=())]
SHIPPED = ("shipped",)


def sequential(
    question: str,
    *,
    effect: float,
    alpha: float,
    power: float,
    sides: int,
    spending: Literal["obrien-fleming", "pocock"],
    futility: Literal["none", "non-binding", "binding"],
    heterogeneity: Literal["none", "diversity", "inconsistency", "tau2"],
    smallest_step: float,
    value: float | None = None,
    design: str = "rct",
    outcome: str | None = None,
    method: str = "REML",
    interval: str | None = None,
    level: float | None = None,
    figure: Path | None = None,
    tables: Tables = SHIPPED,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Hold the trials of a pool against sequential boundaries (trial sequential analysis).

    Parameters
    ----------
    question
        Question id; see `locoreg evidence list`.
    effect
        Effect to be found, on the natural scale: 0.8 for a hazard ratio of 0.8.
    alpha
        Percent, 5 for 5%.
    power
        Percent.
    sides
        Of the test, 1 or 2.
    spending
        Function that alpha is spent by.
    futility
        Whether there are boundaries of futility, and whether they bind.
    heterogeneity
        How the required information allows for it.
    smallest_step
        Percent of the required information that a look adds at least; 0 for one at each trial.
    value
        Heterogeneity as stated: a fraction for diversity and inconsistency. As the trials
        estimate it if not given.
    design
        rct, observational, or one design of it.
    outcome
        Outcome id; the question's main outcome if not given.
    method
        CE, DL, HE, HS, SJ, ML, REML, EB or PM.
    interval
        normal, t, hartung-knapp or hartung-knapp-floor; as for `locoreg evidence pool`.
    level
        Interval level in percent; the question's own if not given.
    figure
        Also draw the z-curve with its boundaries to this file (svg, png or pdf).
    tables
        Folder of evidence tables, or shipped; give it again to add more.
    json
        Print one JSON document.
    """
    from locoreg.workflows.poolasked import PoolAsked, sequential_asked

    asked = PoolAsked(
        question=question, design=design, outcome=outcome, method=method, interval=interval,
        level=level, tables=tables,
    )  # fmt: skip
    found = sequential_asked(
        asked, effect=effect, alpha=alpha, power=power, sides=sides, spending=spending,
        futility=futility, heterogeneity=heterogeneity, value=value, smallest_step=smallest_step,
    )  # fmt: skip
    if figure is not None:
        from locoreg.figures import plot, save

        save(plot(found), figure)
    if json:
        print_json(found.to_dict())
    else:
        print_text(found.summary())
    return 0


def bayes(
    question: str,
    *,
    tau_prior: Texts,
    mu_prior: str,
    below: str,
    design: str = "rct",
    outcome: str | None = None,
    level: float | None = None,
    tables: Tables = SHIPPED,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Pool by Bayesian random effects, under one prior or several.

    Parameters
    ----------
    question
        Question id; see `locoreg evidence list`.
    tau_prior
        Prior on the standard deviation between studies: half-normal(0.5), half-cauchy(0.5), ...
        Give it again for another; the first is the main one.
    mu_prior
        Prior on the mean effect on the scale of the analysis: flat, or normal(0, 1).
    below
        Thresholds on the natural scale, separated by commas: 1,0.9.
    design
        rct, observational, or one design of it.
    outcome
        Outcome id; the question's main outcome if not given.
    level
        Interval level in percent; the question's own if not given.
    tables
        Folder of evidence tables, or shipped; give it again to add more.
    json
        Print one JSON document.
    """
    from locoreg.workflows.poolasked import PoolAsked, bayes_asked

    asked = PoolAsked(
        question=question, design=design, outcome=outcome, method="REML", interval=None,
        level=level, tables=tables,
    )  # fmt: skip
    found = bayes_asked(
        asked, tau_priors=tau_prior, mu_prior=mu_prior, below=_numbers("below", below)
    )
    if json:
        print_json(found.to_dict())
    else:
        print_text(found.summary())
    return 0


def small_study(
    question: str,
    *,
    alpha: float,
    steps: str,
    alternative: Literal["less", "greater", "two-sided"],
    design: str,
    outcome: str | None = None,
    method: str = "REML",
    interval: str | None = None,
    level: float | None = None,
    tables: Tables = SHIPPED,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Small-study effects: tests of asymmetry, trim and fill, PET-PEESE, selection, fail-safe N.

    Parameters
    ----------
    question
        Question id; see `locoreg evidence list`.
    alpha
        Percent at which a test is said to find something.
    steps
        P-values at which the selection model's weights change, separated by commas: 0.025.
    alternative
        Side of those p-values: less where ratios below 1 are wished for.
    design
        rct, observational, or one design of it.
    outcome
        Outcome id; the question's main outcome if not given.
    method
        CE, DL, HE, HS, SJ, ML, REML, EB or PM.
    interval
        normal, t, hartung-knapp or hartung-knapp-floor; as for `locoreg evidence pool`.
    level
        Interval level in percent; the question's own if not given.
    tables
        Folder of evidence tables, or shipped; give it again to add more.
    json
        Print one JSON document.
    """
    from locoreg.workflows.poolasked import PoolAsked, small_study_asked

    asked = PoolAsked(
        question=question, design=design, outcome=outcome, method=method, interval=interval,
        level=level, tables=tables,
    )  # fmt: skip
    found = small_study_asked(
        asked, alpha=alpha, steps=_numbers("steps", steps), alternative=alternative
    )
    if json:
        print_json(found.to_dict())
    else:
        print_text(found.summary())
    return 0


def _numbers(name: str, given: str) -> tuple[float, ...]:
    found = []
    for part in given.split(","):
        try:
            found.append(float(part))
        except ValueError:
            raise DesignError(
                f"--{name}: {part.strip()!r} is no number.", hint="separate numbers by commas."
            ) from None
    return tuple(found)
