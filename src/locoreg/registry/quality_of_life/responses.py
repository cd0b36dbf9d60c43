"""Scores of the answers in a registry or a table, one questionnaire at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.core.frames import frame
from locoreg.core.numbertext import plural
from locoreg.registry.quality_of_life.instrument import (
    Instrument,
    normal_version,
    shipped_instruments,
)
from locoreg.registry.quality_of_life.scoring import STATES, ScoreSheet, score
from locoreg.registry.quality_of_life.sheets import Sheets, connection, gather, prepare
from locoreg.registry.rowfiles import write_rows
from locoreg.registry.store import Registry

if TYPE_CHECKING:
    import pandas as pd

SCORES_SCHEMA = pa.schema(
    [
        ("patient_id", pa.string()),
        ("instrument", pa.string()),
        ("version", pa.string()),
        ("date", pa.date32()),
        ("date_precision", pa.string()),
        ("scale", pa.string()),
        ("score", pa.float64()),
        ("score_reason", pa.string()),
        ("n_answered", pa.int16()),
        ("n_items", pa.int16()),
        ("scoring_version", pa.string()),
    ]
)
PROBLEMS_SCHEMA = pa.schema(
    [
        ("rule", pa.string()),
        ("patient_id", pa.string()),
        ("instrument", pa.string()),
        ("version", pa.string()),
        ("date", pa.date32()),
        ("item", pa.string()),
        ("value", pa.string()),
        ("message", pa.string()),
    ]
)
MESSAGES = {
    "value-outside-range": "the answer is outside the range of its item; taken as missing.",
    "contradictory-answers": "an item has several answers in one questionnaire; taken as missing.",
    "repeated-answer": "the same answer stands several times in one questionnaire; taken once.",
    "unknown-item": "the instrument has no such item; left out.",
    "answered-against-filter": "answered though another answer excludes the item; scored.",
    "no-date": "the questionnaire has no date; scored, and it can't be placed in time.",
    "version-not-recorded": "the version is not recorded; not scored.",
    "version-not-scored": "no rules for this version are known; not scored.",
    "instrument-not-asked-for": "the instrument is not among those asked for; not scored.",
}

# What the rows of answers themselves show, once per questionnaire (or item).
_ROW_PROBLEMS = """
    SELECT 'unknown-item' AS rule, patient_id, instrument, version, date, item,
        CAST(NULL AS VARCHAR) AS value
    FROM answer WHERE scored_as IS NOT NULL AND item_no IS NULL GROUP BY ALL
    UNION ALL
    SELECT why, patient_id, instrument, version, date, NULL, NULL
    FROM answer WHERE scored_as IS NULL GROUP BY ALL
    UNION ALL
    SELECT 'no-date', patient_id, instrument, version, date, NULL, NULL
    FROM answer WHERE scored_as IS NOT NULL AND date IS NULL GROUP BY ALL"""
_REPEATED = """
    SELECT CASE WHEN count(DISTINCT value) > 1 THEN 'contradictory-answers'
            ELSE 'repeated-answer' END AS rule,
        patient_id, any_value(instrument) AS instrument, any_value(version) AS version, date,
        any_value(item) AS item,
        array_to_string(list_sort(list(DISTINCT CAST(value AS INTEGER))), ';') AS value
    FROM answer WHERE item_no IS NOT NULL AND scored_as = ?
    GROUP BY patient_id, date, date_precision, item_no HAVING count(*) > 1"""


@dataclass(frozen=True, slots=True, kw_only=True)
class QolScores:
    """Scores of questionnaires.

    Attributes
    ----------
    scores : pyarrow.Table
        One row per questionnaire and scale: score (null with ``score_reason`` where there is
        none), items answered and items of the scale, version of the rules.
    problems : pyarrow.Table
        What was noticed: rule, patient, instrument, date, item, value, message.
    n_questionnaires : int
        Questionnaires scored.
    n_answers, n_not_scored : int
        Rows of answers read, and those of questionnaires that were not scored.
    instruments : tuple of Instrument
        What was scored.
    assumed_versions : dict
        Versions that the caller vouched for where none was recorded.
    synthetic : bool
        Whether the patients are made up.
    """

    scores: pa.Table
    problems: pa.Table
    n_questionnaires: int
    n_answers: int
    n_not_scored: int
    instruments: tuple[Instrument, ...]
    assumed_versions: dict[str, str]
    synthetic: bool = False

    def write(self, path: Path) -> Path:
        """Write the scores to a file.

        Parameters
        ----------
        path : Path
            Ends with ``.parquet`` or ``.csv``. A file that is there is replaced in one step.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        DesignError
            If the name ends otherwise.
        """
        return write_rows(self.scores, path, synthetic=self.synthetic)

    def to_frame(self) -> pd.DataFrame:
        """Return the scores, one row per questionnaire and scale."""
        return frame({name: self.scores.column(name).to_pylist() for name in _names(self.scores)})

    def problem_counts(self) -> dict[str, int]:
        """Return how often each rule found something."""
        counts = dict.fromkeys(MESSAGES, 0)
        for rule in self.problems.column("rule").to_pylist():
            counts[rule] += 1
        return {rule: n for rule, n in counts.items() if n}

    def table(self) -> list[dict[str, Any]]:
        """Return per instrument and scale: scored, missing by reason, median and quartiles."""
        by = ["instrument", "version", "scale"]
        asked = [([], "count_all"), ("score", "count"), ("score", "list")]
        grouped = self.scores.group_by(by).aggregate(asked).to_pylist()
        found = {tuple(row[name] for name in by): row for row in grouped}
        reasons = _reason_counts(self.scores)
        keys = [(i.instrument, i.version, s) for i in self.instruments for s in i.score_names]
        return [
            {
                **dict(zip(by, key, strict=True)),
                "questionnaires": found[key]["count_all"],
                "scored": found[key]["score_count"],
                **_quartiles(found[key]["score_list"]),
                "missing": reasons.get(key, {}),
            }
            for key in keys
            if key in found
        ]

    def summary(self) -> str:
        """Return counts for the terminal."""
        lines = ["SYNTHETIC: these patients are made up."] if self.synthetic else []
        lines.append(
            f"{plural(self.n_questionnaires, 'questionnaire')} scored from "
            f"{self.n_answers:,} answers; {self.n_not_scored:,} answers not scored."
        )
        for name, version in self.assumed_versions.items():
            lines.append(f"{name} without a version was taken as version {version}, as asked.")
        lines += [
            "",
            f"{'instrument':14} {'scale':10} {'scored':>10} {'missing':>10}  median (Q1, Q3)",
        ]
        for row in self.table():
            missing = row["questionnaires"] - row["scored"]
            middle = ""
            if row["median"] is not None:
                middle = f"{row['median']:.1f} ({row['q1']:.1f}, {row['q3']:.1f})"
            label = f"{row['instrument']} {row['version']}"
            lines.append(
                f"{label:14} {row['scale']:10} {row['scored']:10,} {missing:10,}  {middle}".rstrip()
            )
            lines += [f"    {n:,} {reason}" for reason, n in row["missing"].items()]
        lines += ["", f"Problems: {self.problems.num_rows:,}."]
        lines += [
            f"    {n:,} {rule}: {MESSAGES[rule]}" for rule, n in self.problem_counts().items()
        ]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return counts, rules and problems as JSON-ready values; no patient's scores."""
        return {
            "synthetic": self.synthetic,
            "questionnaires": self.n_questionnaires,
            "answers": self.n_answers,
            "answers_not_scored": self.n_not_scored,
            "assumed_versions": dict(self.assumed_versions),
            "scoring": [
                {
                    "instrument": i.instrument,
                    "version": i.version,
                    "scoring_version": i.scoring_version,
                    "citation": i.citation,
                }
                for i in self.instruments
            ],
            "scales": self.table(),
            "problems": self.problem_counts(),
        }


