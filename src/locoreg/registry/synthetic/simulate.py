"""Make a registry of patients who don't exist, with the truth about them."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from locoreg.core.errors import DesignError
from locoreg.core.frames import frame
from locoreg.core.jsontext import json_ready
from locoreg.registry.store.batch import ImportBatch
from locoreg.registry.store.manifest import FILE_NAME, Batch
from locoreg.registry.store.transaction import add_import
from locoreg.registry.synthetic.chunk import Chunk, Plan, make_chunk, plan
from locoreg.registry.synthetic.options import SimulationOptions
from locoreg.registry.synthetic.parameters import PARAMETERS, one
from locoreg.registry.synthetic.scenario import Scenario, find_scenario
from locoreg.registry.synthetic.strategies import CONTRASTS, STRATEGIES
from locoreg.registry.synthetic.truth.files import FOLDER, README, WARNING, TruthWriter
from locoreg.registry.synthetic.truth.population import (
    TrueValue,
    choices,
    true_values,
)
from locoreg.registry.synthetic.truth.sums import Sums

if TYPE_CHECKING:
    import pandas as pd

SYSTEM = "SYNTHETIC"
SOURCE = "simulate"
MOST_PATIENTS = 9_999_999
# Changes whenever the same seed would give other patients.
GENERATION = 2
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """A simulated registry and its truth.

    Attributes
    ----------
    folder : str
        The registry; the truth lies in its folder ``truth``.
    scenario : str
        Scenario.
    patients, seed : int
        Size and seed.
    options : SimulationOptions
        What was chosen about observation.
    batch : Batch
        The import with its counts.
    never_seen : int
        Patients drawn who died before their site saw them: in the truth, not in the tables.
    values : tuple of TrueValue
        True numbers of the population and its subgroups.
    errors : dict of str to int
        Errors put into the tables, by kind.
    """

    folder: str
    scenario: str
    patients: int
    seed: int
    options: SimulationOptions
    batch: Batch
    never_seen: int
    values: tuple[TrueValue, ...]
    errors: dict[str, int]

    @property
    def rows(self) -> dict[str, int]:
        """Rows of each table."""
        return {name: count.accepted for name, count in self.batch.counts.items()}

    def summary(self) -> str:
        """Return what was made, with the true effects in all patients."""
        lines = [
            f"SYNTHETIC registry in {self.folder}: {self.patients:,} made-up patients, scenario "
            f"{self.scenario}, seed {self.seed}.",
            f"{self.never_seen:,} more died before their site saw them.",
            "",
            f"{'table':24} {'rows':>12}",
            *(f"{name:24} {n:12,}" for name, n in sorted(self.rows.items())),
            "",
            "True effect of local therapy in all patients (difference in restricted mean, months):",
            f"{'contrast':24} {'12':>8} {'24':>8} {'36':>8} {'60':>8}",
        ]
        for contrast in CONTRASTS:
            found = [
                f"{v.expected:8.3f}" if v.expected is not None else f"{'':8}"
                for v in self.values
                if (v.subgroup, v.subject, v.measure) == ("all", contrast, "rmst")
            ]
            lines.append(f"{contrast:24} {' '.join(found)}")
        if self.errors:
            total = sum(self.errors.values())
            lines += ["", f"Errors put in: {total:,}."]
            lines += [f"    {n:,} {kind}" for kind, n in self.errors.items()]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the simulation as JSON-ready values."""
        return {
            "synthetic": True,
            "folder": self.folder,
            "truth": str(Path(self.folder) / FOLDER),
            "scenario": self.scenario,
            "patients": self.patients,
            "seed": self.seed,
            "options": self.options.to_dict(),
            "never_seen": self.never_seen,
            "rows": self.rows,
            "errors": dict(self.errors),
            "values": [json_ready(v.to_dict()) for v in self.values],
            "batch": self.batch.model_dump(mode="json"),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return the true numbers, one row each."""
        rows = [value.to_dict() for value in self.values]
        return frame({name: [row[name] for row in rows] for name in rows[0]})


def simulate_registry(
    folder: Path | str,
    *,
    patients: int,
    seed: int,
    scenario: str,
    options: SimulationOptions | None = None,
    workers: int = 2,
    wait_seconds: float = 60.0,
    progress: Progress | None = None,
) -> Simulation:
    """Make a registry of patients who don't exist, with the truth about them.

    Parameters
    ----------
    folder : Path or str
        A new or empty folder.
    patients : int
        Patients in the tables, 1 or more.
    seed : int
        Seed, 0 or more: the same seed gives the same registry.
    scenario : {"null", "constant", "heterogeneous", "unmeasured-confounder", "dirty"}
        What is true.
    options : SimulationOptions, optional
        What is seen: loss, missing values, late entry, errors.
    workers : int
        Threads that make chunks; the result does not depend on it.
    wait_seconds : float
        How long to wait for another process that writes to the folder.
    progress : callable, optional
        Called with patients done and patients in all after each chunk.

    Returns
    -------
    Simulation
        What was made.

    Raises
    ------
    DesignError
        If the scenario is unknown, a number is out of range or the folder is not empty: nothing is
        ever overwritten.
    """
    chosen = find_scenario(scenario)
    options = SimulationOptions() if options is None else options
    _check(patients, seed, workers)
    target = Path(folder)
    _check_empty(target)
    layout = plan(chosen, options, patients=patients, seed=seed)
    job = _Job(target, layout, workers=workers, progress=progress)
    try:
        batch, changed = add_import(
            target,
            job.fill,
            source=SOURCE,
            source_system=SYSTEM,
            fingerprint=_fingerprint(layout),
            synthetic=True,
            wait_seconds=wait_seconds,
        )
        if not changed:
            raise _taken(target)
        job.publish()
    finally:
        job.abandon()
    return Simulation(
        folder=str(folder),
        scenario=scenario,
        patients=patients,
        seed=seed,
        options=options,
        batch=batch,
        never_seen=job.never_seen,
        values=job.values,
        errors=job.errors,
    )


class _Job:
    """Rows on their way to the import, and the truth on its way to its files."""

    def __init__(
        self, folder: Path, layout: Plan, *, workers: int, progress: Progress | None
    ) -> None:
        self.folder, self.layout = folder, layout
        self.workers, self.progress = workers, progress
        self.values: tuple[TrueValue, ...] = ()
        self.errors: dict[str, int] = {}
        self.never_seen = 0
        self._truth: TruthWriter | None = None
        self._rows: dict[str, int] = {}

    def fill(self, batch: ImportBatch) -> None:
        """Write all rows to an import."""
        if not batch.import_id.startswith("0001-"):
            raise _taken(self.folder)
        self._truth = TruthWriter(self.folder)
        sums: Sums | None = None
        for done, chunk in enumerate(_chunks(self.layout, self.workers), start=1):
            self._take(batch, chunk)
            sums = chunk.sums if sums is None else sums + chunk.sums
            if self.progress is not None:
                total = self.layout.patients
                self.progress(total * done // self.layout.chunks, total)
        assert sums is not None
        for table, rows in self._rows.items():
            batch.count_read(f"{SYSTEM}-{table}", rows)
        self.values = true_values(sums)
        document = _document(self.layout, self.values, sums, self.never_seen)
        self.errors = self._truth.finish(document, self.values, self.layout.dirty)

    def _take(self, batch: ImportBatch, chunk: Chunk) -> None:
        for table, rows in chunk.blocks:
            first = self._rows.get(table, 0) + 1
            number = pa.array(np.arange(first, first + rows.num_rows, dtype=np.int64))
            batch.add(table, rows.append_column("source_row", number))
            self._rows[table] = first + rows.num_rows - 1
        assert self._truth is not None
        self._truth.add(chunk.truth, chunk.errors)
        self.never_seen += int((~chunk.truth["entered"].to_numpy()).sum())

    def publish(self) -> None:
        """Put the truth and the notice beside the registry."""
        assert self._truth is not None
        self._truth.publish()
        self._truth = None
        text = (
            f"{WARNING}\nScenario {self.layout.scenario.name}, {self.layout.patients} patients, "
            f"seed {self.layout.seed}. The truth about them lies in {FOLDER}.\n"
        )
        (self.folder / README).write_text(text, encoding="utf-8")

    def abandon(self) -> None:
        """Remove a truth that has no registry."""
        if self._truth is not None:
            self._truth.abandon()


def _chunks(layout: Plan, workers: int) -> Iterator[Chunk]:
    """Yield the chunks in order; few are held at a time."""
    waiting: deque[Future[Chunk]] = deque()
    numbers = iter(range(layout.chunks))
    with ThreadPoolExecutor(max_workers=workers) as pool:
        try:
            for number in numbers:
                waiting.append(pool.submit(make_chunk, layout, number))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _check(patients: int, seed: int, workers: int) -> None:
    for name, value, low, high in (
        ("patients", patients, 1, MOST_PATIENTS),
        ("seed", seed, 0, None),
        ("workers", workers, 1, None),
    ):
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise DesignError(f"{name} must be a whole number, not {value!r}.")
        if value < low or (high is not None and value > high):
            limits = f"{low} or more" if high is None else f"{low} to {high:,}"
            raise DesignError(f"{name} must be {limits}, not {value}.")


def _check_empty(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise DesignError(f"{folder} is a file.", hint="name a new or empty folder.")
    if (folder / FILE_NAME).exists():
        raise _taken(folder)
    # A run that was killed leaves hidden files, and tables that no manifest names.
    left = [p.name for p in folder.iterdir() if not p.name.startswith(".") and p.name != "tables"]
    if left:
        raise DesignError(
            f"{folder} is not empty: it holds {sorted(left)[0]}.",
            hint="name a new or empty folder.",
        )


def _taken(folder: Path) -> DesignError:
    return DesignError(
        f"{folder} holds a registry already; nothing was changed.",
        hint="name a new or empty folder.",
    )


def _fingerprint(layout: Plan) -> str:
    numbers = [(p.name, p.key, p.value) for p in PARAMETERS.values()]
    text = json.dumps([GENERATION, _chosen(layout), numbers], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _chosen(layout: Plan) -> dict[str, Any]:
    return {
        "scenario": layout.scenario.name,
        "patients": int(layout.patients),
        "seed": int(layout.seed),
        "options": layout.options.to_dict(),
    }


def _document(
    layout: Plan, values: tuple[TrueValue, ...], sums: Sums, never_seen: int
) -> dict[str, Any]:
    scenario = layout.scenario
    return {
        "synthetic": True,
        "warning": WARNING,
        **_chosen(layout),
        "title": scenario.title,
        "never_seen": never_seen,
        "hazard_scale": _hazard_scale(scenario),
        "strategies": {s.name: s.words for s in STRATEGIES},
        "contrasts": {name: list(pair) for name, pair in CONTRASTS.items()},
        "values": [v.to_dict() for v in values if v.subject in CONTRASTS],
        "choices": [c.to_dict() for c in choices(sums)],
    }


def _hazard_scale(scenario: Scenario) -> dict[str, Any]:
    log_hr = {"none": 0.0, "constant": one("effect_constant"), "heterogeneous": None}
    return {
        "log_hr": log_hr[scenario.effect],
        "meaning": "log hazard ratio of death from breast cancer after local therapy, given "
        "everything that acts; null where it differs between patients (column log_hr)",
        "perioperative_deaths": scenario.perioperative_deaths,
        "acts_on_later_state": scenario.feedback,
        "unmeasured_log_hr": one("log_hr_unmeasured") if scenario.unmeasured else 0.0,
        "unmeasured_log_odds": one("logit_therapy_unmeasured") if scenario.unmeasured else 0.0,
    }
