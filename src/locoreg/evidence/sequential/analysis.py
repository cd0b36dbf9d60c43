"""Trial sequential analysis: the cumulative pool against boundaries that allow for its updates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy.special import ndtr, ndtri, stdtrit

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.provenance import Provenance, sha256_of_bytes
from locoreg.evidence.estimators import interval_name, method_name
from locoreg.evidence.sequential.looks import AT_END, Looks, find_looks
from locoreg.evidence.sequential.options import SequentialOptions
from locoreg.evidence.sequential.result import (
    AfterStop,
    FinalLook,
    RequiredSize,
    SequentialAnalysis,
    SequentialRow,
    StatedDiversity,
    Verdict,
)
from locoreg.evidence.sequential.size import TrialsRequired, required_information, trials_required
from locoreg.evidence.sequential.statistic import equivalent_z, penalised_z
from locoreg.evidence.sequential.trials import Counted, Date, Trials, order_trials
from locoreg.evidence.sequential.verdict import ANY_SHARE, flags, verdict
from locoreg.stats.groupsequential import Regions, regions, stage_wise
from locoreg.stats.heterogeneity import q_profile
from locoreg.stats.randomeffects import RandomEffects, cumulative, random_effects
from locoreg.stats.studies import FloatArray

STATED_DIVERSITIES = (0.0, 0.25, 0.5)


def sequential_analysis(
    yi: Sequence[float],
    *,
    se: Sequence[float],
    labels: Sequence[str],
    options: SequentialOptions,
    ids: Sequence[str] | None = None,
    dates: Sequence[Date] | None = None,
    looks: Sequence[int] | None = None,
    counted: Counted | None = None,
) -> SequentialAnalysis:
    """Hold the cumulative pool of the trials against sequential boundaries.

    Parameters
    ----------
    yi, se : sequence of float
        Effects on the analysis scale (log for ratios) and standard errors.
    labels : sequence of str
        Names of the trials.
    options : SequentialOptions
        What defines the analysis.
    ids : sequence of str, optional
        Identifiers.
    dates : sequence of str or number, optional
        When they came out; without them the order given stands.
    looks : sequence of int, optional
        Numbers, from 1, of the trials after which the pool was tested, in order of the dates. It
        takes the place of ``smallest_step``.
    counted : Counted, optional
        Information as participants or events, as the TSA software counts it; without it 1/variance.

    Returns
    -------
    SequentialAnalysis
        One row per trial, required information, boundaries and verdict.

    Raises
    ------
    DataError, DesignError
        If the trials or options can't be used.

    References
    ----------
    Wetterslev J, Thorlund K, Brok J, Gluud C (2008). J Clin Epidemiol 61:64-75.
    doi:10.1016/j.jclinepi.2007.03.013
    Wetterslev J, Thorlund K, Brok J, Gluud C (2009). BMC Medical Research Methodology 9:86.
    doi:10.1186/1471-2288-9-86 (diversity)
    """
    trials = order_trials(yi, se, labels=labels, ids=ids, dates=dates)
    pools = cumulative(
        trials.yi, trials.vi, order=np.arange(trials.yi.size),
        method=method_name(options.method), interval=interval_name(options.interval),
        level=options.level, prediction="riley",
    )  # fmt: skip
    het = _Heterogeneity.of(trials, options)
    information, single = _information(trials, het, options, counted)
    shares = information / (single * het.factor)
    found = find_looks(shares, trials, options, looks)
    required = single * het.factor * found.inflation
    achieved = float(information[-1])
    size = RequiredSize(
        unit="information" if counted is None else counted.unit,
        single=single,
        factor=het.factor,
        inflation=found.inflation,
        required=required,
        achieved=achieved,
        fraction=achieved / required,
        tau2=het.tau2,
        diversity=het.diversity,
        inconsistency=het.inconsistency,
        stated=_stated(
            single * found.inflation,
            achieved if het.tau2_in_weights == 0 else math.fsum(1.0 / trials.vi),
        ),
        trials=_further(trials, het, options),
    )
    rows = _rows(trials, pools, information, found, options)
    reached = verdict(rows, options)
    return SequentialAnalysis(
        options=options,
        rows=rows,
        final=_final(found, options),
        required=size,
        verdict=reached,
        after_stop=_after_stop(rows, found, reached, options),
        flags=flags(trials, rows, size, options),
        left_out=trials.left_out,
        conventional=float(-ndtri(options.alpha / options.sides)),
        provenance=_provenance(trials, options, looks, counted),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heterogeneity:
    """What the trials differ by, and what becomes of it."""

    tau2: float
    diversity: float
    inconsistency: float
    factor: float
    tau2_used: float
    tau2_in_weights: float

    @classmethod
    def of(cls, trials: Trials, options: SequentialOptions) -> _Heterogeneity:
        """Estimate heterogeneity from all trials, and adjust as the options say."""
        fit = random_effects(
            trials.yi, trials.vi, method=method_name(options.method), interval="normal",
            level=options.level, prediction="riley",
        )  # fmt: skip
        tau2 = 0.0 if options.method == "CE" else float(fit.tau2)
        diversity = _diversity(trials.vi, tau2)
        inconsistency = _inconsistency(trials, tau2)
        kind, value = options.adjustment.kind, options.adjustment.value
        if kind != "none" and value is None and options.method == "CE":
            raise DesignError(
                "the common-effect model estimates no heterogeneity to adjust for.",
                hint="state its value, or pool under random effects.",
            )
        factor, used, weights = 1.0, tau2, 0.0
        if kind in ("diversity", "inconsistency"):
            own = diversity if kind == "diversity" else inconsistency
            factor = 1.0 / (1.0 - (own if value is None else value))
        elif kind == "tau2":
            used = weights = tau2 if value is None else value
        return cls(
            tau2=tau2, diversity=diversity, inconsistency=inconsistency, factor=factor,
            tau2_used=used, tau2_in_weights=weights,
        )  # fmt: skip


def _information(
    trials: Trials, het: _Heterogeneity, options: SequentialOptions, counted: Counted | None
) -> tuple[FloatArray, float]:
    """Return the cumulative information, and what a single test needs of it."""
    if counted is None:
        single = required_information(
            options.target, alpha=options.alpha, power=options.power, sides=options.sides
        )
        return np.cumsum(1.0 / (trials.vi + het.tau2_in_weights)), single
    if options.adjustment.kind == "tau2":
        raise DesignError(
            f"tau2 has no place in a count of {counted.unit}.",
            hint="adjust by diversity, or count information as 1/variance.",
        )
    if len(counted.per_trial) != trials.order.size + len(trials.left_out):
        raise DesignError(f"{counted.unit} are given once per trial.")
    counts = np.array(counted.per_trial, dtype=np.float64)[trials.order]
    return np.cumsum(counts), counted.single


def _further(
    trials: Trials, het: _Heterogeneity, options: SequentialOptions
) -> TrialsRequired | None:
    return trials_required(
        options.target,
        tau2=het.tau2_used,
        information=math.fsum(1.0 / (trials.vi + het.tau2_used)),
        alpha=options.alpha,
        power=options.power,
        sides=options.sides,
    )


def _diversity(vi: FloatArray, tau2: float) -> float:
    """Return D2: the share of the random-effects pool's variance that is due to heterogeneity."""
    common, varying = math.fsum(1.0 / vi), math.fsum(1.0 / (vi + tau2))
    return max(0.0, 1.0 - varying / common)


