"""What stands in the columns of a file: counts of values, numbers, dates, keys."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from locoreg.registry.drafting.folding import words
from locoreg.registry.drafting.vocabulary import private_words, reason_word

if TYPE_CHECKING:
    import pyarrow as pa

# Distinct values of a column that are looked at.
MOST_VALUES = 2000
# Categories: so many at most, none longer than this, each seen so often.
MOST_CATEGORIES = 40
CATEGORY_CHARACTERS = 60
# A column is of a kind when so large a share of its cells is.
MOSTLY = 0.95
# Numbers may have more odd texts beside them: limits, ranges, remarks.
NUMERIC = 0.8
# Fewer values than this have no median that could be quoted.
FEWEST_FOR_MEDIAN = 20
# As the import reads them: with a limit's sign, a unit, a remark in brackets.
_NUMBER = re.compile(
    r"(?:[<>=≤≥]{1,2} ?)?([+-]?\d{1,15}(?:[.,]\d{1,12})?)"
    r"(?: ?(?:%|mm|cm|Gy|cGy|ratio))?(?: ?[(\[].*)?",
    re.DOTALL,
)


@dataclass(frozen=True)
class ColumnProfile:
    """One column of a file, as far as it was read.

    Attributes
    ----------
    header : str
        Its name.
    description : str
        What the file's comments or the data dictionary say about it.
    n_rows, n_blank : int
        Rows looked at; rows without anything.
    n_distinct : int
        Distinct values, blank not counted.
    counts : mapping of str to int
        The commonest values and how often they stand.
    labels : mapping of str to str
        Words for coded values where a data dictionary has them.
    private : bool
        Whether the source says that the column identifies patients or holds free text.
    title : str
        What people call the column where its header is a name for programs: it counts as the
        header does.
    years_only : bool
        Whether the import keeps only the years of dates of birth by itself.
    """

    header: str
    description: str
    n_rows: int
    n_blank: int
    n_distinct: int
    counts: Mapping[str, int]
    labels: Mapping[str, str]
    private: bool
    title: str = ""
    years_only: bool = False

    @cached_property
    def values(self) -> dict[str, int]:
        """Values that are no words for a missing value, with their counts."""
        return {v: n for v, n in self.counts.items() if reason_word(self._word(v)) is None}

    @cached_property
    def missing_words(self) -> dict[str, int]:
        """Words for a missing value (labels where the source has them), with their counts."""
        words_ = ((self._word(v), n) for v, n in self.counts.items())
        return {word: n for word, n in words_ if reason_word(word) is not None}

    def _word(self, value: str) -> str:
        return self.labels.get(value, value)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Words of the header."""
        return words(self.header)

    @cached_property
    def names(self) -> tuple[tuple[str, ...], ...]:
        """Words of the header, and those of the title where there is one."""
        return (self.words, words(self.title)) if self.title else (self.words,)

    @property
    def is_key(self) -> bool:
        """Whether every row has a value of its own."""
        return self.n_rows > 0 and self.n_blank == 0 and self.n_distinct == self.n_rows

    @cached_property
    def numbers(self) -> dict[float, int]:
        """Values as numbers with their counts; empty unless most values are numbers."""
        found: dict[float, int] = {}
        for value, count in self.values.items():
            if (match := _NUMBER.fullmatch(value)) is not None:
                number = float(match[1].replace(",", "."))
                found[number] = found.get(number, 0) + count
        share = sum(found.values()) / max(1, sum(self.values.values()))
        return found if share >= NUMERIC else {}

    @property
    def n_odd(self) -> int:
        """Rows of a numeric column with something else in them."""
        return sum(self.values.values()) - sum(self.numbers.values())

    @property
    def decimal_comma(self) -> bool:
        """Whether numbers are written with a comma."""
        numeric = [match[1] for value in self.values if (match := _NUMBER.fullmatch(value))]
        return sum("," in value for value in numeric) > sum("." in value for value in numeric)

    def quantile(self, share: float) -> float:
        """Return a quantile of the numbers; NaN if the column is not numeric."""
        total = sum(self.numbers.values())
        reached = 0
        for number in sorted(self.numbers):
            reached += self.numbers[number]
            if reached >= share * total:
                return number
        return math.nan

    @cached_property
    def middle(self) -> float | None:
        """Median of the numbers; None where it would tell of few patients."""
        enough = sum(self.numbers.values()) >= FEWEST_FOR_MEDIAN
        return self.quantile(0.5) if enough else None

    @cached_property
    def shows_values(self) -> bool:
        """Whether the values are categories and no patient's own: only then are they shown."""
        if self.private or self.looks_private or not self.values:
            return False
        few = self.n_distinct <= MOST_CATEGORIES
        short = all(len(value) <= CATEGORY_CHARACTERS for value in self.values)
        shared = 2 * len(self.values) <= sum(self.values.values())
        return few and short and shared

    @cached_property
    def looks_private(self) -> bool:
        """Whether the header speaks of names, addresses or free text."""
        return any(private_words().intersection(name) for name in self.names)


def profile_column(
    header: str,
    cells: pa.ChunkedArray,
    *,
    description: str = "",
    labels: Mapping[str, str] | None = None,
    private: bool = False,
    title: str = "",
    years_only: bool = False,
) -> ColumnProfile:
    """Return the profile of a column.

    Parameters
    ----------
    header : str
        Name.
    cells : pyarrow.ChunkedArray
        Texts without spaces around them; empty where there is nothing.
    description : str
        What the source says about the column.
    labels : mapping of str to str, optional
        Words for coded values.
    private : bool
        Whether the source says that it identifies patients or is free text.
    title : str
        What people call it.
    years_only : bool
        Whether the import keeps only the years of dates of birth by itself.

    Returns
    -------
    ColumnProfile
        Counts of the commonest values.
    """
    import pyarrow.compute as pc

    counted = cells.value_counts()
    counts = dict(
        zip(
            counted.field("values").to_pylist(),
            counted.field("counts").to_pylist(),
            strict=True,
        )
    )
    blank = counts.pop("", 0) + counts.pop(None, 0)
    common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ColumnProfile(
        header=header,
        description=description,
        n_rows=len(cells),
        n_blank=blank,
        n_distinct=pc.count_distinct(cells).as_py() - (blank > 0),
        counts=dict(common[:MOST_VALUES]),
        labels=labels or {},
        private=private,
        title=title,
        years_only=years_only,
    )


def shared_columns(profiles: Iterable[Sequence[ColumnProfile]]) -> set[str]:
    """Return the headers that stand in all of several files."""
    sets = [{profile.header for profile in file} for file in profiles]
    return set.intersection(*sets) if sets else set()
