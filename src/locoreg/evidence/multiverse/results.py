"""What a multiverse takes and returns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from locoreg.core.estimate import Estimate, Scale

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One admissible reading of one study.

    Attributes
    ----------
    label : str
        The reading, in words.
    yi, se : float
        Effect and standard error on the analysis scale; NaN in both leaves the study out.
    kind : str
        main, printed, direction, level, report, out or any other word for the doubt.
    is_main : bool
        Whether the main result uses it.
    """

    label: str
    yi: float
    se: float
    kind: str
    is_main: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the option as JSON-ready values."""
        return {
            "label": self.label,
            "kind": self.kind,
            "is_main": self.is_main,
            "yi": self.yi,
            "se": self.se,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternatives:
    """The admissible readings of one study.

    Attributes
    ----------
    study_id, label : str
        The study.
    options : tuple of Option
        One or more, exactly one of them the main one.
    """

    study_id: str
    label: str
    options: tuple[Option, ...]

    @property
    def main(self) -> int:
        """Index of the main option."""
        return next(i for i, option in enumerate(self.options) if option.is_main)


@dataclass(frozen=True, slots=True, kw_only=True)
class Universe:
    """The pool under one choice of readings.

    Attributes
    ----------
    choices : tuple of str
        Label of the reading of each study, in the order of the alternatives.
    departures : int
        Studies that are read otherwise than in the main result.
    mu : Estimate
        The pool.
    floor : Estimate or None
        The pool with the floored interval where the Hartung-Knapp one is
        narrower than the common-effect one; it is then the one that counts.
    tau2 : float
        Between-study variance.
    k : int
        Studies pooled.
    is_main : bool
        Whether this is the main result.
    """

    choices: tuple[str, ...]
    departures: int
    mu: Estimate
    floor: Estimate | None
    tau2: float
    k: int
    is_main: bool

    @property
    def counted(self) -> Estimate:
        """The pool with the interval that counts: the floored one where there is one."""
        return self.floor or self.mu

    @property
    def significant(self) -> bool:
        """Whether the interval that counts excludes no effect."""
        return self.counted.ci_low > 0 or self.counted.ci_high < 0

    @property
    def side(self) -> str:
        """``below`` no effect, ``above`` it, or ``none``."""
        return "below" if self.mu.estimate < 0 else "above" if self.mu.estimate > 0 else "none"

    @property
    def conclusion(self) -> str:
        """``below`` or ``above`` where the interval excludes no effect, else ``unclear``."""
        return self.side if self.significant else "unclear"

    def to_dict(self) -> dict[str, Any]:
        """Return the universe as JSON-ready values."""
        return {
            "choices": list(self.choices),
            "departures": self.departures,
            "mu": self.mu.to_dict(),
            "floor": None if self.floor is None else self.floor.to_dict(),
            "tau2": self.tau2,
            "k": self.k,
            "significant": self.significant,
            "side": self.side,
            "conclusion": self.conclusion,
            "is_main": self.is_main,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionEffect:
    """What hangs on one reading of one study.

    Attributes
    ----------
    option : Option
        The reading.
    alone : Universe or None
        The pool when only this reading differs from the main result. None
        where fewer than one study would be left.
    changes_conclusion, changes_side : bool
        Whether that pool has another conclusion, or another side, than the main one.
    universes : int
        Universes with this reading.
    share_significant, share_below : float
        Shares of them whose interval excludes no effect, and whose estimate is below it.
    """

    option: Option
    alone: Universe | None
    changes_conclusion: bool
    changes_side: bool
    universes: int
    share_significant: float
    share_below: float

    def to_dict(self) -> dict[str, Any]:
        """Return the effect of the reading as JSON-ready values."""
        return {
            "option": self.option.to_dict(),
            "alone": None if self.alone is None else self.alone.to_dict(),
            "changes_conclusion": self.changes_conclusion,
            "changes_side": self.changes_side,
            "universes": self.universes,
            "share_significant": self.share_significant,
            "share_below": self.share_below,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A study with more than one admissible reading, and what hangs on each."""

    study_id: str
    label: str
    options: tuple[OptionEffect, ...]

    @property
    def decides(self) -> bool:
        """Whether the conclusion changes when only this study is read otherwise."""
        return any(option.changes_conclusion for option in self.options)

    @property
    def turns(self) -> bool:
        """Whether the side of the estimate changes when only this study is read otherwise."""
        return any(option.changes_side for option in self.options)

    def to_dict(self) -> dict[str, Any]:
        """Return the doubt as JSON-ready values."""
        return {
            "study_id": self.study_id,
            "label": self.label,
            "decides": self.decides,
            "turns": self.turns,
            "options": [option.to_dict() for option in self.options],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiverse:
    """The pools under every admissible reading.

    Attributes
    ----------
    method, interval : str
        As for :func:`locoreg.stats.randomeffects.random_effects`.
    level : float
        Level of the intervals in percent.
    scale : {"log", "identity"}
        Scale of the effects.
    studies : tuple of str
        Labels of the studies, in the order of the choices.
    universes : tuple of Universe
        The main one first, then by the number of readings changed.
    doubts : tuple of Doubt
        Studies with a choice.
    no_universe : int
        Combinations that leave no study.
    """

    method: str
    interval: str
    level: float
    scale: Scale
    studies: tuple[str, ...]
    universes: tuple[Universe, ...]
    doubts: tuple[Doubt, ...]
    no_universe: int

    @property
    def main(self) -> Universe:
        """The main result."""
        return self.universes[0]

    @property
    def share_significant(self) -> float:
        """Share of universes whose interval excludes no effect."""
        return share([u.significant for u in self.universes])

    @property
    def share_below(self) -> float:
        """Share of universes whose estimate is below no effect."""
        return share([u.side == "below" for u in self.universes])

    @property
    def range(self) -> tuple[Universe, Universe]:
        """The universes with the smallest and the largest estimate."""
        ordered = sorted(self.universes, key=lambda u: u.mu.estimate)
        return ordered[0], ordered[-1]

    def to_dict(self) -> dict[str, Any]:
        """Return all universes and what hangs on each doubt as JSON-ready values."""
        low, high = self.range
        return {
            "method": self.method,
            "interval": self.interval,
            "level": self.level,
            "scale": self.scale,
            "studies": list(self.studies),
            "n": len(self.universes),
            "main": self.main.to_dict(),
            "range": [low.to_dict(), high.to_dict()],
            "share_significant": self.share_significant,
            "share_below": self.share_below,
            "share_same_conclusion": share(
                [u.conclusion == self.main.conclusion for u in self.universes]
            ),
            "doubts": [doubt.to_dict() for doubt in self.doubts],
            "universes": [universe.to_dict() for universe in self.universes],
            "no_universe": self.no_universe,
        }

    def to_frame(self, *, exponentiate: bool = False) -> pd.DataFrame:
        """Return one row per universe, one column per study and the pool.

        Parameters
        ----------
        exponentiate : bool
            Give ratios instead of their logarithms.
        """
        import pandas as pd

        rows = []
        for universe in self.universes:
            mu = universe.counted
            three = mu.natural if exponentiate else (mu.estimate, mu.ci_low, mu.ci_high)
            rows.append(
                {
                    **dict(zip(self.studies, universe.choices, strict=True)),
                    "departures": universe.departures,
                    "estimate": three[0],
                    "ci_low": three[1],
                    "ci_high": three[2],
                    "tau2": universe.tau2,
                    "k": universe.k,
                    "significant": universe.significant,
                    "side": universe.side,
                    "is_main": universe.is_main,
                }
            )
        return pd.DataFrame(rows)

    def summary(self) -> str:
        """Return what holds in which share of universes, and what hangs on which doubt."""
        n = len(self.universes)
        if n == 1:
            return f"No input is doubtful: one result, {self.main.mu.text()}."
        low, high = self.range
        null = "1" if self.scale == "log" else "0"
        lines = [
            f"{n} admissible combinations of readings; main result {self.main.mu.text()}.",
            f"Estimates from {low.mu.text()} to {high.mu.text()}. The {self.level:g}% interval "
            f"excludes {null} in {_count(self.share_significant, n)}; the estimate is below "
            f"{null} in {_count(self.share_below, n)}.",
        ]
        lines += [_doubt_line(doubt, self.main, null) for doubt in self.doubts]
        if self.no_universe:
            lines.append(f"{self.no_universe} combinations leave no study and have no result.")
        return "\n".join(lines)


def share(flags: list[bool]) -> float:
    """Return the share of flags that are set; NaN for none."""
    return sum(flags) / len(flags) if flags else math.nan


def _count(share: float, n: int) -> str:
    return f"{round(share * n)} of {n} ({100 * share:.0f}%)"


def _doubt_line(doubt: Doubt, main: Universe, null: str) -> str:
    parts = []
    for effect in doubt.options:
        if effect.option.is_main or effect.alone is None:
            continue
        what = []
        if effect.changes_conclusion:
            verb = "excludes" if effect.alone.significant else "includes"
            what.append(f"the interval then {verb} {null}")
        if effect.changes_side:
            what.append(f"the estimate then lies {effect.alone.side} {null}")
        changed = " and ".join(what) or "the conclusion stays"
        parts.append(f"{effect.option.label} gives {effect.alone.mu.text()}: {changed}")
    return f"{doubt.label}: " + ("; ".join(parts) or "no other reading leaves a study") + "."
