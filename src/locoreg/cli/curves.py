"""``locoreg curves``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from locoreg.cli.output import print_json, print_text
from locoreg.core.errors import DesignError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from locoreg.evidence.digitised import AccuracyLimits

Flag = Parameter(negative=())
Limits = Annotated[str, Parameter(negative=())]
Texts = Annotated[tuple[str, ...], Parameter(negative=())]

app = App(
    name="curves", help="Published survival curves, read by hand: template, reconstruct, pool."
)


@app.command
def template(folder: Path) -> int:
    """Write empty tables for digitised curves, and a dictionary of their columns.

    Parameters
    ----------
    folder
        New folder.
    """
    from locoreg.workflows.digitised import write_template

    for path in write_template(folder):
        print_text(f"Wrote {path}.")
    return 0


@app.command
def reconstruct(
    folder: Path,
    *,
    level: float,
    limits: Limits,
    outcome: str | None = None,
    out: Path | None = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Reconstruct persons from read curves, with the three checks of accuracy.

    Parameters
    ----------
    folder
        Folder with curves.csv, points.csv or webplotdigitizer.csv, and at_risk.csv.
    level
        Level of the intervals in percent, for example 95.
    limits
        What still counts as accurate, four numbers separated by commas: root mean square, mean
        absolute and largest error of survival as proportions, and the largest error of a number at
        risk as a share of n.
    outcome
        Outcome, where the folder has curves of several.
    out
        Folder for persons.csv, results.json and one figure per study.
    json
        Print one JSON document.
    """
    from locoreg.workflows.digitised import reconstruct_folder, write_reconstruction

    made = reconstruct_folder(folder, level=level, limits=_limits(limits), outcome=outcome)
    written: tuple[Path, ...] = ()
    if out is not None:
        from locoreg.figures.digitised import reconstruction_figure

        written = write_reconstruction(made, out)
        for study in made.studies:
            written += (_save(reconstruction_figure(study), out / f"{study.study_id}.svg"),)
    if json:
        print_json(made.to_dict())
        return 0
    print_text(made.summary())
    for path in written:
        print_text(f"Wrote {path}.")
    return 0


@app.command
def pool(
    folder: Path,
    *,
    level: float,
    limits: Limits,
    horizon: Texts,
    method: str,
    interval: str,
    variance: Literal["model", "robust", "robust-by-study"],
    at: Texts = (),
    cuts: Texts = (),
    outcome: str | None = None,
    out: Path | None = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Analyse the reconstructed persons of several studies together.

    Parameters
    ----------
    folder
        Folder as for `locoreg curves reconstruct`.
    level
        Level of the intervals in percent, for example 95.
    limits
        What still counts as accurate, four numbers separated by commas: root mean square, mean
        absolute and largest error of survival as proportions, and the largest error of a number at
        risk as a share of n.
    horizon
        Months to which restricted means are compared, separated by commas.
    method
        Estimator of tau2 of the two-stage pools: CE, DL, HE, HS, SJ, ML, REML, EB or PM.
    interval
        normal, t, hartung-knapp or hartung-knapp-floor.
    variance
        Variance of the Cox models; robust takes persons as clusters, robust-by-study studies.
    at
        Months at which survival is compared, separated by commas.
    cuts
        Months at which the hazard ratio may change, separated by commas.
    outcome
        Outcome, where the folder has curves of several.
    out
        Folder for results.json, the averaged curves and two figures.
    json
        Print one JSON document.
    """
    from locoreg.workflows.digitised import pool_folder, write_pool

    pooled = pool_folder(
        folder,
        level=level,
        limits=_limits(limits),
        horizons=_numbers("horizon", horizon),
        at=_numbers("at", at),
        cuts=_numbers("cuts", cuts),
        method=method,
        interval=interval,
        variance=variance,
        outcome=outcome,
    )
    written: tuple[Path, ...] = ()
    if out is not None:
        from locoreg.figures.digitised import hazard_ratio_figure, pooled_curves_figure

        written = write_pool(pooled, out)
        written += (_save(pooled_curves_figure(pooled), out / "curves.svg"),)
        written += (_save(hazard_ratio_figure(pooled), out / "hazard_ratio.svg"),)
    if json:
        print_json(pooled.to_dict())
        return 0
    print_text(pooled.summary())
    for path in written:
        print_text(f"Wrote {path}.")
    return 0


def _save(figure: Figure, path: Path) -> Path:
    from locoreg.figures import save

    return save(figure, path)


def _limits(text: str) -> AccuracyLimits:
    from locoreg.workflows.digitised import accuracy_limits

    try:
        rmse, mean_error, max_error, at_risk = (float(part) for part in text.split(","))
    except ValueError:
        raise DesignError(
            f"--limits: {text!r} is not four numbers.",
            hint="write rmse,mean,max,at-risk, for example 0.05,0.02,0.05,0.01.",
        ) from None
    return accuracy_limits(rmse=rmse, mean_error=mean_error, max_error=max_error, at_risk=at_risk)


def _numbers(name: str, given: tuple[str, ...]) -> tuple[float, ...]:
    found = []
    for text in (part.strip() for item in given for part in item.split(",") if part.strip()):
        try:
            found.append(float(text))
        except ValueError:
            raise DesignError(f"--{name}: {text!r} is no number.", hint="write 12,36.") from None
    return tuple(sorted(set(found)))
