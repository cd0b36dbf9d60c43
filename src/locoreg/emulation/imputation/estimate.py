"""The effect with missing confounders imputed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import joblib  # type: ignore[import-untyped]
import numpy as np
from scipy import special

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.cohort.missing import missing_text
from locoreg.emulation.effect import Detail, Diagnostic, Effect, worst
from locoreg.emulation.imputation.chained import Chains
from locoreg.emulation.imputation.options import Imputation
from locoreg.emulation.imputation.rubin import Pooled, rubin
from locoreg.emulation.inference import Inference, Values
from locoreg.emulation.inference.assemble import Estimated, Label, assemble_effect
from locoreg.emulation.inference.estimate import check_support
from locoreg.emulation.inference.readings import Readings
from locoreg.emulation.inference.spread import (
    OnProgress,
    Spread,
    Statistic,
    bootstrap_spread,
    clusters,
    influence_variance,
)
from locoreg.emulation.question import Question
from locoreg.stats.survivaldata import FloatArray

if TYPE_CHECKING:
    from locoreg.emulation.methods.base import Method

# Imputations per percent of missing information below which results depend on the seed: White,
# Royston and Wood (2011), doi:10.1002/sim.4067.
PER_PERCENT = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Completed:
    """A cohort with its gaps filled several times.

    Attributes
    ----------
    chains : Chains
        The imputation models.
    filled : tuple of tuple of ndarray
        For each imputation the values of each imputed variable; empty where nothing is unknown.
    """

    chains: Chains
    filled: tuple[tuple[FloatArray, ...], ...]


def complete(cohort: Cohort, grace_months: float, imputation: Imputation) -> Completed:
    """Impute a cohort as often as the options say.

    Parameters
    ----------
    cohort : Cohort
        The persons, with values unknown.
    grace_months : float
        End of the grace period.
    imputation : Imputation
        How values are imputed.

    Returns
    -------
    Completed
        For any analysis of this cohort with this grace period.

    Raises
    ------
    DesignError
        If a variable can't be imputed.
    """
    chains = Chains(cohort, grace_months, imputation)
    if not chains.gaps:
        return Completed(chains=chains, filled=())
    filled = []
    for k in range(imputation.imputations):
        rng = np.random.default_rng(np.random.SeedSequence(imputation.seed, spawn_key=(k,)))
        filled.append(chains.fill(rng, imputation.rounds))
    return Completed(chains=chains, filled=tuple(filled))


def estimate_with_imputation(
    method: Method,
    cohort: Cohort,
    question: Question,
    inference: Inference,
    imputation: Imputation,
    *,
    protocol_sha256: str | None = None,
    on_progress: OnProgress | None = None,
    completed: Completed | None = None,
    interval_optional: bool = False,
) -> Effect:
    """Estimate an effect with missing confounders imputed.

    Parameters
    ----------
    method : Method
        How the effect is estimated.
    cohort : Cohort
        The persons, with values unknown.
    question : Question
        What is asked.
    inference : Inference
        How intervals are made. With influence functions each completed cohort is analysed and the
        results are pooled by Rubin's rules. With the bootstrap each replicate imputes anew under
        its weights: bootstrap outside, imputation inside [1]_.
    imputation : Imputation
        How values are imputed.
    protocol_sha256 : str, optional
        Hash of the protocol, for the provenance.
    on_progress : callable, optional
        Called with the bootstrap replicates done and their total.
    completed : Completed, optional
        What `complete` returned for the same cohort, grace period and options, so that several
        analyses share it.
    interval_optional : bool
        Whether a method without influence functions gets no interval, instead of the bootstrap.

    Returns
    -------
    Effect
        Curves are means over completed cohorts, and contrasts are read off them. Detail (steps,
        counts, balance) is that of the first completed cohort; a diagnostic has the worst verdict
        of all. Without unknown values the effect is that of the method alone.

    Raises
    ------
    DesignError
        If a variable can't be imputed, or intervals can't be made.

    References
    ----------
    .. [1] Schomaker M, Heumann C (2018). Statistics in Medicine 37:2252-2266.
       doi:10.1002/sim.7654
    """
    method.check_inference(inference)
    done = complete(cohort, question.grace_months, imputation) if completed is None else completed
    if not done.chains.gaps:
        return method.estimate(
            cohort, question, inference, protocol_sha256=protocol_sha256, on_progress=on_progress
        )
    runs = _Runs(method, cohort, question, inference, done)
    readings = runs.readings
    row = readings.read(runs.values)[0]
    if inference.interval == "none":
        spread = Spread.none(row.size)
    elif runs.variances is not None:
        spread = runs.pooled(row)
    elif interval_optional:
        spread = Spread.none(row.size)
    else:
        if inference.interval == "influence":
            raise DesignError(
                "this method has no influence functions with these options.",
                hint="ask for bootstrap intervals.",
            )
        statistic = Statistic(ImputingAnalysis(runs), readings)
        spread = bootstrap_spread(
            statistic, row, readings, cohort, inference, question.level, on_progress
        )
    label = Label(
        name=method.name,
        title=method.title,
        estimand=method.estimand(question),
        biased=method.biased,
        options=method.to_dict(),
    )
    found = Estimated(
        values=runs.values, row=row, readings=readings, spread=spread, detail=runs.detail()
    )
    return assemble_effect(
        label,
        found,
        cohort,
        question,
        inference,
        protocol_sha256=protocol_sha256,
        more={"imputation": imputation.to_dict()},
    )


class _Runs:
    """The analyses of the completed cohorts, one after another."""

    def __init__(
        self,
        method: Method,
        cohort: Cohort,
        question: Question,
        inference: Inference,
        completed: Completed,
    ) -> None:
        self.method, self.cohort, self.question = method, cohort, question
        self.chains, self.filled = completed.chains, completed.filled
        self.inference = inference
        self.readings = Readings.of(question, competing=cohort.competing)
        self.variances: FloatArray | None = None
        self.information: Pooled | None = None
        packed: list[FloatArray] = []
        variances: list[FloatArray] = []
        details: list[Detail] = []
        workers = joblib.Parallel(n_jobs=inference.jobs)
        found: list[tuple[Values, FloatArray | None, Detail]] = list(
            workers(joblib.delayed(self._analyse)(filled) for filled in self.filled)
        )
        for values, variance, detail in found:
            packed.append(values.packed())
            details.append(detail)
            if variance is not None:
                variances.append(variance)
        self.packed = np.concatenate(packed)
        self.values = Values.unpacked(self.packed.mean(axis=0)[None, :], self.readings.grid.size)
        self.details = details
        if len(variances) == len(packed):
            self.variances = np.stack(variances)

    def _analyse(self, filled: tuple[FloatArray, ...]) -> tuple[Values, FloatArray | None, Detail]:
        """Return values, variances of readings (None without influence) and detail."""
        analysis = self.method.bind(self.chains.completed(self.cohort, filled), self.question)
        values = analysis.values(np.ones((1, self.cohort.n)))
        check_support(values, self.question)
        variance = None
        if self.inference.interval in ("auto", "influence"):
            influence = analysis.influence()
            units = clusters(self.cohort) if self.inference.cluster else None
            if influence is not None:
                variance = influence_variance(self.readings, values, influence, units)
        return values, variance, analysis.detail()

    def pooled(self, row: FloatArray) -> Spread:
        """Return the spread by Rubin's rules."""
        assert self.variances is not None
        units = self.cohort.n
        if self.inference.cluster:
            units = np.unique(clusters(self.cohort)).size
        rows = self.readings.read(Values.unpacked(self.packed, self.readings.grid.size))
        self.information = rubin(rows, self.variances, units - 1.0)
        tail = (100.0 + self.question.level) / 200.0
        df = np.where(np.isnan(self.information.df), np.inf, self.information.df)
        reach = np.where(
            np.isfinite(df),
            special.stdtrit(np.where(np.isfinite(df), df, 1.0), tail),
            special.ndtri(tail),
        )
        return Spread.symmetric(row, np.sqrt(self.information.total), reach)

    def detail(self) -> Detail:
        """Return the first cohort's detail with the worst diagnostics and what was imputed."""
        first = self.details[0]
        options = self.chains.options
        columns = [gap.column for gap in self.chains.gaps]
        notes = [
            f"Unknown confounders were imputed {options.imputations} times by chained equations: "
            f"{missing_text(columns)}. Steps, counts and balance are those of the first completed "
            "cohort."
        ]
        if options.shift:
            names = ", ".join(options.shifted) or "all imputed variables"
            notes.append(
                f"Imputed values are shifted by {options.shift:g} (standard deviations or log "
                f"odds): {names}."
            )
        diagnostics = list(_worst_of([detail.diagnostics for detail in self.details]))
        if self.information is not None:
            diagnostics.append(self._information(self.information))
        return replace(first, notes=(*first.notes, *notes), diagnostics=tuple(diagnostics))

    def _information(self, pooled: Pooled) -> Diagnostic:
        """Say whether there are enough imputations for the difference at the horizon."""
        place = self.readings.difference.stop - 1
        lost = 100.0 * float(pooled.missing_information[place])
        needed = PER_PERCENT * lost
        done = self.chains.options.imputations
        few = done < needed
        return Diagnostic(
            name="missing_information",
            title="Information lost to missing confounders",
            verdict="warn" if few else "pass",
            value=lost,
            threshold=done / PER_PERCENT,
            message=f"{lost:.1f}% of the information on the difference at the horizon is missing; "
            f"there are {done} imputations.",
            advice=f"impute at least {int(np.ceil(needed))} times." if few else "",
        )


