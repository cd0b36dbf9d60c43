"""The task: what a model tells about one patient."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from locoreg.core.errors import DataError
from locoreg.selection.model import SelectionModel, load_model
from locoreg.selection.patient import PatientPrediction, predict_patient

# A file with the values of one patient is small; a larger one is something else.
MOST_BYTES = 1_000_000
# Whole numbers of more digits are no values of a patient; Python refuses to read the longest.
MOST_DIGITS = 15
EXAMPLE = 'write {"age": 61, "ecog": null, ...}.'


def predict(
    model: str | Path | SelectionModel, patient: str | Path | Mapping[str, Any]
) -> PatientPrediction:
    """Say what a model tells about one patient, or why it tells nothing.

    Parameters
    ----------
    model : str, Path or SelectionModel
        A model, or its folder.
    patient : str, Path or mapping
        One value per covariate, None (null) where it is unknown; or a JSON file with them.

    Returns
    -------
    PatientPrediction
        Without a number where the patient is unlike those of the data.

    Raises
    ------
    DataError
        If the model can't be read, or the patient does not fit it.
    """
    found = model if isinstance(model, SelectionModel) else load_model(model)
    values = patient if isinstance(patient, Mapping) else _read(Path(patient))
    return predict_patient(found, values)


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f"{path} is too large for one patient.", hint="give one JSON object.")
        given = json.loads(
            path.read_text(encoding="utf-8-sig"), object_pairs_hook=_once, parse_int=_whole
        )
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror}.") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path} is no JSON: {error}.", hint=EXAMPLE) from error
    except RecursionError as error:
        raise DataError(f"{path} is nested too deeply for a patient.", hint=EXAMPLE) from error
    if not isinstance(given, dict):
        raise DataError(f"{path} holds no object.", hint=EXAMPLE)
    return given


def _whole(digits: str) -> float:
    return int(digits) if len(digits) <= MOST_DIGITS else float(digits)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"the patient has {twice[0]!r} twice.", hint="give each value once.")
    return dict(pairs)
