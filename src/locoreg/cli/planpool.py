"""Commands of ``locoreg plan`` that ask the pool of a question."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from locoreg.cli.output import print_json, print_text
from locoreg.workflows.planning import (
    accrualforecast,
    enriching,
    lookasked,
    poolasked,
    prospects,
    sizing,
)
from locoreg.workflows.planning.trialasked import TrialAsked

Flag = Parameter(negative=())
Trial = Annotated[TrialAsked, Parameter(name="*")]
Tables = Annotated[tuple[str, ...], Parameter(name=["--tables"], negative=())]
Patients = Annotated[tuple[int, ...], Parameter(name=["--patients"], negative=())]
Drawn = Annotated[Path | None, Parameter(name=["--figure"])]
SHIPPED = ("shipped",)
Drawable = (
    sizing.SizedTrial
    | prospects.PoolAssurance
    | prospects.PoolWith
    | accrualforecast.PlannedAccrual
)
Shown = (
    Drawable
    | sizing.SimulatedTrial
    | prospects.PoolValue
    | enriching.SelectionEnrichment
    | lookasked.LookedTrial
)


def assurance(
    question: str,
    *,
    trial: Trial,
    patients: Patients,
    tau_scale: float,
    minimal: float | None = None,
    outcome: str | None = None,
    tables: Tables = SHIPPED,
    figure: Drawn = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Power averaged over what the trials so far leave to be believed of the effect.

    Parameters
    ----------
    question
        Question id; see `locoreg evidence list`.
    trial
        The trial.
    patients
        In both arms; give it again for another number.
    tau_scale
        Scale of the half-normal prior on tau, 0.5 for a weakly informative one of log ratios.
    minimal
        Smallest important benefit as a hazard ratio, 0.8 say.
    outcome
        Outcome id; the question's main outcome if not given.
    tables
        Folder of evidence tables, or shipped; give it again to add more.
    figure
        Also draw it to this file (svg, png or pdf).
    json
        Print one JSON document.
    """
    pool = poolasked.pool_asked(
        question, outcome=outcome, tables=tables, method="REML", interval=None, level=None
    )
    found = prospects.assurance_of_pool(
        trial, pool, patients=patients, tau_scale=tau_scale, minimal_ratio=minimal
    )
    return show(found, json, figure)


def value(
    question: str,
    *,
    trial: Trial,
    patients: Patients,
    tau_scale: float,
    important: float | None = None,
    threshold: float | None = None,
    method: str = "REML",
    interval: str | None = None,
    level: float | None = None,
    outcome: str | None = None,
    tables: Tables = SHIPPED,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Chance that a trial changes what the pool concludes.

    Parameters
    ----------
    question
        Question id; see `locoreg evidence list`.
    trial
        The trial, with a log-rank test.
    patients
        In both arms; give it again for another number.
    tau_scale
        Scale of the half-normal prior on tau.
    important
        Smallest important benefit as a hazard ratio: the interval is read against it too.
    threshold
        Percent that the probability of a benefit or of harm has to reach: read too.
    method
        CE, DL, HE, HS, SJ, ML, REML, EB or PM.
    interval
        normal, t, hartung-knapp or hartung-knapp-floor; as for `locoreg evidence pool`.
    level
        Interval level in percent; the question's own if not given.
    outcome
        Outcome id; the question's main outcome if not given.
    tables
        Folder of evidence tables, or shipped; give it again to add more.
    json
        Print one JSON document.
    """
    pool = poolasked.pool_asked(
        question, outcome=outcome, tables=tables, method=method, interval=interval, level=level
    )
    rules = prospects.rules_asked(important=important, threshold=threshold, tau_scale=tau_scale)
    found = prospects.value_of_trial(
        trial, pool, patients=patients, tau_scale=tau_scale, rules=rules
    )
    return show(found, json)


def add(
    question: str,
    trial: str,
    *,
    allocation: float,
    important: float | None = None,
    threshold: float | None = None,
    tau_scale: float | None = None,
    method: str = "REML",
    interval: str | None = None,
    level: float | None = None,
    outcome: str | None = None,
    tables: Tables = SHIPPED,
    figure: Drawn = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Add a hypothetical trial: what the pool would become.

    Parameters
    ----------
    question
        Question id; see `locoreg evidence list`.
    trial
        Hazard ratio that it finds and its events: 0.7=331; several separated by commas.
    allocation
        Share of its patients in the intervention arm.
    important
        Smallest important benefit as a hazard ratio: the interval is read against it too.
    threshold
        Percent that the probability of a benefit or of harm has to reach: read too, with
        --tau-scale.
    tau_scale
        Scale of the half-normal prior on tau, for --threshold.
    method
        CE, DL, HE, HS, SJ, ML, REML, EB or PM.
    interval
        normal, t, hartung-knapp or hartung-knapp-floor; as for `locoreg evidence pool`.
    level
        Interval level in percent; the question's own if not given.
    outcome
        Outcome id; the question's main outcome if not given.
    tables
        Folder of evidence tables, or shipped; give it again to add more.
    figure
        Also draw it to this file (svg, png or pdf).
    json
        Print one JSON document.
    """
    pool = poolasked.pool_asked(
        question, outcome=outcome, tables=tables, method=method, interval=interval, level=level
    )
    found = prospects.pool_with(
        pool,
        prospects.hypothetical_asked(trial, allocation),
        prospects.rules_asked(important=important, threshold=threshold, tau_scale=tau_scale),
    )
    return show(found, json, figure)


def show(found: Shown, json: bool, figure: Path | None = None) -> int:
    """Print a result in words or as JSON, and draw it where a file is given."""
    if figure is not None:
        from locoreg.figures import save
        from locoreg.figures.planning import planning_figure

        save(planning_figure(found), figure)
    if json:
        print_json(found.to_dict())
    else:
        print_text(found.summary())
    return 0