class ImputingAnalysis:
    """The whole analysis under weights, imputation and all; it can be sent to another process.

    Parameters
    ----------
    runs : _Runs
        The analyses of the completed cohorts.
    """

    def __init__(self, runs: _Runs) -> None:
        self.method, self.question, self.chains = runs.method, runs.question, runs.chains
        self.cohort = runs.cohort
        self.filled = runs.filled[: runs.chains.options.per_replicate]
        self.whole = runs.values.packed()[0]

    def values(self, weights: FloatArray) -> Values:
        """Impute and analyse under each weighting; all 1 gives the estimate itself."""
        rows = [self.whole if (one == 1.0).all() else self._replicate(one) for one in weights]
        return Values.unpacked(np.stack(rows), self.question.grid().size)

    def _replicate(self, weight: FloatArray) -> FloatArray:
        options = self.chains.options
        # The seed follows from the weights, so that it is the same in any batch and process.
        digest = hashlib.blake2b(np.ascontiguousarray(weight).tobytes(), digest_size=16).digest()
        root = np.random.SeedSequence([options.seed, int.from_bytes(digest, "little")])
        packed = []
        for k, child in enumerate(root.spawn(options.per_replicate)):
            filled = self.chains.fill(
                np.random.default_rng(child),
                options.replicate_rounds,
                weight=weight,
                start=self.filled[k % len(self.filled)],
            )
            analysis = self.method.bind(self.chains.completed(self.cohort, filled), self.question)
            packed.append(analysis.values(weight[None, :]).packed()[0])
        return np.asarray(np.mean(packed, axis=0))


def _worst_of(found: list[tuple[Diagnostic, ...]]) -> tuple[Diagnostic, ...]:
    """Return each diagnostic of the first analysis as it is in the worst one."""
    out = []
    for one in found[0]:
        same = [
            other
            for diagnostics in found
            for other in diagnostics
            if (other.name, other.arm) == (one.name, one.arm)
        ]
        bad = worst(same)
        out.append(next(other for other in same if other.verdict == bad))
    return tuple(out)