def _inconsistency(trials: Trials, tau2: float) -> float:
    """Return I2 as a fraction, from tau2 and the typical variance."""
    if trials.yi.size < 2:
        return 0.0
    typical = float(q_profile(trials.yi, trials.vi, level=95).typical_variance)
    return tau2 / (tau2 + typical)


def _stated(required: float, there: float) -> tuple[StatedDiversity, ...]:
    return tuple(
        StatedDiversity(
            diversity=one, required=required / (1.0 - one), fraction=there * (1.0 - one) / required
        )
        for one in STATED_DIVERSITIES
    )


def _final(found: Looks, options: SequentialOptions) -> FinalLook | None:
    if any(found.fraction[i] >= 1 - AT_END for i in found.taken):
        return None
    return FinalLook(**_at(found.region, found.region.looks - 1, options))


def _at(region: Regions, k: int, options: SequentialOptions) -> dict[str, float]:
    """Return the boundaries of a look on the scale of z, NaN for none."""
    sign = options.direction
    upper, lower, inner = (float(a[k]) for a in (region.upper, region.lower, region.inner))
    out = {
        "benefit": sign * upper if math.isfinite(upper) else math.nan,
        "harm": math.nan,
        "futility_low": math.nan,
        "futility_high": math.nan,
    }
    if options.sides == 2:
        if math.isfinite(lower):
            out["harm"] = sign * lower
        if inner > 0:
            out.update(futility_low=-inner, futility_high=inner)
    elif math.isfinite(lower):
        out["futility_high" if sign > 0 else "futility_low"] = sign * lower
    return out


