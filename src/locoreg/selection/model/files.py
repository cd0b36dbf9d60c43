"""Model files: JSON and plain arrays, which run nothing when they are read."""

from __future__ import annotations

import contextlib
import io
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DataError, LocoregError
from locoreg.core.jsontext import dumps
from locoreg.core.provenance import sha256_of_bytes
from locoreg.core.version import __version__
from locoreg.selection.data.features import FeatureCoding
from locoreg.selection.learners import restore_model
from locoreg.selection.model.assessed import AssessmentSummary
from locoreg.selection.model.model import SelectionModel
from locoreg.selection.model.training import TrainingSummary
from locoreg.selection.patient.cells import Cells
from locoreg.selection.patient.conformal import Bounds
from locoreg.selection.patient.leaf import LeafGroup
from locoreg.selection.patient.sums import BoundSums, CellSums, TimeSums
from locoreg.selection.patient.values import ValueSupport
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.rules.rule import Rule
from locoreg.selection.scores.models import ChoiceModel, EventModel

SCHEMA = "locoreg-selection-model"
VERSION = 2
# A model of version 1 tells survival at its horizon only, and no range for hidden confounding.
READABLE = (1, VERSION)
JSON, ARRAYS = "model.json", "arrays.npz"
# Arrays of numbers and truth values; objects would have to be unpickled.
KINDS = "biuf"
Arrays = dict[str, NDArray[Any]]


def save_model(model: SelectionModel, folder: str | Path) -> tuple[Path, Path]:
    """Write a model as ``model.json`` and ``arrays.npz``.

    Parameters
    ----------
    model : SelectionModel
        From `build_model`.
    folder : str or Path
        Where; made if missing. An older model there is replaced.

    Returns
    -------
    tuple of Path
        The JSON and the arrays. Each file is whole or not there; the JSON, which holds the hash of
        the arrays, comes last.

    Raises
    ------
    DataError
        If the model holds numbers that are not finite, or the folder can't be written.
    """
    folder = Path(folder)
    arrays = dict(model.arrays())
    _check_arrays(arrays, "the model")
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)  # type: ignore[arg-type]
    content = packed.getvalue()
    body = model.to_dict()
    head = {
        "schema": SCHEMA,
        "version": VERSION,
        "software": f"locoreg {__version__}",
        "arrays_sha256": sha256_of_bytes(content),
        "body_sha256": _body_hash(body),
        "shapes": {name: list(values.shape) for name, values in arrays.items()},
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / ARRAYS, content)
        _write(folder / JSON, (dumps({**head, **body}) + "\n").encode())
    except OSError as error:
        raise DataError(f"{folder} can't be written: {error.strerror}.") from error
    return folder / JSON, folder / ARRAYS


def _body_hash(body: Mapping[str, Any]) -> str:
    text = json.dumps(json.loads(dumps(body)), sort_keys=True, ensure_ascii=False)
    return sha256_of_bytes(text.encode())


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def load_model(folder: str | Path) -> SelectionModel:
    """Read a model that `save_model` wrote.

    Parameters
    ----------
    folder : str or Path
        The folder of ``model.json`` and ``arrays.npz``, or the path of the first.

    Returns
    -------
    SelectionModel
        The model, whose predictions are those of the one written.

    Raises
    ------
    DataError
        If a file is missing, is of another schema or version, was changed, or holds anything but
        finite numbers.
    """
    folder = Path(folder)
    if folder.name == JSON:
        folder = folder.parent
    given = _read_json(folder / JSON)
    arrays = _read_arrays(folder / ARRAYS, given)
    try:
        return _restore(given, arrays)
    except LocoregError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise DataError(
            f"{folder / JSON} is no model of version {given['version']}: "
            f"{type(error).__name__} {error}.",
            hint="write it anew with this version of locoreg.",
        ) from error


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(
            f"{path} is missing.", hint=f"a model is a folder with {JSON} and {ARRAYS}."
        ) from error
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror}.") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        given = json.loads(_read_bytes(path))
    except ValueError as error:
        raise DataError(f"{path} is no JSON: {error}.") from error
    if not isinstance(given, dict) or given.get("schema") != SCHEMA:
        raise DataError(f"{path} is no model of locoreg.", hint=f'its "schema" must be {SCHEMA}.')
    if given.get("version") not in READABLE:
        raise DataError(
            f"{path} is a model of version {given.get('version')}; this locoreg reads versions "
            f"{' and '.join(map(str, READABLE))}.",
            hint="write it anew with this version of locoreg.",
        )
    head = ("schema", "version", "software", "arrays_sha256", "body_sha256", "shapes")
    body = {name: value for name, value in given.items() if name not in head}
    if _body_hash(body) != given.get("body_sha256"):
        raise DataError(
            f"{path} was changed after it was written: its hash does not fit.",
            hint="get the file anew.",
        )
    return given


