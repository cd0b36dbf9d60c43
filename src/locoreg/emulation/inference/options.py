"""How intervals are made."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from locoreg.core.errors import DesignError
from locoreg.stats.resample import KINDS
from locoreg.stats.resample.weights import Kind
from locoreg.stats.studies import check_option

IntervalKind = Literal["auto", "influence", "bootstrap", "none"]
INTERVAL_KINDS: tuple[IntervalKind, ...] = get_args(IntervalKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """How intervals are made.

    Attributes
    ----------
    interval : {"auto", "influence", "bootstrap", "none"}
        ``auto``: influence functions where the method has them, else the bootstrap.
    replicates : int or None
        Bootstrap replicates; needed where a bootstrap is done.
    seed : int or None
        Seed of the bootstrap; needed where a bootstrap is done.
    kind : {"multinomial", "bayesian"}
        Bootstrap weights: counts, or exponential ones under which nobody is left out.
    jobs : int or None
        Workers; None takes those of a surrounding ``joblib.parallel_config``.
    checkpoint : str or None
        File that keeps the replicates, so that an interrupted run goes on.
    cluster : bool
        Whether hospitals, not persons, are independent.
    """

    interval: IntervalKind = "auto"
    replicates: int | None = None
    seed: int | None = None
    kind: Kind = "multinomial"
    jobs: int | None = None
    checkpoint: str | None = None
    cluster: bool = False

    def __post_init__(self) -> None:
        check_option("interval", self.interval, INTERVAL_KINDS)
        check_option("kind", self.kind, KINDS)
        if self.interval == "bootstrap":
            self.check_bootstrap()

    def check_bootstrap(self) -> None:
        """Raise DesignError if a bootstrap can't be done with these options."""
        if self.replicates is None or self.seed is None:
            raise DesignError(
                "a bootstrap needs replicates and a seed.",
                hint="give both, for example 500 replicates and seed 1.",
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the options that shape the numbers as JSON-ready values."""
        out = asdict(self)
        for name in ("jobs", "checkpoint"):
            del out[name]
        return out
