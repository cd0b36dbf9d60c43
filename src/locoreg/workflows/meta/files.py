"""A report as files: results.json and one CSV table per part."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from locoreg.core.csvtext import to_csv
from locoreg.core.jsontext import dumps
from locoreg.workflows.meta.poolrows import PoolRow
from locoreg.workflows.meta.report import MetaReport

POOL_COLUMNS: tuple[str, ...] = (
    "label",
    "k",
    "estimate",
    "se",
    "ci_low",
    "ci_high",
    "p_value",
    "tau2",
    "i2",
)
POOL_COLUMNS += ("q", "q_p")


def write_tables(report: MetaReport, folder: Path) -> tuple[str, ...]:
    """Write a report's numbers into a folder.

    Parameters
    ----------
    report : MetaReport
    folder : Path
        It exists. Files of the same names are replaced.

    Returns
    -------
    tuple of str
        Names of the files.
    """
    texts = {"results.json": dumps(report.to_dict()) + "\n"}
    texts |= {f"{name}.csv": to_csv(rows) for name, rows in _tables(report)}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return tuple(texts)


def _tables(report: MetaReport) -> Iterable[tuple[str, list[Sequence[Any]]]]:
    studies = report.to_frame()
    yield "studies", [list(studies.columns), *studies.itertuples(index=False)]
    if report.left_out:
        rows = [(s.label, s.line, s.reason) for s in report.left_out]
        yield "left_out", [("label", "line", "reason"), *rows]
    yield "pool", _pool_rows((report.pooled,))
    if report.subgroups is not None:
        yield "subgroups", _pool_rows(report.subgroups.rows)
    if report.leave_one_out:
        yield "leave_one_out", _pool_rows(report.leave_one_out)
    if report.cumulative:
        yield "cumulative", _pool_rows(report.cumulative)
    if report.regression is not None:
        yield "meta_regression", _from_dicts(report.regression.to_dict()["coefficients"])
    if report.influence is not None:
        yield "influence", _from_dicts(report.influence.to_dict()["studies"])
    if report.count_pools:
        flat = [
            {k: v for k, v in part.to_dict().items() if k != "natural"}
            | {f"natural_{k}": v for k, v in part.to_dict()["natural"].items()}
            for part in report.count_pools
        ]
        yield "count_pools", _from_dicts(flat)


def _pool_rows(rows: tuple[PoolRow, ...]) -> list[Sequence[Any]]:
    header = (*POOL_COLUMNS, "natural_estimate", "natural_ci_low", "natural_ci_high")
    body = [(*(getattr(row, name) for name in POOL_COLUMNS), *row.natural) for row in rows]
    return [header, *body]


def _from_dicts(rows: Sequence[dict[str, Any]]) -> list[Sequence[Any]]:
    header = tuple(rows[0])
    return [header, *(tuple(row[name] for name in header) for row in rows)]