def score_responses(
    source: Registry | Any,
    *,
    instruments: Sequence[str | Instrument],
    assume_versions: Mapping[str, str] | None = None,
) -> QolScores:
    """Score all questionnaires of a registry or a table of answers.

    A questionnaire is what shares patient, instrument, version and date.

    Parameters
    ----------
    source : Registry or table
        A registry (its table ``qol_response``), or a pyarrow, pandas or polars table with the
        columns patient_id, instrument, version, date, item, value and, where known,
        date_precision and missing_reason.
    instruments : sequence of str or Instrument
        Instruments to score by name (``QLQ-C30``, ``QLQ-BR23``, ``FACT-B``), or instruments read
        with ``read_instrument``.
    assume_versions : mapping of str to str, optional
        Version by instrument for answers without one. Answers without a version are not scored
        otherwise: the versions differ in items and ranges.

    Returns
    -------
    QolScores
        Scores, and what was noticed.

    Raises
    ------
    DesignError
        If an instrument is not known.
    DataError
        If the table lacks a column.
    """
    chosen = _chosen(instruments)
    assumed = dict(assume_versions or {})
    for name in assumed:
        if name not in {i.instrument for i in chosen}:
            raise DesignError(
                f"a version is assumed for {name!r}, which is not scored.",
                hint=did_you_mean(name, {i.instrument for i in chosen}),
            )
    with connection(source) as con:
        prepare(con, chosen, assumed)
        n_answers, n_not_scored = con.execute(
            "SELECT count(*), count(*) FILTER (scored_as IS NULL) FROM answer"
        ).fetchall()[0]
        problems = [_with_message(con.execute(_ROW_PROBLEMS).to_arrow_table())]
        parts: list[pa.Table] = []
        n_sheets = 0
        for place, instrument in enumerate(chosen):
            sheets = gather(con, place, instrument)
            scored = score(instrument, sheets.answers, not_applicable=sheets.not_applicable)
            n_sheets += sheets.keys.num_rows
            parts.append(_long(instrument, sheets.keys, scored))
            problems.append(_sheet_problems(instrument, sheets, scored))
            if sheets.repeated:
                found = con.execute(_REPEATED, [place]).to_arrow_table()
                problems.append(_with_message(found))
    found = pa.concat_tables(problems).sort_by(
        [(name, "ascending") for name in ("rule", "patient_id", "instrument", "date", "item")]
    )
    return QolScores(
        scores=pa.concat_tables(parts),
        problems=found,
        n_questionnaires=n_sheets,
        n_answers=n_answers,
        n_not_scored=n_not_scored,
        instruments=chosen,
        assumed_versions=assumed,
        synthetic=isinstance(source, Registry) and source.synthetic,
    )


