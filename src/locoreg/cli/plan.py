"""``locoreg plan``: the next trial."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App

from locoreg.cli.planpool import Drawn, Flag, Patients, Tables, Trial, add, assurance, show, value
from locoreg.workflows.planning import (
    accrualforecast,
    enriching,
    lookasked,
    priorsasked,
    sizing,
)

app = App(
    name="plan",
    help="The next trial: size, power, assurance, value, accrual, whom to randomise.",
)
app.command(assurance)
app.command(value)
app.command(add)
SHIPPED = ("shipped",)


@app.command
def size(
    *,
    trial: Trial,
    hazard_ratio: str,
    power: float,
    figure: Drawn = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Patients that a power takes.

    Parameters
    ----------
    trial
        The trial.
    hazard_ratio
        Intervention relative to control: 0.7, or ratios from months on: 0=1,6=0.7.
    power
        Percent.
    figure
        Also draw it to this file (svg, png or pdf).
    json
        Print one JSON document.
    """
    return show(sizing.size_trial(trial, hazard_ratio=hazard_ratio, power=power), json, figure)


@app.command
def power(
    *,
    trial: Trial,
    hazard_ratio: str,
    patients: int,
    figure: Drawn = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Power of a trial of so many patients.

    Parameters
    ----------
    trial
        The trial.
    hazard_ratio
        Intervention relative to control: 0.7, or ratios from months on: 0=1,6=0.7.
    patients
        In both arms.
    figure
        Also draw it to this file (svg, png or pdf).
    json
        Print one JSON document.
    """
    return show(
        sizing.power_trial(trial, hazard_ratio=hazard_ratio, patients=patients), json, figure
    )


@app.command
def simulate(
    *,
    trial: Trial,
    hazard_ratio: str,
    patients: int,
    replications: int,
    seed: int,
    events: int | None = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Simulate trials patient by patient, beside the formula.

    Parameters
    ----------
    trial
        The trial.
    hazard_ratio
        Intervention relative to control: 0.7, or ratios from months on: 0=1,6=0.7.
    patients
        In both arms.
    replications
        Simulated trials.
    seed
        Start of the random numbers.
    events
        End each trial at so many events, and not later than accrual and follow-up say.
    json
        Print one JSON document.
    """
    found = sizing.simulate_trial(
        trial, hazard_ratio=hazard_ratio, patients=patients, replications=replications, seed=seed,
        events=events,
    )  # fmt: skip
    return show(found, json)


@app.command
def looks(
    *,
    trial: Trial,
    hazard_ratio: str,
    power: float,
    looks: str,
    boundary: str,
    parameter: float | None = None,
    futility: str | None = None,
    futility_parameter: float | None = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Plan interim looks: events, boundaries and months.

    Parameters
    ----------
    trial
        The trial: log-rank, margin 1, uniform accrual.
    hazard_ratio
        Intervention relative to control, one number.
    power
        Percent.
    looks
        Shares of the final events at each look, the last one 1: 0.5,1.
    boundary
        Spending function (obrien-fleming, pocock, ...), or "classical NAME".
    parameter
        Of the boundary, where it has one.
    futility
        Spending function of a non-binding futility boundary.
    futility_parameter
        Of it, where it has one.
    json
        Print one JSON document.
    """
    found = lookasked.look_trial(
        trial, hazard_ratio=hazard_ratio, power=power, looks=looks, boundary=boundary,
        parameter=parameter, futility=futility, futility_parameter=futility_parameter,
    )  # fmt: skip
    return show(found, json)


@app.command
def accrual(
    *,
    patients: int,
    months: float,
    rate: float,
    rate_factor: float,
    variation: float,
    stops: float,
    stop_months: float,
    centres: int | None = None,
    studies: str = "",
    tables: Tables = SHIPPED,
    figure: Drawn = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Chance that a trial does not have its patients in time, from the record of others.

    Parameters
    ----------
    patients
        Planned.
    months
        Planned months of accrual.
    rate
        Prior: median of the mean rate, patients per month (per centre and month with --centres).
    rate_factor
        Prior: its 95% interval is from rate / factor to rate * factor.
    variation
        Prior: scale of the half-normal distribution of the coefficient of variation of rates.
    stops
        Prior: so many trials stopped for their accrual ...
    stop_months
        ... in so many months of accrual.
    centres
        Planned centres; trials whose number of centres is not known are then left out.
    studies
        Trials to use, separated by commas; all of the table if not given.
    tables
        Folder with accrual.csv, or shipped; give it again to add more.
    figure
        Also draw it to this file (svg, png or pdf).
    json
        Print one JSON document.
    """
    found = accrualforecast.forecast_accrual(
        patients=patients,
        months=months,
        centres=centres,
        studies=tuple(part.strip() for part in studies.split(",") if part.strip()),
        prior=priorsasked.accrual_prior(
            rate=rate, rate_factor=rate_factor, variation=variation, stops=stops,
            stop_months=stop_months,
        ),
        tables=tables,
    )  # fmt: skip
    return show(found, json, figure)


@app.command
def enrich(
    run: Path,
    *,
    control: str,
    horizon: float,
    power: float,
    alpha: float,
    sides: int,
    allocation: float,
    follow_up: float,
    dropout: float,
    eligible: float,
    between: float,
    patients: Patients,
    selection: str | None = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Randomise everybody, or those whom a selection's rule treats.

    Parameters
    ----------
    run
        Folder of a finished run, or of one selection.
    control
        Percent of the comparator arm without the event by month: 36=55, or several.
    horizon
        Months of the restricted means, as in the selection.
    power
        Percent.
    alpha
        Percent.
    sides
        Of the test, 1 or 2.
    allocation
        Share of the patients in the intervention arm.
    follow_up
        Months after the last entry, not shorter than the horizon.
    dropout
        Percent lost to follow-up in a year.
    eligible
        Eligible patients per month, before the rule.
    between
        Standard deviation in months of true effects between groups, by which an effect that was
        picked is drawn back to the average.
    patients
        Numbers at which the assurance is given; give it again for another.
    selection
        Which selection, where the run has several.
    json
        Print one JSON document.
    """
    design = priorsasked.enrichment_design(
        control=control, horizon=horizon, power=power, alpha=alpha, sides=sides,
        allocation=allocation, follow_up=follow_up, dropout=dropout, eligible=eligible,
        between=between,
    )  # fmt: skip
    found = enriching.enrich_selection(
        enriching.read_selection(run, selection), design, patients=patients
    )
    return show(found, json)
