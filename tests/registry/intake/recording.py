"""A sink that remembers, for tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from locoreg.registry.intake.sink import CodeUse, Problem, SetAside


class Recording:
    def __init__(self) -> None:
        self.read: Counter[str] = Counter()
        self.unused: Counter[tuple[str, str]] = Counter()
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.aside: list[SetAside] = []
        self.problems: list[Problem] = []
        self.codes: list[CodeUse] = []

    def count_read(self, source_file: str, rows: int) -> None:
        self.read[source_file] += rows

    def count_unused(self, source_file: str, reason: str, rows: int) -> None:
        self.unused[source_file, reason] += rows

    def add(self, table: str, rows: Any) -> None:
        self.rows.setdefault(table, []).extend(rows.to_pylist())

    def set_aside(self, items: Iterable[SetAside]) -> None:
        self.aside += items

    def problem(self, items: Iterable[Problem]) -> None:
        self.problems += items

    def code(self, items: Iterable[CodeUse]) -> None:
        self.codes += items

    def rules(self) -> Counter[str]:
        return Counter(problem.rule for problem in self.problems)

    def reasons(self) -> list[tuple[str, int | None]]:
        return [(item.reason, item.source_row) for item in self.aside]
