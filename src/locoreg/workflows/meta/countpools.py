"""Mantel-Haenszel and Peto pools of a table of counts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from locoreg.core.errors import DesignError
from locoreg.core.numbertext import p_text, plural
from locoreg.stats.countpool import CountPool
from locoreg.stats.effectmeasures.result import ZeroCells
from locoreg.stats.mantelhaenszel import mantel_haenszel, mantel_haenszel_rates, peto
from locoreg.workflows.meta.measures import MEASURES
from locoreg.workflows.meta.options import MetaOptions
from locoreg.workflows.meta.poolrows import Triple, natural_dict, shown
from locoreg.workflows.meta.reading import StudyTable
from locoreg.workflows.meta.studies import cells_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CountPoolPart:
    """A pool of counts with its numbers as they are read.

    Attributes
    ----------
    pool : CountPool
    natural : tuple of float
        Estimate and limits; exponentiated for ratios.
    """

    pool: CountPool
    natural: Triple

    def to_dict(self) -> dict[str, Any]:
        """Return the pool as JSON-ready values."""
        return {**asdict(self.pool), "natural": natural_dict(self.natural)}

    def lines(self) -> list[str]:
        """Return the pool in plain lines."""
        pool = self.pool
        counted = plural(pool.k, "study", "studies")
        if pool.mu != pool.mu:
            return [f"{pool.method} {pool.measure}: not estimable from {counted}."]
        found = [
            f"{pool.method} {pool.measure} {shown(MEASURES[pool.measure], self.natural)}; {counted}"
            + (
                f", {pool.k_double_zero} without events in both groups"
                if pool.k_double_zero
                else ""
            )
        ]
        if pool.k_effects > 1:
            found.append(
                f"  Q {pool.q:.2f} on {pool.q_df:g} df ({p_text(pool.q_p)}); I2 {pool.i2:.0f}%"
            )
        if pool.test == pool.test:
            name = "Cochran-Mantel-Haenszel" if pool.measure == "OR" else "Mantel-Haenszel"
            word = "with" if pool.corrected else "without"
            found.append(
                f"  {name} chi-squared {pool.test:.2f} on 1 df ({p_text(pool.test_p)}), {word} "
                "continuity correction"
            )
        if pool.tarone_p == pool.tarone_p:
            found.append(
                f"  Equal odds ratios: Breslow-Day {pool.breslow_day:.2f} "
                f"({p_text(pool.breslow_day_p)}), Tarone {pool.tarone:.2f} on "
                f"{pool.tarone_df:g} df ({p_text(pool.tarone_p)})"
            )
        return found


def count_pools(table: StudyTable, options: MetaOptions) -> tuple[CountPoolPart, ...]:
    """Pool the counts of a table.

    Parameters
    ----------
    table : StudyTable
    options : MetaOptions
        Which pools, and the measure.

    Returns
    -------
    tuple of CountPoolPart
        Those asked for.

    Raises
    ------
    DesignError
        If the table holds effects instead of counts.
    """
    if not (options.mantel_haenszel or options.peto):
        return ()
    counts = {"ai", "ci"} <= set(table.layout) or "x1i" in table.layout
    if not counts:
        raise DesignError(
            f"{table.file} has no counts: Mantel-Haenszel and Peto pool counts.",
            hint="give ai, n1i, ci and n2i, or leave --mantel-haenszel and --peto away.",
        )
    # Q is over studies that have events: a table without any says nothing about a ratio.
    zeros = ZeroCells(add=options.add, to=options.zeros.to, drop00=True)
    found: list[CountPool] = []
    if options.mantel_haenszel and options.measure in ("IRR", "IRD"):
        found.append(
            mantel_haenszel_rates(
                options.measure,  # type: ignore[arg-type]
                **{role: table.numbers[role] for role in ("x1i", "t1i", "x2i", "t2i")},
                level=options.level,
                continuity=options.continuity,
                zeros=zeros,
            )
        )
    elif options.mantel_haenszel:
        found.append(
            mantel_haenszel(
                options.measure,  # type: ignore[arg-type]
                **cells_of(table),
                level=options.level,
                continuity=options.continuity,
                zeros=zeros,
            )
        )
    if options.peto:
        found.append(peto(**cells_of(table), level=options.level))
    return tuple(_part(pool) for pool in found)


def _part(pool: CountPool) -> CountPoolPart:
    mid, low, high = MEASURES[pool.measure].natural([pool.mu, pool.ci_low, pool.ci_high]).tolist()  # type: ignore[arg-type]
    return CountPoolPart(pool=pool, natural=(mid, low, high))
