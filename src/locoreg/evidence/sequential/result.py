"""What a trial sequential analysis gives."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import decimal_text, p_text
from locoreg.core.provenance import Provenance
from locoreg.evidence.sequential.options import SequentialOptions
from locoreg.evidence.sequential.size import TrialsRequired
from locoreg.evidence.sequential.trials import LeftOut

UNITS = {
    "information": "information (1/variance)",
    "events": "events",
    "participants": "participants",
}
VerdictKind = Literal["benefit", "harm", "futility", "reached", "not reached"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialRow:
    """The state after one trial.

    Attributes
    ----------
    study_id, label, date : str
        The trial; an empty date where none is given.
    look : int or None
        Number of the look, from 1; None where none is taken.
    information, fraction : float
        Cumulative information, and as a share of what is required.
    mu : Estimate
        The cumulative pool with its own interval.
    tau2, statistic, df : float
        Its between-study variance, test statistic mu / se and degrees of freedom (NaN: normal).
    z : float
        The statistic as a normal quantile of the same p-value: what is held against boundaries.
    p_value : float
        Two-sided, of this pool alone.
    benefit, harm : float
        Boundaries on the scale of ``z``; NaN where none is.
    futility_low, futility_high : float
        Edges of the region of futility; NaN where it has none.
    adjusted_low, adjusted_high : float
        Interval with the boundary in place of the normal quantile; NaN where no boundary is.
    penalised : float
        z over sqrt(lambda log log information); NaN where not asked for or not defined.
    """

    study_id: str
    label: str
    date: str
    look: int | None
    information: float
    fraction: float
    mu: Estimate
    tau2: float
    statistic: float
    df: float
    z: float
    p_value: float
    benefit: float
    harm: float
    futility_low: float
    futility_high: float
    adjusted_low: float
    adjusted_high: float
    penalised: float

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON-ready values."""
        out = {f.name: getattr(self, f.name) for f in fields(self)}
        out["mu"] = self.mu.to_dict()
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalLook:
    """Boundaries at the required information, not yet reached.

    Attributes
    ----------
    benefit, harm, futility_low, futility_high : float
        As in :class:`SequentialRow`.
    """

    benefit: float
    harm: float
    futility_low: float
    futility_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedDiversity:
    """What would be required with a stated diversity.

    Attributes
    ----------
    diversity : float
        D2 as a fraction.
    required, fraction : float
        Information required, and the share that there is.
    """

    diversity: float
    required: float
    fraction: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredSize:
    """The information that is required, and what there is.

    Attributes
    ----------
    unit : str
        What is counted: ``information`` (1 / variance), ``events`` or ``participants``.
    single : float
        Of a single test without heterogeneity.
    factor : float
        By which heterogeneity multiplies it.
    inflation : float
        By which the looks multiply it; 1 for ``single look``.
    required, achieved, fraction : float
        single x factor x inflation, what the trials hold, and its share.
    tau2, diversity, inconsistency : float
        As all the trials together estimate them; D2 and I2 as fractions.
    stated : tuple of StatedDiversity
        For a diversity of 0, 25 and 50%, with the trials' common-effect information.
    trials : TrialsRequired or None
        Further trials that a random-effects pool with the tau2 used takes; None if it needs none.
    """

    unit: str
    single: float
    factor: float
    inflation: float
    required: float
    achieved: float
    fraction: float
    tau2: float
    diversity: float
    inconsistency: float
    stated: tuple[StatedDiversity, ...]
    trials: TrialsRequired | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterStop:
    """Inference that allows for the looks, at the look that crossed a boundary.

    Attributes
    ----------
    mu : Estimate
        Median-unbiased estimate with its stage-wise interval; its se is NaN.
    p_value : float
        Two-sided, stage-wise.
    """

    mu: Estimate
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Where the cumulative z-curve stands.

    Attributes
    ----------
    kind : {"benefit", "harm", "futility", "reached", "not reached"}
        First boundary crossed, or whether the required information was reached without.
    row : int
        Index of the row at which it was; the last one for ``not reached``.
    sentence : str
        The same in words.
    """

    kind: VerdictKind
    row: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialAnalysis:
    """A trial sequential analysis.

    Attributes
    ----------
    options : SequentialOptions
        What defines it.
    rows : tuple of SequentialRow
        One per trial, in order.
    final : FinalLook or None
        Boundaries at the required information; None once it is reached.
    required : RequiredSize
        How much is required and there.
    verdict : Verdict
        Where the z-curve stands.
    after_stop : AfterStop or None
        Where a boundary of benefit or harm was crossed.
    flags : tuple of str
        What a reader has to know.
    left_out : tuple of LeftOut
        Trials without a usable number.
    conventional : float
        z of the single test, 1.96 for two sides of 5%.
    provenance : Provenance
        Hash of the inputs, options.
    """

    options: SequentialOptions
    rows: tuple[SequentialRow, ...]
    final: FinalLook | None
    required: RequiredSize
    verdict: Verdict
    after_stop: AfterStop | None
    flags: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    conventional: float
    provenance: Provenance

    @property
    def last(self) -> SequentialRow:
        """State after the last trial."""
        return self.rows[-1]

    def to_dict(self) -> dict[str, Any]:
        """Return the analysis as JSON-ready values."""
        stop = self.after_stop
        required = asdict(self.required)
        required["trials"] = (
            None if self.required.trials is None else self.required.trials.to_dict()
        )
        required["stated"] = [asdict(one) for one in self.required.stated]
        return {
            "options": self.options.to_dict(),
            "rows": [row.to_dict() for row in self.rows],
            "final": None if self.final is None else asdict(self.final),
            "required": required,
            "verdict": asdict(self.verdict),
            "after_stop": None
            if stop is None
            else {"mu": stop.mu.to_dict(), "p_value": stop.p_value},
            "flags": list(self.flags),
            "left_out": [asdict(one) for one in self.left_out],
            "conventional": self.conventional,
            "provenance": self.provenance.to_dict(),
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> SequentialAnalysis:
        """Return the analysis that :meth:`to_dict` wrote."""
        stop, required, source = stored["after_stop"], stored["required"], stored["provenance"]
        trials = required["trials"]
        return cls(
            options=SequentialOptions.from_dict(stored["options"]),
            rows=tuple(_row(one) for one in stored["rows"]),
            final=None if stored["final"] is None else FinalLook(**_floats(stored["final"])),
            required=RequiredSize(
                **{
                    **_floats(
                        {k: v for k, v in required.items() if k not in ("stated", "trials", "unit")}
                    ),
                    "unit": required["unit"],
                    "stated": tuple(StatedDiversity(**one) for one in required["stated"]),
                    "trials": None
                    if trials is None
                    else TrialsRequired(
                        fewest=trials["fewest"],
                        trials=tuple(trials["trials"]),
                        variances=tuple(trials["variances"]),
                    ),
                }
            ),
            verdict=Verdict(**stored["verdict"]),
            after_stop=None
            if stop is None
            else AfterStop(mu=_estimate(stop["mu"]), p_value=stop["p_value"]),
            flags=tuple(stored["flags"]),
            left_out=tuple(LeftOut(**one) for one in stored["left_out"]),
            conventional=stored["conventional"],
            provenance=Provenance(
                input_sha256=source["input_sha256"],
                options=source["options"],
                version=source["version"],
            ),
        )

    def summary(self) -> str:
        """Return the result in plain lines."""
        lines = [self.verdict.sentence, *size_lines(self), self._interval_line()]
        if self.after_stop is not None:
            stop = self.after_stop
            lines.append(
                f"Allowing for the looks, at the crossing: {stop.mu.text()}, "
                f"{stop.mu.level:g}% stage-wise interval, {p_text(stop.p_value)}."
            )
        lines += [f"{flag}" for flag in self.flags]
        lines += [f"Left out: {one.label}: {one.reason}." for one in self.left_out]
        return "\n".join(lines)

    def _interval_line(self) -> str:
        last = self.last
        plain = (
            f"Cumulative pool of {len(self.rows)}: {last.mu.text()}, {last.mu.level:g}% interval"
        )
        if math.isnan(last.adjusted_low):
            return f"{plain}; no adjusted interval, for no boundary lies at the last trial."
        level = 100 * (1 - self.options.alpha * (2 / self.options.sides))
        adjusted = Estimate(
            estimate=last.mu.estimate, se=math.nan, ci_low=last.adjusted_low,
            ci_high=last.adjusted_high, level=level, scale=last.mu.scale,
        )  # fmt: skip
        return f"{plain}; adjusted for the looks {adjusted.text()}, {level:g}% interval."


def size_lines(result: SequentialAnalysis) -> list[str]:
    """Return what is required and what there is, in words."""
    size, options = result.required, result.options
    measure = "a ratio" if options.scale == "log" else "a difference"
    lines = [
        f"Required for {measure} of {decimal_text(options.effect)} with alpha "
        f"{100 * options.alpha:g}% ({options.sides}-sided) and a power of "
        f"{100 * options.power:g}%: {UNITS[size.unit]} {_count(size.required)}; there is "
        f"{_count(size.achieved)}, {share_text(size.fraction)}."
    ]
    if size.factor != 1:
        lines.append(
            f"Without heterogeneity {_count(size.single * size.inflation)} would be required; "
            f"{options.adjustment.kind} multiplies it by {size.factor:.3g}."
        )
    if size.inflation != 1:
        lines.append(f"The looks multiply it by {size.inflation:.4g}.")
    if size.trials is not None and size.trials.fewest > 1:
        count = size.trials.fewest
        lines.append(
            f"Under random effects with tau2 held it takes at least {count} further "
            "trials, however large."
        )
    return lines


def _count(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def share_text(fraction: float) -> str:
    """Return a share as a percentage, with a digit where it is small."""
    percent = 100 * fraction
    if percent >= 9.95:
        return f"{percent:.0f}%"
    return f"{percent:.1f}%" if percent >= 0.095 else f"{percent:.2g}%"


def _row(stored: dict[str, Any]) -> SequentialRow:
    kept = ("study_id", "label", "date", "look", "mu")
    numbers = _floats({k: v for k, v in stored.items() if k not in kept})
    return SequentialRow(
        **{**{k: stored[k] for k in kept if k != "mu"}, **numbers, "mu": _estimate(stored["mu"])}
    )


def _estimate(stored: dict[str, Any]) -> Estimate:
    numbers = {k: stored[k] for k in ("estimate", "se", "ci_low", "ci_high", "level")}
    return Estimate(**_floats(numbers), scale=stored["scale"])


def _floats(stored: dict[str, Any]) -> dict[str, Any]:
    """Read null as NaN, as which it was written."""
    return {k: math.nan if v is None else v for k, v in stored.items()}