def _quartiles(scores: Sequence[float | None]) -> dict[str, float | None]:
    known = np.array([score for score in scores if score is not None], dtype=np.float64)
    if known.size == 0:
        return {"median": None, "q1": None, "q3": None}
    q1, median, q3 = (float(q) for q in np.quantile(known, (0.25, 0.5, 0.75)))
    return {"median": median, "q1": q1, "q3": q3}


def _names(table: pa.Table) -> list[str]:
    names: list[str] = table.column_names
    return names


def _reason_counts(scores: pa.Table) -> dict[tuple[str, str, str], dict[str, int]]:
    by = ["instrument", "version", "scale", "score_reason"]
    counts: dict[tuple[str, str, str], dict[str, int]] = {}
    for row in scores.group_by(by, use_threads=False).aggregate([([], "count_all")]).to_pylist():
        if row["score_reason"] is not None:
            key = (row["instrument"], row["version"], row["scale"])
            counts.setdefault(key, {})[row["score_reason"]] = row["count_all"]
    return counts


def _chosen(instruments: Sequence[str | Instrument]) -> tuple[Instrument, ...]:
    if isinstance(instruments, str) or not instruments:
        raise DesignError(
            "name the instruments to score as a list.",
            hint=f"allowed are {', '.join(sorted(i.instrument for i in shipped_instruments()))}.",
        )
    chosen: list[Instrument] = []
    for asked in instruments:
        if isinstance(asked, Instrument):
            chosen.append(asked)
            continue
        named = [i for i in shipped_instruments() if i.instrument == asked]
        if not named:
            names = {i.instrument for i in shipped_instruments()}
            raise DesignError(f"there is no instrument {asked!r}.", hint=did_you_mean(asked, names))
        chosen += named
    keys = [(i.instrument, normal_version(i.version)) for i in chosen]
    if len(set(keys)) != len(keys):
        raise DesignError("an instrument is asked for twice.", hint="name each version once.")
    return tuple(chosen)


