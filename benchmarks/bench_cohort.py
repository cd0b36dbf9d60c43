"""The patient-level cohort query: locoreg on its engines, SQL by hand, polars, pandas.

Usage: python benchmarks/bench_cohort.py [--out benchmarks/results/cohort.md] [--patients 1000000]
       [--postgresql ADDRESS] [--spark]

A made-up registry (`big_registry.py`) with ten events per patient is written once. Every program
gives the same 28 columns; a hash of them stands in the table, so that a fast wrong answer would be
seen. PostgreSQL and Spark are measured on request: the server named by ADDRESS gets a copy in the
schema locoreg_bench, and its own CPU time is not counted.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import Measured, python, table, versions

HERE = Path(__file__).parent
CAP = 900.0
Row = tuple[str, str, Measured | None]

PEERS = f"""
import sys
sys.path.insert(0, {str(HERE)!r})
from cohort_peers import SQL, WITHIN, SITES_WITHIN, hand_sql, hash_of, with_pandas, with_polars
"""
OURS = """
from locoreg.registry.cohort import patient_course
from locoreg.registry.engines import connect_engine
engine = connect_engine({target!r})
def ask():
    return patient_course(engine, therapy_within_days=WITHIN, sites_within_days=SITES_WITHIN)
"""
QUERY = """
from locoreg.registry.cohort.course import CourseQuestion, course_table
question = CourseQuestion(therapy_within_days=WITHIN, sites_within_days=SITES_WITHIN)
"""
HAND = """
from locoreg.registry.store import read_registry
con = read_registry({target!r}).connect()
con.execute("SET enable_progress_bar = false")
"""


def whole(setup: str, call: str) -> Measured | None:
    """Measure a whole process: start, imports, query."""
    program = f"{PEERS}\n{setup}\nresult = {call}\nprint(hash_of(result))"
    before = time.monotonic()
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    printed = child.stdout.read()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = status
    print(f"{call}: {time.monotonic() - before:.0f} s", file=sys.stderr)
    if status != 0:
        return None
    seconds = used.ru_utime + used.ru_stime
    return Measured(seconds, seconds, used.ru_maxrss / 1024, float(printed.split()[-1]))


def compare(folder: str, patients: int) -> list[Row]:
    ours, hand = OURS.format(target=folder), HAND.format(target=folder)
    alone = f"Query alone, {patients:,} patients"
    process = f"Whole process with the hash of the result, {patients:,} patients"
    query, by_hand = "course_table(engine, question)", "con.execute(SQL).to_arrow_table()"
    polars, pandas = f"with_polars({folder!r})", f"with_pandas({folder!r})"
    value = "hash_of(result)"
    return [
        (alone, "locoreg", python(PEERS + ours + QUERY, query, value, 3, CAP)),
        (
            alone,
            "locoreg, with counts of what is left out",
            python(PEERS + ours, "ask()", value, 3, CAP),
        ),
        (alone, "DuckDB, SQL by hand", python(PEERS + hand, by_hand, value, 3, CAP)),
        (alone, "polars", python(PEERS + "import polars", polars, value, 3, CAP)),
        (alone, "pandas", python(PEERS + "import pandas", pandas, value, 2, CAP)),
        (process, "locoreg", whole(ours + QUERY, query)),
        (process, "locoreg, with counts of what is left out", whole(ours, "ask()")),
        (process, "DuckDB, SQL by hand", whole("", f"hand_sql({folder!r})")),
        (process, "polars", whole("", polars)),
        (process, "pandas", whole("", pandas)),
    ]


def elsewhere(target: str, name: str, task: str) -> tuple[str, str]:
    """Return a sentence on wall seconds and hash of another engine."""
    program = f"""{PEERS}{OURS.format(target=target)}{QUERY}
import time
started = time.monotonic()
result = course_table(engine, question)
print(time.monotonic() - started, hash_of(result))
engine.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True
    )
    seconds, mark = done.stdout.split()[-2:]
    return f"{name}: {float(seconds):.0f} s by the clock for the query {task}", mark


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE / "results/cohort.md")
    parser.add_argument("--patients", type=int, default=1_000_000)
    parser.add_argument("--postgresql", metavar="ADDRESS")
    parser.add_argument("--spark", action="store_true")
    asked = parser.parse_args()
    notes: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = str(Path(scratch) / "registry")
        subprocess.run(
            [sys.executable, HERE / "big_registry.py", folder, "--patients", str(asked.patients)],
            check=True,
        )
        rows = compare(folder, asked.patients)
        ours = rows[0][2]
        others = [("Spark, local", f"spark:{folder}")] if asked.spark else []
        if asked.postgresql:
            notes.append(pushed(folder, asked.postgresql))
            others.append(("PostgreSQL", f"{asked.postgresql}?schema=locoreg_bench"))
        for name, target in others:
            sentence, mark = elsewhere(target, name, "alone")
            same = ours is not None and float(mark) == ours.value
            notes.append(f"{sentence}; {'the same rows' if same else 'OTHER ROWS'}.")
    lines = [
        "# Cohort query",
        "",
        versions("duckdb", "ibis-framework", "pyarrow", "polars", "pandas") + f"; {os.cpu_count()} "
        "cores, all used. CPU seconds, least of several calls after a first one; peak memory is",
        "what the call adds, or that of the whole process. The result is part of a hash of all "
        "rows. Written by `python benchmarks/bench_cohort.py`.",
        "",
        *table(rows),
    ]
    if notes:
        lines += ["", *notes]
    asked.out.parent.mkdir(exist_ok=True)
    asked.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def pushed(folder: str, address: str) -> str:
    from locoreg.registry.push import push_registry
    from locoreg.registry.store import read_registry

    started, used = time.monotonic(), time.process_time()
    report = push_registry(read_registry(folder), to=address, schema="locoreg_bench", replace=True)
    return (
        f"Copy of {sum(report.rows.values()):,} rows to PostgreSQL with keys and indices: "
        f"{time.monotonic() - started:.0f} s by the clock, {time.process_time() - used:.0f} CPU s "
        "of the client."
    )


if __name__ == "__main__":
    main()
