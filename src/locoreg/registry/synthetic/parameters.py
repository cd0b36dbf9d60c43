"""The numbers of the simulation, each with its source: they stand in ``parameters.csv``."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

SUBTYPES = ("HR+/HER2-", "HR+/HER2+", "HR-/HER2+", "TNBC")
# Groups in which most sources count the subtypes.
GROUPS = ("HR+/HER2-", "HER2+", "HER2+", "TNBC")
ORGANS = (
    "bone",
    "liver",
    "lung",
    "pleura",
    "brain",
    "distant_ln",
    "skin_soft_tissue",
    "adrenal",
    "ovary",
    "peritoneum",
)
# Pleura and peritoneum count as visceral; nodes, skin and bone don't.
VISCERAL = ("liver", "lung", "pleura", "brain", "adrenal", "ovary", "peritoneum")
LESION_CLASSES = ("1", "2-3", "4-5", ">5")
STATES = ("response", "stable", "progression")
KINDS = ("primary_surgery", "lung_metastasectomy", "liver_resection", "sabr")
COMORBIDITIES = ("cardiovascular", "pulmonary", "cerebrovascular", "other_cancer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One number of the simulation.

    Attributes
    ----------
    name, key : str
        What it is, and for which group; ``key`` is empty where there is one number.
    value : float
        Value.
    source : str
        Where it was published; ``assumed`` where no publication was found; ``solved`` where it
        was chosen so that another number comes out.
    """

    name: str
    key: str
    value: float
    source: str


def _read() -> dict[tuple[str, str], Parameter]:
    text = files("locoreg.registry.synthetic").joinpath("parameters.csv").read_text("utf-8")
    rows = [
        Parameter(name=r["name"], key=r["key"], value=float(r["value"]), source=r["source"])
        for r in csv.DictReader(text.splitlines())
    ]
    return {(row.name, row.key): row for row in rows}


PARAMETERS = _read()


def one(name: str, key: str = "") -> float:
    """Return one number; KeyError if there is none."""
    return PARAMETERS[name, key].value


def several(name: str, keys: Sequence[str], prefix: str = "") -> FloatArray:
    """Return the numbers of several keys in order.

    Parameters
    ----------
    name : str
        What they are.
    keys : sequence of str
        Keys, each put behind ``prefix``.
    prefix : str
        Begins every key.

    Returns
    -------
    ndarray of float, shape (len(keys),)
        Values.
    """
    return np.array([one(name, prefix + key) for key in keys])


def or_zero(name: str, keys: Sequence[str], prefix: str = "") -> FloatArray:
    """Return the numbers of several keys in order, 0 where there is none."""
    found = [PARAMETERS.get((name, prefix + key)) for key in keys]
    return np.array([0.0 if parameter is None else parameter.value for parameter in found])