def _rows(
    trials: Trials,
    pools: RandomEffects,
    information: FloatArray,
    found: Looks,
    options: SequentialOptions,
) -> tuple[SequentialRow, ...]:
    z = equivalent_z(pools)
    place = {i: n for n, i in enumerate(found.taken)}
    return tuple(
        _row(trials, pools, i, float(z[i]), float(information[i]), place.get(i), found, options)
        for i in range(trials.yi.size)
    )


def _row(
    trials: Trials,
    pools: RandomEffects,
    i: int,
    z: float,
    information: float,
    place: int | None,
    found: Looks,
    options: SequentialOptions,
) -> SequentialRow:
    none = dict.fromkeys(("benefit", "harm", "futility_low", "futility_high"), math.nan)
    drawn = place is not None and place < found.region.looks and _enough(found)
    at = _at(found.region, place, options) if drawn and place is not None else none
    mu, se, df = float(pools.mu[i]), float(pools.se[i]), float(pools.df[i])
    half = _half_width(at["benefit"], se, df)
    return SequentialRow(
        study_id=trials.ids[i], label=trials.labels[i], date=trials.dates[i],
        look=None if place is None else place + 1,
        information=information, fraction=float(found.fraction[i]),
        mu=Estimate(
            estimate=mu, se=se, ci_low=float(pools.ci_low[i]), ci_high=float(pools.ci_high[i]),
            level=options.level, scale=options.scale,
        ),
        tau2=0.0 if options.method == "CE" else float(pools.tau2[i]),
        statistic=float(pools.statistic[i]), df=df, z=z, p_value=float(pools.p_value[i]),
        adjusted_low=mu - half, adjusted_high=mu + half,
        penalised=penalised_z(z, float(np.sum(1.0 / trials.vi[: i + 1])), options.penalty),
        **at,
    )  # fmt: skip


def _enough(found: Looks) -> bool:
    """Return whether there is enough information to draw boundaries at all."""
    return float(found.fraction[-1]) >= ANY_SHARE


def _half_width(boundary: float, se: float, df: float) -> float:
    """Return the adjusted interval's half-width: the boundary as a quantile of the statistic."""
    if math.isnan(boundary):
        return math.nan
    size = abs(boundary)
    if math.isnan(df):
        return size * se
    return -float(stdtrit(df, float(ndtr(-size)))) * se


def _after_stop(
    rows: tuple[SequentialRow, ...], found: Looks, reached: Verdict, options: SequentialOptions
) -> AfterStop | None:
    """Return inference at the crossing; futility does not bind and plays no part in it."""
    if reached.kind not in ("benefit", "harm"):
        return None
    binding = options.futility is not None and options.futility.binding
    if binding and options.sides == 2:
        return None
    row = rows[reached.row]
    place = (row.look or 1) - 1
    per_share = (row.z / row.mu.estimate) ** 2 / float(found.region.information[place])
    two = options.sides == 2
    region = regions(
        found.region.information * per_share,
        upper=found.region.upper,
        lower=found.region.lower if two or binding else None,
    )
    sign = options.direction
    out = stage_wise(region, look=place, z=sign * row.z, level=options.level)
    ends = sorted((sign * out.ci_low, sign * out.ci_high))
    return AfterStop(
        mu=Estimate(
            estimate=sign * out.estimate, se=math.nan, ci_low=ends[0], ci_high=ends[1],
            level=options.level, scale=options.scale,
        ),
        p_value=out.p_value,
    )  # fmt: skip


def _provenance(
    trials: Trials,
    options: SequentialOptions,
    looks: Sequence[int] | None,
    counted: Counted | None,
) -> Provenance:
    names = "\0".join((*trials.labels, *trials.dates)).encode()
    stated = None if looks is None else [int(one) for one in looks]
    count = None if counted is None else asdict(counted)
    return Provenance(
        input_sha256=sha256_of_bytes(trials.yi.tobytes(), trials.vi.tobytes(), names),
        options={**options.to_dict(), "looks": stated, "counted": count},
    )