def _long(instrument: Instrument, keys: pa.Table, scored: ScoreSheet) -> pa.Table:
    names = instrument.score_names
    n, k = keys.num_rows, len(names)
    rows = pa.array(np.repeat(np.arange(n), k))
    flat = scored.scores.ravel()
    reasons = pa.array(STATES, pa.string()).take(pa.array(scored.state.ravel().astype(np.int32)))
    sizes = {s.id: len(s.items) for s in instrument.scales}
    for whole in instrument.composites:
        sizes[whole.id] = sum(sizes[part] for part in (*whole.parts, *whole.reversed_parts))
    scales = pa.DictionaryArray.from_arrays(
        pa.array(np.tile(np.arange(k, dtype=np.int32), n)), pa.array(names, pa.string())
    )
    missing = np.isnan(flat)
    columns = {
        "patient_id": keys.column("patient_id").take(rows),
        "instrument": pa.repeat(pa.scalar(instrument.instrument), n * k),
        "version": pa.repeat(pa.scalar(instrument.version), n * k),
        "date": keys.column("date").take(rows),
        "date_precision": keys.column("date_precision").take(rows),
        "scale": scales.cast(pa.string()),
        "score": pa.array(flat, mask=missing),
        "score_reason": pc.if_else(pa.array(missing), reasons, pa.scalar(None, pa.string())),
        "n_answered": pa.array(scored.n_answered.ravel()),
        "n_items": pa.array(np.tile(np.array([sizes[s] for s in names], dtype=np.int16), n)),
        "scoring_version": pa.repeat(pa.scalar(instrument.scoring_version), n * k),
    }
    return pa.table(columns).cast(SCORES_SCHEMA)


def _sheet_problems(instrument: Instrument, sheets: Sheets, scored: ScoreSheet) -> pa.Table:
    """Return answers outside their range, and those given against a filter."""
    parts = []
    for rule, marked in (
        ("value-outside-range", scored.out_of_range),
        ("answered-against-filter", scored.against_filter),
    ):
        rows, items = np.nonzero(marked)
        values = sheets.answers[rows, items].tolist()
        names = [instrument.item_names[item] for item in items.tolist()]
        taken = pa.array(rows, pa.int64())
        parts.append(
            pa.table(
                {
                    "rule": pa.repeat(pa.scalar(rule), len(rows)),
                    "patient_id": sheets.keys.column("patient_id").take(taken),
                    "instrument": pa.repeat(pa.scalar(instrument.instrument), len(rows)),
                    "version": pa.repeat(pa.scalar(instrument.version), len(rows)),
                    "date": sheets.keys.column("date").take(taken),
                    "item": pa.array(names, pa.string()),
                    "value": pa.array([f"{value:g}" for value in values], pa.string()),
                }
            )
        )
    return _with_message(pa.concat_tables(parts))


def _with_message(found: pa.Table) -> pa.Table:
    messages = pa.array([MESSAGES[rule] for rule in found.column("rule").to_pylist()], pa.string())
    return found.append_column("message", messages).cast(PROBLEMS_SCHEMA)
