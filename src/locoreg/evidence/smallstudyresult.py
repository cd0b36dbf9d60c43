"""What was said of small-study effects in one pool."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from locoreg.core.errors import DataError
from locoreg.core.estimate import Scale
from locoreg.core.provenance import Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallStudyPart:
    """One method with its result, or with the reason why there is none.

    Attributes
    ----------
    name : str
        Key: ``egger``, ``trim_and_fill_L0``, ...
    label : str
        Name for readers.
    result : object or None
        What the kernel of `locoreg.stats.smallstudy` returned.
    refused : str
        Why there is none; empty if there is one.
    sentence : str
        The result in words, on the natural scale.
    """

    name: str
    label: str
    result: Any
    refused: str
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Return the part as JSON-ready values."""
        found = None if self.result is None else _plain(self.result)
        return {
            "name": self.name,
            "label": self.label,
            "result": found,
            "refused": self.refused or None,
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallStudyEffects:
    """Small-study effects in one pool.

    Attributes
    ----------
    k : int
        Studies.
    labels : tuple of str
        Their names.
    yi, se : tuple of float
        Their effects and standard errors.
    scale : {"log", "identity"}
        Scale of the effects.
    level : float
        Level of all intervals in percent; a study counts as significant at 100 less this.
    alpha : float
        Level at which a test is said to find asymmetry.
    too_few : str
        A sentence under ten studies, else empty.
    parts : tuple of SmallStudyPart
        All methods, also those that had to be refused.
    conclusion : str
        What all of it comes to, in plain words.
    provenance : Provenance
        Options, version and hash of the input.
    """

    k: int
    labels: tuple[str, ...]
    yi: tuple[float, ...]
    se: tuple[float, ...]
    scale: Scale
    level: float
    alpha: float
    too_few: str
    parts: tuple[SmallStudyPart, ...]
    conclusion: str
    provenance: Provenance

    def part(self, name: str) -> SmallStudyPart:
        """Return one method by its name."""
        for part in self.parts:
            if part.name == name:
                return part
        raise DataError(
            f"there is no {name!r} among the methods.",
            hint=f"there are {', '.join(part.name for part in self.parts)}.",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready values."""
        return {
            "k": self.k,
            "studies": [
                {"label": label, "yi": y, "se": s}
                for label, y, s in zip(self.labels, self.yi, self.se, strict=True)
            ],
            "scale": self.scale,
            "level": self.level,
            "alpha": self.alpha,
            "too_few": self.too_few or None,
            "parts": {part.name: part.to_dict() for part in self.parts},
            "conclusion": self.conclusion,
            "provenance": self.provenance.to_dict(),
        }

    def summary(self) -> str:
        """Return conclusion and methods, a line each."""
        lines = [self.conclusion]
        for part in self.parts:
            lines.append(f"{part.label}: {part.sentence or 'not given: ' + part.refused}")
        return "\n".join(lines)


def _plain(value: Any) -> Any:
    """Return a kernel's result as JSON-ready values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
