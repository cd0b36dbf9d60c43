"""What is asked of a table: every option, checked before a file is opened."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from locoreg.core.errors import DesignError
from locoreg.evidence.estimators import interval_name, method_name
from locoreg.stats.effectmeasures.result import ADDED_TO, AddedTo, ZeroCells
from locoreg.stats.randomeffects import PREDICTIONS, Prediction
from locoreg.stats.smallstudy.steplikelihood import Sides
from locoreg.stats.studies import check_level, check_option
from locoreg.workflows.meta.measures import Measure, measure_named

Robust = Literal["CR0", "CR1", "CR2"]
ROBUST: tuple[Robust, ...] = ("CR0", "CR1", "CR2")


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaOptions:
    """Options of a meta-analysis of a table.

    Attributes
    ----------
    measure : str
        Effect measure.
    method, interval : str
        Estimator of the between-study variance and kind of interval.
    level : float
        Level of all intervals in percent.
    prediction : {"riley", "metafor"}
        Formula of the prediction interval.
    add, to, drop00
        What is done about zero counts; None where the measure has no counts.
    ci_level : float or None
        Level of printed intervals in percent.
    by : str
        Column of subgroups; empty for none.
    subgroup_tau2 : {"separate", "common"} or None
        Between-study variance of the subgroups.
    mods, factors : tuple of str
        Columns of moderators, and those of them whose numbers are codes.
    references : dict of str to str
        Reference level of a factor.
    permute : int, "exact" or None
        Permutations of the moderators' rows, or of the effects' signs without moderators.
    seed : int or None
        Seed of the permutations.
    cluster, within : str
        Columns of dependent effects: outer and inner level.
    robust : str or None
        Cluster-robust variance.
    rho : float or None
        Correlation of effects within a cluster, to pool one effect per cluster.
    order : str
        Column that orders the cumulative pools.
    leave_one_out, influence, baujat, small_study, mantel_haenszel, peto : bool
        What else is computed.
    alpha, steps, alternative
        Level of the tests of small-study effects, steps of the selection model's p-values, and
        their side.
    target : float or None
        Smallest effect that matters, as it is read, for Orwin's fail-safe number.
    continuity : bool
        Whether the Cochran-Mantel-Haenszel test has its continuity correction.
    tau_prior : str
        Prior on tau of the Bayesian pool; empty for none.
    """

    measure: str
    method: str
    interval: str
    level: float
    prediction: Prediction
    add: float | None
    to: AddedTo | None
    drop00: bool
    ci_level: float | None
    by: str
    subgroup_tau2: Literal["separate", "common"] | None
    mods: tuple[str, ...]
    factors: tuple[str, ...]
    references: dict[str, str]
    permute: int | Literal["exact"] | None
    seed: int | None
    cluster: str
    within: str
    robust: Robust | None
    rho: float | None
    order: str
    leave_one_out: bool
    influence: bool
    baujat: bool
    small_study: bool
    alpha: float | None
    steps: tuple[float, ...]
    alternative: Sides | None
    target: float | None
    mantel_haenszel: bool
    peto: bool
    continuity: bool
    tau_prior: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "measure", self.what.name)
        object.__setattr__(self, "method", method_name(self.method))
        if self.method == "GENQ":
            raise DesignError(
                "GENQ needs weights, which a table has no place for.", hint="choose another method."
            )
        object.__setattr__(self, "interval", interval_name(self.interval))
        check_level(self.level)
        check_option("prediction", self.prediction, PREDICTIONS)
        if self.to is not None:
            check_option("to", self.to, ADDED_TO)
        if self.robust is not None:
            check_option("robust", self.robust, ROBUST)
        rules = (*self._counts(), *self._dependence(), *self._regression(), *self._small_study())
        for broken, message, hint in rules:
            if broken:
                raise DesignError(message, hint=hint)

    @property
    def what(self) -> Measure:
        """The measure."""
        return measure_named(self.measure)

    @property
    def zeros(self) -> ZeroCells:
        """What is done about zero counts: metafor's rule where nothing was said."""
        return ZeroCells(add=self.add, to=self.to or "only0", drop00=self.drop00)

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        out = asdict(self)
        for name in ("mods", "factors", "steps"):
            out[name] = list(out[name])
        if self.what.counts:
            out["add"] = self.zeros.constant(self.measure)
            out["to"] = self.zeros.to
        return out

    def _counts(self) -> tuple[tuple[bool, str, str], ...]:
        what = self.what
        asked = self.add is not None or self.to is not None or self.drop00
        pools = [name for name in ("mantel_haenszel", "peto") if getattr(self, name)]
        wrong_pool = (
            self.mantel_haenszel and what.name not in ("OR", "RR", "RD", "IRR", "IRD")
        ) or (self.peto and what.name not in ("OR", "PETO"))
        named = " and ".join(f"--{name.replace('_', '-')}" for name in pools)
        return (
            (
                asked and not what.counts,
                f"--add, --to and --drop00 are about counts, which {what.name} has none of.",
                "leave them away.",
            ),
            (
                self.to == "none" and bool(self.add),
                f"--to none adds nothing to any study, but --add is {self.add}.",
                "leave one of them away.",
            ),
            (
                self.drop00 and what.kind not in ("two by two", "two rates"),
                f"--drop00 is about two groups without events; {what.name} has one group.",
                "leave it away.",
            ),
            (
                wrong_pool,
                f"{named}: not for {what.name}.",
                "Mantel-Haenszel pools OR, RR, RD, IRR and IRD, Peto's method OR.",
            ),
            (
                not self.continuity and not (self.mantel_haenszel and what.name in ("OR", "IRR")),
                "--no-continuity is about the chi-squared test of --mantel-haenszel for OR and "
                "IRR.",
                "leave it away.",
            ),
        )

    def _dependence(self) -> tuple[tuple[bool, str, str], ...]:
        needs = [
            name
            for name, asked in (
                ("--within", bool(self.within)),
                ("--robust", self.robust is not None),
                ("--rho", self.rho is not None),
            )
            if asked
        ]
        return (
            (
                bool(self.within) and self.within == self.cluster,
                f"--cluster and --within are both {self.within}: that is one level, not two.",
                "name the column of the inner level, or use --method REML without them.",
            ),
            (
                bool(needs) and not self.cluster,
                f"{' and '.join(needs)} without --cluster.",
                "name the column of effects that are not independent.",
            ),
            (
                bool(self.cluster) and not needs,
                "--cluster alone says not what is done about it.",
                "add --within COLUMN (three-level model), --robust CR2 or --rho NUMBER.",
            ),
            (
                self.rho is not None and not -1 < self.rho < 1,
                f"--rho is {self.rho}, but a correlation lies between -1 and 1.",
                "0.5 is a usual assumption; try several.",
            ),
            (
                bool(self.within) and self.method not in ("REML", "ML"),
                f"a three-level model has no estimator {self.method}.",
                "use --method REML or ML.",
            ),
            (
                bool(self.within) and self.interval not in ("normal", "t"),
                f"a three-level model has no {self.interval} interval.",
                "use --interval normal or t, or --robust CR2 beside it.",
            ),
        )

    def _regression(self) -> tuple[tuple[bool, str, str], ...]:
        strange = [name for name in (*self.factors, *self.references) if name not in self.mods]
        twice = sorted({name for name in self.mods if self.mods.count(name) > 1})
        return (
            (
                bool(twice),
                f"--mods names {', '.join(twice)} twice.",
                "name each moderator once.",
            ),
            (
                bool(strange),
                f"{', '.join(strange)}: not among --mods.",
                "name every moderator in --mods.",
            ),
            (
                isinstance(self.permute, int) and self.permute < 99,
                f"--permute {self.permute}: too few for a p-value.",
                "1000 or more.",
            ),
            (
                isinstance(self.permute, int) and self.seed is None,
                "--permute without --seed: the answer could not be had again.",
                "add --seed 1.",
            ),
            (
                not isinstance(self.permute, int) and self.seed is not None,
                "--seed without random permutations: nothing is drawn.",
                "leave it away.",
            ),
            (
                self.subgroup_tau2 is not None and not self.by,
                "--subgroup-tau2 without --by.",
                "name the column of subgroups.",
            ),
            (
                bool(self.by) and self.subgroup_tau2 is None,
                "--by without --subgroup-tau2: do subgroups share a between-study variance?",
                "add --subgroup-tau2 separate or common.",
            ),
        )

    def _small_study(self) -> tuple[tuple[bool, str, str], ...]:
        given = (self.alpha is not None, bool(self.steps), self.alternative is not None)
        return (
            (
                self.small_study and not all(given),
                "--small-study needs --alpha, --steps and --alternative.",
                "for example --alpha 0.1 --steps 0.025 --alternative greater: the side on which "
                "results would be published.",
            ),
            (
                not self.small_study and any(given),
                "--alpha, --steps and --alternative belong to --small-study.",
                "add it, or leave them away.",
            ),
            (
                self.target is not None and (not self.small_study or self.what.one_group),
                "--target belongs to --small-study of effects between groups.",
                "leave it away.",
            ),
        )
