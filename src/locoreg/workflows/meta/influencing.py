"""How much each study moves the pool: deletion diagnostics and the Baujat plot's coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from locoreg.core.numbertext import decimal_text
from locoreg.stats.metainfluence import MetaInfluence, meta_influence
from locoreg.workflows.meta.options import MetaOptions
from locoreg.workflows.meta.studies import StudyEffects


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluencePart:
    """Deletion diagnostics.

    Attributes
    ----------
    labels : tuple of str
        Studies.
    found : MetaInfluence
        Externally studentised residual, DFFITS, Cook's distance, covariance ratio, DFBETAS, hat.
    contribution, shift : tuple of float
        Squared Pearson residual of each study, and squared change of the pool without it over the
        variance of that pool (Baujat 2002).
    """

    labels: tuple[str, ...]
    found: MetaInfluence
    contribution: tuple[float, ...]
    shift: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the diagnostics as JSON-ready values."""
        found = self.found
        columns = {
            "rstudent": found.residual,
            "dffits": found.dffits,
            "cook": found.cook,
            "cov_ratio": found.cov_ratio,
            "tau2_deleted": found.tau2_deleted,
            "hat": found.hat,
            "dfbetas": found.dfbetas,
            "q_deleted": found.q_deleted,
            "rstandard": found.standardised,
        }
        return {
            "method": found.method,
            "studies": [
                {
                    "label": label,
                    **{name: float(values[i]) for name, values in columns.items()},
                    "baujat_contribution": self.contribution[i],
                    "baujat_shift": self.shift[i],
                    "flagged": bool(found.flagged[i]),
                }
                for i, label in enumerate(self.labels)
            ],
        }

    def lines(self) -> list[str]:
        """Return the diagnostics in plain lines."""
        width = max(len(label) for label in self.labels)
        found = [
            "Influence (studentised residual, Cook's distance, DFBETAS, covariance ratio; Baujat: "
            "contribution, influence):"
        ]
        rows = zip(
            self.labels,
            self.found.residual.tolist(),
            self.found.cook.tolist(),
            self.found.dfbetas.tolist(),
            self.found.cov_ratio.tolist(),
            self.contribution,
            self.shift,
            strict=True,
        )
        for number, (label, *values) in enumerate(rows):
            first = ", ".join(decimal_text(value) for value in values[:4])
            last = ", ".join(decimal_text(value) for value in values[4:])
            found.append(f"  {label:<{width}}  {first}; {last}{self._mark(number)}")
        return found

    def _mark(self, number: int) -> str:
        return " (flagged)" if self.found.flagged[number] else ""


def influence_part(effects: StudyEffects, options: MetaOptions) -> InfluencePart:
    """Return the deletion diagnostics of the pool.

    Parameters
    ----------
    effects : StudyEffects
    options : MetaOptions

    Returns
    -------
    InfluencePart

    Raises
    ------
    DataError
        If there are fewer than three studies.

    References
    ----------
    Viechtbauer W, Cheung MW-L (2010). Research Synthesis Methods 1:112-125. doi:10.1002/jrsm.11
    Baujat B et al. (2002). Statistics in Medicine 21:2641-2652. doi:10.1002/sim.1221
    """
    found = meta_influence(effects.yi, effects.vi, method=options.method)  # type: ignore[arg-type]
    return InfluencePart(
        labels=effects.labels,
        found=found,
        contribution=tuple(found.heterogeneity.tolist()),
        shift=tuple(found.influence.tolist()),
    )
