"""The files of the truth: written beside a registry, and read again."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.core.jsontext import dumps
from locoreg.registry.definitions import DAYS_PER_MONTH
from locoreg.registry.synthetic.strategies import CONTRASTS, MONTHS, STRATEGIES
from locoreg.registry.synthetic.truth.population import Choice, TrueValue
from locoreg.registry.synthetic.workshop import LOG_SCHEMA

FOLDER = "truth"
# Readers and the store leave hidden folders alone: the truth appears when the registry is there.
DRAFT = ".truth"
PATIENTS = "SYNTHETIC-patients.parquet"
VALUES = "SYNTHETIC-values.parquet"
ERRORS = "SYNTHETIC-errors.parquet"
DOCUMENT = "SYNTHETIC-truth.json"
README = "README.txt"
METADATA = {"locoreg.data": "SYNTHETIC"}
WARNING = (
    "SYNTHETIC: the patients of this folder are made up by a computer.\n"
    "No row is about a person. Don't use it as evidence on any treatment.\n"
)


class TruthWriter:
    """Write the truth of a registry that is being made.

    Parameters
    ----------
    folder : Path
        The registry.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / DRAFT
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self._patients: pq.ParquetWriter | None = None
        self._errors: list[pa.Table] = []

    def add(self, patients: pa.Table, errors: pa.Table | None) -> None:
        """Take the truth of some patients, and the errors put into their rows."""
        plain = pa.schema([pa.field(f.name, _plain(f.type)) for f in patients.schema])
        rows = patients.cast(plain.with_metadata(METADATA))
        if self._patients is None:
            self._patients = pq.ParquetWriter(
                self.folder / PATIENTS, rows.schema, compression="zstd"
            )
        self._patients.write_table(rows)
        if errors is not None:
            self._errors.append(errors)

    def finish(
        self, document: dict[str, Any], values: tuple[TrueValue, ...], dirty: bool
    ) -> dict[str, int]:
        """Write what is about all patients; return the number of errors by kind."""
        self.close()
        rows = pa.Table.from_pylist([asdict(value) for value in values])
        pq.write_table(rows.replace_schema_metadata(METADATA), self.folder / VALUES)
        counts: dict[str, int] = {}
        if dirty:
            errors = pa.concat_tables([LOG_SCHEMA.empty_table(), *self._errors])
            pq.write_table(errors.replace_schema_metadata(METADATA), self.folder / ERRORS)
            for pair in errors["kind"].value_counts():
                counts[pair["values"].as_py()] = pair["counts"].as_py()
        ordered = dict(sorted(counts.items()))
        whole = {**document, "errors": ordered}
        (self.folder / DOCUMENT).write_text(dumps(whole) + "\n", encoding="utf-8")
        (self.folder / README).write_text(truth_readme(document), encoding="utf-8")
        return ordered

    def close(self) -> None:
        """Close the files."""
        if self._patients is not None:
            self._patients.close()
            self._patients = None

    def publish(self) -> None:
        """Put the truth beside the registry, in one step."""
        self.folder.replace(self.folder.with_name(FOLDER))

    def abandon(self) -> None:
        """Remove what was written."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def truth_readme(document: dict[str, Any]) -> str:
    """Return the text that goes with the truth."""
    strategies = "\n".join(f"  {s.name}: {s.words}" for s in STRATEGIES)
    contrasts = "\n".join(f"  {name}: {a} less {b}" for name, (a, b) in CONTRASTS.items())
    return f"""{WARNING}
The truth of a registry of scenario {document["scenario"]}: {document["title"]}
{document["patients"]} patients, seed {document["seed"]}.

{PATIENTS}   per patient: what no table holds, potential outcomes, effects.
{VALUES}     for the population and subgroups: survival and restricted mean
             under each strategy, and contrasts, at 12, 24, 36 and 60 months.
{DOCUMENT}   the same contrasts as JSON, with scenario, options and definitions.
{ERRORS}     (dirty registries) every error put into the tables.

Days count from time zero, the first distant metastasis; a month has {DAYS_PER_MONTH} days.
death_day is empty where the patient lives for {MONTHS} months.

Local therapy is the row of local_therapy whose lt_id ends in -P001: surgery of the primary in
de novo disease, else resection or SABR of a metastasis. The other rows of that table have no
effect: surgery of the primary before the metastasis (-P000), radiotherapy after surgery (-P002),
palliative radiotherapy (-P003), SABR beside surgery of the primary (-P004).

Strategies
{strategies}

Contrasts
{contrasts}

expected: mean of the expectations given everything at time zero. Compare estimates with it.
realised: mean of the potential outcomes as drawn.
Both are about everybody at time zero, those included who died before their site saw them.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """The truth of a simulated registry.

    Attributes
    ----------
    folder : Path
        Where it lies.
    document : dict
        Scenario, options and definitions.
    values : tuple of TrueValue
        True numbers of the population.
    choices : tuple of Choice
        What the best choice for each patient would bring.
    """

    folder: Path
    document: dict[str, Any]
    values: tuple[TrueValue, ...]
    choices: tuple[Choice, ...]

    def value(
        self, *, subject: str, horizon_months: int, measure: str, subgroup: str = "all"
    ) -> TrueValue:
        """Return one true number.

        Parameters
        ----------
        subject : str
            Strategy or contrast.
        horizon_months : int
            12, 24, 36 or 60.
        measure : {"survival", "rmst"}
            Measure.
        subgroup : str
            Subgroup.

        Returns
        -------
        TrueValue
            The number.

        Raises
        ------
        DesignError
            If there is none.
        """
        asked = {
            "subject": subject,
            "horizon_months": horizon_months,
            "measure": measure,
            "subgroup": subgroup,
        }
        left = self.values
        for name, wanted in asked.items():
            kept = tuple(v for v in left if getattr(v, name) == wanted)
            if not kept:
                known = dict.fromkeys(str(getattr(v, name)) for v in left)
                raise DesignError(
                    f"the truth has no {name} {wanted!r}.", hint=did_you_mean(str(wanted), known)
                )
            left = kept
        return left[0]

    def patients(self) -> pa.Table:
        """Return the truth per patient."""
        return pq.read_table(self.folder / PATIENTS)

    def errors(self) -> pa.Table:
        """Return the errors put into the tables; without rows where there are none."""
        path = self.folder / ERRORS
        return pq.read_table(path) if path.is_file() else LOG_SCHEMA.empty_table()


def read_truth(folder: Path | str) -> Truth:
    """Read the truth of a simulated registry.

    Parameters
    ----------
    folder : Path or str
        The registry.

    Returns
    -------
    Truth
        Its truth.

    Raises
    ------
    DataError
        If the folder has none, or it can't be read.
    """
    place = Path(folder) / FOLDER
    path = place / DOCUMENT
    if not path.is_file():
        raise DataError(
            f"{folder} holds no truth: {FOLDER}/{DOCUMENT} is missing.",
            hint="only registries of locoreg registry simulate have one.",
        )
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        rows = pq.read_table(place / VALUES).to_pylist()
        return Truth(
            folder=place,
            document=document,
            values=tuple(TrueValue(**row) for row in rows),
            choices=tuple(Choice(**row) for row in document["choices"]),
        )
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise DataError(f"the truth in {place} can't be read: {error}.") from error
