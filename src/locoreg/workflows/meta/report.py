"""The result: everything that was asked of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from locoreg.core.frames import frame
from locoreg.core.provenance import Provenance
from locoreg.evidence.meta import MetaAnalysis
from locoreg.workflows.meta.measures import MEASURES, Measure
from locoreg.workflows.meta.options import MetaOptions
from locoreg.workflows.meta.poolrows import PoolRow, Triple, natural_dict
from locoreg.workflows.meta.reporttext import summary_of
from locoreg.workflows.meta.studies import LeftOutStudy, left_out_dicts

if TYPE_CHECKING:
    import pandas as pd

    from locoreg.workflows.meta.bayesian import BayesianPart
    from locoreg.workflows.meta.clustered import ClusteredPart
    from locoreg.workflows.meta.countpools import CountPoolPart
    from locoreg.workflows.meta.influencing import InfluencePart
    from locoreg.workflows.meta.regressing import PermutationPart, RegressionPart
    from locoreg.workflows.meta.smallstudies import SmallStudyPart
    from locoreg.workflows.meta.subgroups import SubgroupPart


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRow:
    """An effect that is pooled.

    Attributes
    ----------
    label, line : str, int
        Name, and line in the file.
    yi, vi, se, ci_low, ci_high : float
        On the scale of the pool; the interval is the normal one.
    weight : float
        Percent.
    natural : tuple of float
        Estimate and limits as they are read.
    corrected : bool
        Whether a constant was added to the counts.
    group : str or None
        Subgroup.
    """

    label: str
    line: int
    yi: float
    vi: float
    se: float
    ci_low: float
    ci_high: float
    weight: float
    natural: Triple
    corrected: bool
    group: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the effect as JSON-ready values."""
        names = ("label", "line", "yi", "vi", "se", "ci_low", "ci_high", "weight")
        out: dict[str, Any] = {name: getattr(self, name) for name in names}
        out.update(natural=natural_dict(self.natural), corrected=self.corrected, group=self.group)
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaReport:
    """A meta-analysis of anyone's table.

    Attributes
    ----------
    options : MetaOptions
    studies : tuple of StudyRow
        The effects pooled.
    left_out : tuple of LeftOutStudy
        Rows without an effect, each with the reason.
    notes : tuple of str
        What a reader must know.
    meta : MetaAnalysis
        The pool with heterogeneity, on its own scale.
    pooled : PoolRow
        The same as a row, as it is read.
    prediction : tuple of float or None
        Prediction interval as it is read.
    subgroups, regression, permutation, clustered, influence, small_study, bayesian
        Further parts; None if not asked for.
    count_pools : tuple of CountPoolPart
        Mantel-Haenszel and Peto.
    leave_one_out, cumulative : tuple of PoolRow
    order : str
        Column that orders the cumulative pools.
    provenance : Provenance
    """

    options: MetaOptions
    studies: tuple[StudyRow, ...]
    left_out: tuple[LeftOutStudy, ...]
    notes: tuple[str, ...]
    meta: MetaAnalysis
    pooled: PoolRow
    prediction: tuple[float, float] | None
    subgroups: SubgroupPart | None
    regression: RegressionPart | None
    permutation: PermutationPart | None
    clustered: ClusteredPart | None
    leave_one_out: tuple[PoolRow, ...]
    cumulative: tuple[PoolRow, ...]
    order: str
    influence: InfluencePart | None
    small_study: SmallStudyPart | None
    count_pools: tuple[CountPoolPart, ...]
    bayesian: BayesianPart | None
    provenance: Provenance

    @property
    def measure(self) -> Measure:
        """The measure."""
        return MEASURES[self.options.measure]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready values."""
        meta = self.meta.to_dict()
        # The studies stand above with their lines; a posterior is given where its prior is stated.
        for name in ("studies", "provenance", "bayes"):
            meta.pop(name)
        meta["natural"] = natural_dict(self.pooled.natural)
        if meta["prediction"] is not None and self.prediction is not None:
            low, high = self.prediction
            meta["prediction"]["natural"] = {"low": low, "high": high}
        parts = {
            name: None if part is None else part.to_dict()
            for name, part in (
                ("subgroups", self.subgroups),
                ("regression", self.regression),
                ("permutation", self.permutation),
                ("clustered", self.clustered),
                ("influence", self.influence),
                ("small_study", self.small_study),
                ("bayesian", self.bayesian),
            )
        }
        return {
            "measure": self.options.measure,
            "measure_words": self.measure.words,
            "back_transformation": self.measure.transform,
            "studies": [study.to_dict() for study in self.studies],
            "left_out": left_out_dicts(self.left_out),
            "notes": list(self.notes),
            "pool": meta,
            **parts,
            "leave_one_out": [row.to_dict() for row in self.leave_one_out],
            "cumulative": [row.to_dict() for row in self.cumulative],
            "order": self.order or None,
            "count_pools": [part.to_dict() for part in self.count_pools],
            "provenance": self.provenance.to_dict(),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per study.

        Returns
        -------
        pandas.DataFrame
            Effects on the scale of the pool, and estimate and limits as they are read.
        """
        rows = [
            {
                **{k: v for k, v in study.to_dict().items() if k != "natural"},
                **{f"natural_{k}": v for k, v in natural_dict(study.natural).items()},
            }
            for study in self.studies
        ]
        return frame({name: [row[name] for row in rows] for name in rows[0]})

    def summary(self) -> str:
        """Return the result in plain lines, as it is read."""
        return summary_of(self)