def _read_arrays(path: Path, given: Mapping[str, Any]) -> Arrays:
    content = _read_bytes(path)
    if sha256_of_bytes(content) != given.get("arrays_sha256"):
        raise DataError(
            f"{path} is not the file that belongs to {JSON}: its hash does not fit.",
            hint="get both files anew.",
        )
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as packed:
            arrays = {name: packed[name] for name in packed.files}
    except (ValueError, OSError, zipfile.BadZipFile, EOFError) as error:
        raise DataError(
            f"{path} does not hold plain arrays of numbers.", hint="get both files anew."
        ) from error
    _check_arrays(arrays, str(path))
    shapes = {name: list(values.shape) for name, values in arrays.items()}
    if shapes != given.get("shapes"):
        raise DataError(f"the arrays of {path} have other shapes than {JSON} says.")
    return arrays


def _check_arrays(arrays: Mapping[str, NDArray[Any]], where: str) -> None:
    for name, values in arrays.items():
        if values.dtype.kind not in KINDS:
            raise DataError(f"the array {name} of {where} holds {values.dtype}, not numbers.")
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise DataError(f"the array {name} of {where} holds numbers that are not finite.")


def _restore(given: Mapping[str, Any], arrays: Arrays) -> SelectionModel:
    def part(name: str) -> Arrays:
        start = f"{name}/"
        return {k.removeprefix(start): v for k, v in arrays.items() if k.startswith(start)}

    def optional(present: Any, make: Callable[[], Any]) -> Any:
        return make() if present not in (None, False) else None

    return SelectionModel(
        question=SelectionQuestion(**given["question"]),
        coding=FeatureCoding.from_dict(given["coding"]),
        effect=restore_model(given["effect"]["kind"], given["effect"]["settings"], part("effect")),
        effect_quantiles=part("model")["effect_quantiles"],
        choice=ChoiceModel.restore(given["choice"], part("choice")),
        event=optional(given["event"], lambda: EventModel.restore(given["event"], part("event"))),
        bounds=optional(given["bounds"], lambda: Bounds.restore(part("bounds"))),
        values=ValueSupport.from_dict(given["values"]),
        cells=Cells.restore(part("cells")),
        sums=CellSums.restore(part("sums")),
        odds_factor=_odds_factor(given),
        hidden=_bounds(given, part("hidden")),
        survival=_survival(given, part),
        rule=None if given["rule"] is None else Rule.from_dict(given["rule"]),
        leaves=tuple(LeafGroup.from_dict(one) for one in given["leaves"]),
        training=TrainingSummary.from_dict(given["training"]),
        assessment=optional(
            given["assessment"], lambda: AssessmentSummary.from_dict(given["assessment"])
        ),
        protocol_sha256=given["protocol_sha256"],
        input_sha256=given["input_sha256"],
        intended_use=given["intended_use"],
        limits=tuple(given["limits"]),
    )


def _odds_factor(given: Mapping[str, Any]) -> float | None:
    factor = None if given["version"] == 1 else given["odds_factor"]
    return None if factor is None else float(factor)


def _bounds(given: Mapping[str, Any], arrays: Arrays) -> BoundSums | None:
    return None if _odds_factor(given) is None else BoundSums.restore(arrays)


def _survival(given: Mapping[str, Any], part: Callable[[str], Arrays]) -> tuple[TimeSums, ...]:
    if given["version"] == 1:
        months = given["survival_months"]
        if months is None:
            return ()
        return (TimeSums(months=float(months), sums=CellSums.restore(part("survival"))),)
    return tuple(
        TimeSums(
            months=float(months),
            sums=CellSums.restore(part(f"survival{k}")),
            bounds=_bounds(given, part(f"hidden{k}")),
        )
        for k, months in enumerate(given["survival_months"])
    )
