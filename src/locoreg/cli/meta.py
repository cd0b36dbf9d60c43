"""``locoreg meta``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from locoreg.cli.output import print_json, print_text
from locoreg.core.errors import DataError, DesignError
from locoreg.workflows.meta import MetaReport, meta_table

Flag = Parameter(negative=())
Texts = Annotated[tuple[str, ...], Parameter(negative=())]


def meta(
    table: Path,
    *,
    measure: str,
    method: str,
    interval: str,
    level: float,
    columns: Texts = (),
    label: Texts = (),
    add: float | None = None,
    to: Literal["only0", "all", "if0all", "none"] | None = None,
    drop00: Annotated[bool, Flag] = False,
    ci_level: float | None = None,
    prediction: Literal["riley", "metafor"] = "riley",
    by: str = "",
    subgroup_tau2: Literal["separate", "common"] | None = None,
    mods: Texts = (),
    factors: Texts = (),
    reference: Texts = (),
    permute: int | Literal["exact"] | None = None,
    seed: int | None = None,
    cluster: str = "",
    within: str = "",
    robust: Literal["CR0", "CR1", "CR2"] | None = None,
    rho: float | None = None,
    leave_one_out: Annotated[bool, Flag] = False,
    order: str = "",
    influence: Annotated[bool, Flag] = False,
    baujat: Annotated[bool, Flag] = False,
    small_study: Annotated[bool, Flag] = False,
    alpha: float | None = None,
    steps: Texts = (),
    alternative: Literal["greater", "less", "two-sided"] | None = None,
    target: float | None = None,
    mantel_haenszel: Annotated[bool, Flag] = False,
    peto: Annotated[bool, Flag] = False,
    no_continuity: Annotated[bool, Flag] = False,
    tau_prior: str = "",
    decimal: Literal["point", "comma"] | None = None,
    title: str | None = None,
    out: Path | None = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Meta-analysis of anyone's table: effects, counts, proportions, person-time, means.

    Parameters
    ----------
    table
        Delimited text file (CSV), one row per effect, column names in the first row. Columns with
        metafor's names (ai, n1i, ci, n2i; xi, ni; yi, vi; ...) are found by themselves.
    measure
        OR, RR, RD, PETO, IRR, HR, MD, SMD, ROM, PLO, PFT, ZCOR, ...
    method
        Between-study variance: CE (common effect), DL, HE, HS, SJ, ML, REML, EB, PM, ...
    interval
        normal, t, hartung-knapp or hartung-knapp-floor.
    level
        Level of all intervals in percent, for example 95.
    columns
        Columns by role: ai=tpos,n1i=ntreated.
    label
        Columns that name a study, separated by commas.
    add
        Constant for zero counts; 0.5, or 0 for measures that need none, if not given.
    to
        Studies that get it: those with a zero if not given.
    drop00
        Leave studies without events in both groups out.
    ci_level
        Level in percent of printed intervals (columns est, ci_low, ci_high).
    prediction
        Formula of the prediction interval: t with k - 2 degrees of freedom, or metafor's.
    by
        Column of subgroups.
    subgroup_tau2
        One between-study variance per subgroup, or one between them.
    mods
        Columns of moderators, separated by commas: words become indicators.
    factors
        Moderators whose numbers are codes.
    reference
        Reference level of a factor: alloc=random.
    permute
        Random permutations of a permutation test (all, where they are no more), or exact.
    seed
        Seed of the permutations.
    cluster
        Column of effects that are not independent; the outer level of a three-level model.
    within
        Column of the inner level of a three-level model.
    robust
        Cluster-robust standard errors.
    rho
        Correlation of effects of a cluster: pool one effect per cluster.
    leave_one_out
        Pool without each study.
    order
        Column that orders cumulative pools, for example year.
    influence
        Cook's distance, DFBETAS, studentised residuals.
    baujat
        Contribution to Q against influence on the pool.
    small_study
        Tests and adjustments for small-study effects.
    alpha
        Level of those tests; 0.1 is usual.
    steps
        Steps of the selection model's p-values: 0.025 or 0.025,0.5.
    alternative
        Side on which results are thought to be selected.
    target
        Smallest effect that matters, as it is read (0.9 for a ratio), for Orwin's number.
    mantel_haenszel
        Also the Mantel-Haenszel pool.
    peto
        Also Peto's pool.
    no_continuity
        Cochran-Mantel-Haenszel test without its continuity correction.
    tau_prior
        Prior on tau of a Bayesian pool, for example "half-normal(0.5)".
    decimal
        Sign before the decimals; found out if not given.
    title
        Title of the figures.
    out
        Folder for results.json, tables (CSV) and figures (SVG).
    json
        Print one JSON document.
    """
    report = meta_table(
        table,
        measure=measure,
        method=method,
        interval=interval,
        level=level,
        columns=_pairs("--columns", columns),
        label=_split(label),
        add=add,
        to=to,
        drop00=drop00,
        ci_level=ci_level,
        prediction=prediction,
        by=by,
        subgroup_tau2=subgroup_tau2,
        mods=_split(mods),
        factors=_split(factors),
        references=_pairs("--reference", reference),
        permute=permute,
        seed=seed,
        cluster=cluster,
        within=within,
        robust=robust,
        rho=rho,
        leave_one_out=leave_one_out,
        order=order,
        influence=influence,
        baujat=baujat,
        small_study=small_study,
        alpha=alpha,
        steps=_numbers("--steps", steps),
        alternative=alternative,
        target=target,
        mantel_haenszel=mantel_haenszel,
        peto=peto,
        continuity=not no_continuity,
        tau_prior=tau_prior,
        decimal=decimal,
    )
    if title is not None and out is None:
        raise DesignError("--title without --out: no figure is drawn.", hint="add --out FOLDER.")
    written = _write(report, out, title) if out is not None else ()
    if json:
        print_json(report.to_dict())
        return 0
    print_text(report.summary())
    if written:
        print_text(f"Wrote {', '.join(written)} in {out}.")
    return 0


def _write(report: MetaReport, out: Path, title: str | None) -> tuple[str, ...]:
    """Write results, tables and figures; return their names."""
    from locoreg.figures import save
    from locoreg.figures.meta import figures_of_report
    from locoreg.workflows.meta.files import write_tables

    if out.exists() and not out.is_dir():
        raise DataError(f"{out} is a file, not a folder.", hint="name a folder.")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{out} can't be made ({error.strerror}).", hint="name a folder.") from None
    names = list(write_tables(report, out))
    for name, figure in figures_of_report(report, title=title).items():
        save(figure, out / f"{name}.svg")
        names.append(f"{name}.svg")
    return tuple(names)


def _split(given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.strip() for item in given for part in item.split(",") if part.strip())


def _pairs(option: str, given: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in _split(given):
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not sign or not name or not value:
            raise DesignError(f"{option}: {part!r} is no pair.", hint="write name=value.")
        if name in found:
            raise DesignError(f"{option}: {name} is given twice.", hint="give each name once.")
        found[name] = value
    return found


def _numbers(option: str, given: tuple[str, ...]) -> tuple[float, ...]:
    found = []
    for text in _split(given):
        try:
            found.append(float(text))
        except ValueError:
            raise DesignError(f"{option}: {text!r} is no number.", hint="write 0.025.") from None
    return tuple(found)
