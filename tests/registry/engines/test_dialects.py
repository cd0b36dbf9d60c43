"""The cohort query is written once: it compiles for engines that nobody runs here."""

from __future__ import annotations

from typing import Any

import pytest
import sqlglot

from locoreg.registry.cohort.expression import course_expression
from locoreg.registry.cohort.question import CourseQuestion
from locoreg.registry.engines import Engine

QUESTION = CourseQuestion(
    therapy_within_days=180, sites_within_days=60, targets=("lesion",), modalities=None
)


class CompilingEngine(Engine):
    """Compiles and runs nothing."""

    name = "none"

    def __init__(self, dialect: str) -> None:
        super().__init__(place="nowhere", revision=0, synthetic=False)
        self.dialect = dialect

    def days_between(self, later: Any, earlier: Any) -> Any:
        return later.delta(earlier, unit="day")

    def close(self) -> None:
        pass

    def _run(self, sql: str) -> Any:
        raise NotImplementedError


@pytest.mark.parametrize("dialect", ["bigquery", "snowflake", "databricks", "trino"])
def test_the_query_compiles_for_other_engines(dialect: str) -> None:
    engine = CompilingEngine(dialect)
    text = engine.sql(course_expression(engine, QUESTION))
    parsed = sqlglot.parse_one(text, read=dialect)
    tables = {table.name for table in parsed.find_all(sqlglot.exp.Table)}
    assert {"lesion", "disease_event", "primary_tumour", "local_therapy", "patient"} <= tables
