"""Quality-of-life instruments as data: items, ranges, scales, formulas, rules for missing items."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from locoreg.core.errors import DataError, DesignError, did_you_mean


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ItemRange(_Part):
    """Items that share a range of answers."""

    names: tuple[str, ...]
    lowest: int
    highest: int


class Conditional(_Part):
    """An item that is only asked if the answer to another one is above a value."""

    item: str
    asked_if: str
    above: int


class Scale(_Part):
    """A scale computed from items.

    ``eortc_functional`` is (1 - (mean - lowest) / range) * 100, ``eortc_symptom``
    ((mean - lowest) / range) * 100, ``prorated_sum`` the mean of the answered items (reversed
    where the instrument says so) times the number of items.
    """

    id: str
    name: str
    formula: Literal["eortc_functional", "eortc_symptom", "prorated_sum"]
    higher_is: Literal["better", "worse"]
    items: tuple[str, ...]


class Composite(_Part):
    """A score computed from scales, all of which must exist.

    ``reversed_parts`` enter as 100 - x. ``more_than_share``: the share of all items of the parts
    that must be exceeded by the answered ones.
    """

    id: str
    name: str
    formula: Literal["mean", "sum"]
    higher_is: Literal["better", "worse"]
    parts: tuple[str, ...]
    reversed_parts: tuple[str, ...] = ()
    more_than_share: float | None = None


class Instrument(_Part):
    """One version of a questionnaire without its wording.

    ``answered`` is the share of a scale's items that must be answered: ``at_least_half`` (EORTC)
    or ``more_than_half`` (FACIT). ``missing_codes`` are answers that mean no answer.
    """

    instrument: str
    version: str
    scoring_version: str
    citation: str
    answered: Literal["at_least_half", "more_than_half"]
    items: tuple[ItemRange, ...]
    scales: tuple[Scale, ...]
    composites: tuple[Composite, ...] = ()
    reversed: tuple[str, ...] = ()
    conditional: tuple[Conditional, ...] = ()
    missing_codes: tuple[int, ...] = ()
    may_be_declined: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _names_are_known(self) -> Instrument:
        items = set(self.item_names)
        if len(items) != len(self.item_names):
            raise ValueError("an item is named twice")
        used = [name for scale in self.scales for name in scale.items]
        used += [*self.reversed, *self.may_be_declined]
        used += [name for rule in self.conditional for name in (rule.item, rule.asked_if)]
        if unknown := sorted(set(used) - items):
            raise ValueError(f"there is no item {unknown[0]!r}")
        scales = {scale.id for scale in self.scales}
        parts = {part for c in self.composites for part in (*c.parts, *c.reversed_parts)}
        if unknown := sorted(parts - scales):
            raise ValueError(f"there is no scale {unknown[0]!r}")
        if len(set(self.score_names)) != len(self.score_names):
            raise ValueError("a scale is named twice")
        ranges = {name: (r.lowest, r.highest) for r in self.items for name in r.names}
        for scale in self.scales:
            if len({ranges[name] for name in scale.items}) != 1:
                raise ValueError(f"the items of scale {scale.id} differ in range")
        return self

    @property
    def item_names(self) -> tuple[str, ...]:
        """Items in order: the columns of an answer sheet."""
        return tuple(name for group in self.items for name in group.names)

    @property
    def score_names(self) -> tuple[str, ...]:
        """Scales, then composites, in order."""
        return (*(s.id for s in self.scales), *(c.id for c in self.composites))

    def range_of(self, item: str) -> tuple[int, int]:
        """Return the lowest and highest answer of an item."""
        return next((g.lowest, g.highest) for g in self.items if item in g.names)

    def scale_range(self, scale: Scale) -> int:
        """Return highest minus lowest answer of a scale's items."""
        low, high = self.range_of(scale.items[0])
        return high - low

    def directions(self) -> dict[str, int]:
        """Return by scale 1 where a higher score is better, -1 where it is worse."""
        both = [(s.id, s.higher_is) for s in self.scales]
        both += [(c.id, c.higher_is) for c in self.composites]
        return {name: 1 if higher == "better" else -1 for name, higher in both}

    @property
    def label(self) -> str:
        """Name and version."""
        return f"{self.instrument} {self.version}"


def read_instrument(path: Path) -> Instrument:
    """Read an instrument from a YAML file.

    Parameters
    ----------
    path : Path
        File laid out like those in ``quality_of_life/instruments``.

    Returns
    -------
    Instrument
        The instrument, checked.

    Raises
    ------
    DataError
        If the file is no valid instrument.
    """
    try:
        return Instrument.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"{path.name} can't be read as YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataError(
            f"{path.name} is no instrument: {where} {first['msg']}".replace("  ", " ")
        ) from error


@cache
def shipped_instruments() -> tuple[Instrument, ...]:
    """Return the instruments that come with the package, sorted by name and version."""
    folder = files("locoreg.registry.quality_of_life").joinpath("instruments")
    found = [
        Instrument.model_validate(yaml.safe_load(entry.read_text(encoding="utf-8")))
        for entry in folder.iterdir()
        if entry.name.endswith(".yaml")
    ]
    return tuple(sorted(found, key=lambda i: (i.instrument, i.version)))


def normal_version(text: str) -> str:
    """Return a version without a leading ``v`` and trailing ``.0``: ``v3.0`` is ``3``."""
    bare = text.strip().casefold().removeprefix("version").removeprefix("v").strip(" .")
    while bare.endswith(".0"):
        bare = bare[:-2]
    return bare


def find_instrument(name: str, *, version: str) -> Instrument:
    """Return a shipped instrument.

    Parameters
    ----------
    name : str
        ``QLQ-C30``, ``QLQ-BR23`` or ``FACT-B``.
    version : str
        Its version; ``3``, ``3.0`` and ``v3.0`` mean the same.

    Returns
    -------
    Instrument
        The instrument.

    Raises
    ------
    DesignError
        If there is none of that name, or its version is scored by other rules: QLQ-C30 1.0 and
        2.0 have items with two answers and are refused.
    """
    named = [i for i in shipped_instruments() if i.instrument == name]
    if not named:
        names = {i.instrument for i in shipped_instruments()}
        raise DesignError(f"there is no instrument {name!r}.", hint=did_you_mean(name, names))
    for instrument in named:
        if normal_version(instrument.version) == normal_version(version):
            return instrument
    known = " and ".join(i.version for i in named)
    raise DesignError(
        f"{name} version {version!r} has no scoring rules here.",
        hint=f"only version {known} is scored; other versions differ in items and ranges.",
    )
