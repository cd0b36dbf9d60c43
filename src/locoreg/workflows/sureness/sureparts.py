"""Each part of how sure a pool is: posterior, small studies, ladder of designs, certainty."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locoreg.core.errors import DesignError, LocoregError
from locoreg.evidence.certainty import AsymmetryTest, InformationRule
from locoreg.evidence.designs import DesignLadder, design_ladder
from locoreg.evidence.priorsensitivity import PriorSensitivity
from locoreg.evidence.records import Study
from locoreg.evidence.riskofbias import Assessment
from locoreg.stats.bayes import parse_mu_prior
from locoreg.workflows.bayes import bayes_of_effects
from locoreg.workflows.certainty import certainty_of, read_assessments
from locoreg.workflows.conclusion.plan import FindingsPlan
from locoreg.workflows.conclusion.pools import Results
from locoreg.workflows.conclusion.settling import Keep
from locoreg.workflows.evidence import open_tables
from locoreg.workflows.smallstudy import PoolSmallStudy, small_study_of_json
from locoreg.workflows.sureness.ladderrungs import rungs_of, shared_cohorts
from locoreg.workflows.sureness.orientedpool import OrientedPool
from locoreg.workflows.sureness.priortexts import tau_prior_of
from locoreg.workflows.sureness.sureplan import (
    BayesPlan,
    CertaintyPlan,
    DesignsPlan,
    HowSurePlan,
    SmallStudyPlan,
)

Part = dict[str, Any]
NO_FINDINGS = (
    "the study file has no entry of findings on this pool: baselines, threshold and a person's "
    "certainty are stated there."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPosterior:
    """A pool under its priors, with the words that its figure needs.

    Attributes
    ----------
    result : PriorSensitivity
        What is drawn.
    title, measure : str
        Of figure and axis.
    favours : tuple of str
        Words for the two sides of no effect.
    """

    result: PriorSensitivity
    title: str
    measure: str
    favours: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnLadder:
    """A ladder of designs, with the words that its figure needs.

    Attributes
    ----------
    result : DesignLadder
        What is drawn.
    title : str
        Of the figure.
    favours : tuple of str
        Words for the two sides of no effect.
    """

    result: DesignLadder
    title: str
    favours: tuple[str, str]


class SureParts:
    """Computes the parts of one entry.

    Parameters
    ----------
    results : mapping
        Results of the run so far.
    plan : HowSurePlan
        The entry.
    pool : OrientedPool
        Its pool.
    finding : FindingsPlan or None
        The entry of ``findings`` on the same pool.
    key : str
        Where the entry stands in the results.
    tables : sequence of str or Path
        Sets of evidence tables.
    keep : callable
        Given the key and the drawn result of each part that has a figure.
    """

    def __init__(
        self,
        results: Results,
        plan: HowSurePlan,
        pool: OrientedPool,
        finding: FindingsPlan | None,
        key: str,
        tables: Sequence[str | Path],
        keep: Keep,
    ) -> None:
        self.results, self.plan, self.pool = results, plan, pool
        self.finding, self.key, self.tables, self.keep = finding, key, tables, keep
        self.tests: tuple[AsymmetryTest, ...] = ()

    def parts(self) -> dict[str, Part | None]:
        """Return the parts that the entry asks for; None where it does not."""
        plan = self.plan
        out: dict[str, Part | None] = {
            "bayes": self._tried("bayes", plan.bayes, self._bayes),
            "small_study": self._tried("small_study", plan.small_study, self._small_study),
            "designs": self._tried("designs", plan.designs, self._designs),
        }
        # After the small-study effects, whose tests it reads.
        out["certainty"] = self._tried("certainty", plan.certainty, self._certainty)
        return out

    def _tried(self, name: str, asked: Any, compute: Callable[[str, Any], Part]) -> Part | None:
        if asked is None:
            return None
        key = f"{self.key}/{name}"
        try:
            return {"key": key, "refused": "", **compute(key, asked)}
        except LocoregError as error:
            return {"key": key, "refused": str(error)}

    @property
    def _favours(self) -> tuple[str, str]:
        return f"Favours {self.pool.favours_below}", f"Favours {self.pool.favours_above}"

    @property
    def _title(self) -> str:
        return f"{self.pool.label}: {self.pool.title}"

    @property
    def _axis(self) -> str:
        counted = self.pool.event if self.pool.measure not in ("MD", "SMD") else self.pool.label
        return f"{self.pool.measure} for {counted}, intervention relative to control"

    def _bayes(self, key: str, asked: BayesPlan) -> Part:
        pool = self.pool
        read = asked.thresholds
        # What is better or worse than nothing is always told.
        if pool.null not in read:
            read = (pool.null, *read)
        found = bayes_of_effects(
            pool.yi, pool.se, labels=pool.labels,
            priors={text: tau_prior_of(text) for text in asked.tau_priors},
            mu_prior=asked.mu_prior, thresholds=[pool.analysed(one) for one in read],
            level=pool.level, scale=pool.scale,
        )  # fmt: skip
        drawn = DrawnPosterior(
            result=found, title=self._title, measure=self._axis, favours=self._favours
        )
        self.keep(key, drawn)
        place = read.index(pool.null)
        told = found.to_dict()
        benefit = [pool.benefit(row.below[place]) for row in found.rows]
        return {
            **told,
            "rows": [
                {
                    **row,
                    "words": one.tau_prior.words,
                    "new_read": _read(found.natural, one.new_low, one.new_high),
                    "benefit": chance,
                    "benefit_new": pool.benefit(one.new_below[place]),
                }
                for row, one, chance in zip(told["rows"], found.rows, benefit, strict=True)
            ],
            "refused_priors": told["refused"],
            "refused": "",
            "thresholds_read": list(read),
            "benefit_range": {"low": min(benefit), "high": max(benefit)},
        }

    def _small_study(self, key: str, asked: SmallStudyPlan) -> Part:
        pool = self.pool
        turned = {**pool.source, "studies": [dict(one) for one in pool.studies]}
        found = small_study_of_json(
            {**turned, "title": self._title}, alpha=asked.alpha / 100, steps=asked.steps,
            alternative=asked.alternative,
        )  # fmt: skip
        self.tests = _asymmetry(found, pool)
        return {
            **found.to_dict(), "alpha": asked.alpha, "steps": list(asked.steps),
            "alternative": asked.alternative,
        }  # fmt: skip

    def _designs(self, key: str, asked: DesignsPlan) -> Part:
        pool = self.pool
        rungs, left_out = rungs_of(self.results, pool, asked.ladder)
        if len(rungs) == 1:
            reasons = "; ".join(f"{one.label}: {one.reason}" for one in left_out)
            raise DesignError(f"no design joins the trials. {reasons}")
        found = design_ladder(
            [one.group for one in rungs], measure=self._axis, scale=pool.scale,
            tau_prior=tau_prior_of(asked.tau_prior), mu_prior=parse_mu_prior(asked.mu_prior),
            level=pool.level, null=0.0, reach=asked.reach,
        )  # fmt: skip
        self.keep(key, DrawnLadder(result=found, title=self._title, favours=self._favours))
        told = found.to_dict()
        steps = [
            {
                **row,
                "benefit": pool.benefit(step.below),
                "new_read": _read(found.natural, step.new_low, step.new_high),
                "tipping_words": "" if step.tipping is None else found.tipping_words(step.tipping),
            }
            for row, step in zip(told["steps"], found.steps, strict=True)
        ]
        return {
            **told,
            "steps": steps,
            "reach": asked.reach,
            "bias_words": [
                {"design": one.name, "words": one.bias.words()}
                for one in found.groups
                if one.bias is not None
            ],
            "left_out": [one.to_dict() for one in left_out],
            "shared_cohorts": shared_cohorts(rungs, _studies(self.tables)),
        }

    def _certainty(self, key: str, asked: CertaintyPlan) -> Part:
        if self.finding is None:
            raise DesignError(NO_FINDINGS)
        told = certainty_of(
            self.results, self.finding, bias=_assessments(self.tables),
            information=_rule(asked), asymmetry=self.tests, otherwise=asked.otherwise,
        )  # fmt: skip
        return {**told, "key": key, "otherwise": asked.otherwise}


def _read(natural: Callable[[float], float], low: float, high: float) -> dict[str, float]:
    """Return limits as they are read: ratios, or differences."""
    return {"low": natural(low), "high": natural(high)}


def _studies(tables: Sequence[str | Path]) -> Mapping[str, Study]:
    return open_tables(tables).studies


def _assessments(tables: Sequence[str | Path]) -> tuple[Assessment, ...]:
    return read_assessments(tables)[0]


def _rule(asked: CertaintyPlan) -> InformationRule | None:
    stated = asked.information
    if stated is None:
        return None
    return InformationRule(
        alpha=stated.alpha / 100, power=stated.power / 100, sides=stated.sides,
        allocation=stated.allocation,
    )  # fmt: skip


def _asymmetry(found: PoolSmallStudy, pool: OrientedPool) -> tuple[AsymmetryTest, ...]:
    """Return Egger's test as the rule of publication bias reads it."""
    if found.effects is None:
        return ()
    egger = found.effects.part("egger").result
    if egger is None:
        return ()
    lower = egger.slope < 0
    return (
        AsymmetryTest(
            name="Egger",
            p_value=float(egger.p_value),
            favours="intervention" if lower == pool.benefit_below else "control",
        ),
    )
