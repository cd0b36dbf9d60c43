"""Models for single patients among the runs of studies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from locoreg.core.errors import DataError, did_you_mean
from locoreg.core.provenance import sha256_of_files
from locoreg.selection.model import SelectionModel, load_model
from locoreg.selection.model.files import ARRAYS, JSON
from locoreg.workflows.patient.mapping import CovariateMapping, map_model
from locoreg.workflows.stored import StoredRun, StoredStep


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """A model that can be chosen.

    Attributes
    ----------
    name : str
        ``RUN/STEP``.
    title : str
        Of the study's step.
    step : StoredStep
        Where it lies.
    """

    name: str
    title: str
    step: StoredStep

    def sha256(self) -> str:
        """Return the hash of the model's files and of the results beside it."""
        folder = self.step.model
        if folder is None:
            raise DataError(f"{self.name} has no model.", hint="run the study again.")
        try:
            return sha256_of_files(
                [folder / JSON, folder / ARRAYS, self.step.folder / "results.json"]
            )
        except OSError as error:
            raise DataError(
                f"the model {self.name} can't be read: {error.strerror}.",
                hint="run the study again.",
            ) from error


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OpenedModel:
    """A model with what its results say of it.

    Attributes
    ----------
    name, title : str
        As chosen.
    model : SelectionModel
        The model.
    mapping : CovariateMapping
        How its covariates are had.
    protocol : mapping or None
        The protocol of its results.
    verdict : str or None
        ``credible``, ``doubtful``, ``not credible``, ``can't be told``; None where nobody looked.
    reading : str or None
        The verdict in a sentence.
    anchored : str or None
        Verdict of the comparison with the randomised trials: pass, warn, fail, note.
    anchor : str or None
        That comparison in a sentence.
    until : str or None
        Day on which the registry's data end, where the protocol says it.
    version : str
        Version of locoreg that made it.
    sha256 : str
        Hash of its files.
    """

    name: str
    title: str
    model: SelectionModel
    mapping: CovariateMapping
    protocol: Mapping[str, Any] | None
    verdict: str | None
    reading: str | None
    anchored: str | None
    anchor: str | None
    until: str | None
    version: str
    sha256: str


def model_choices(runs: Iterable[StoredRun]) -> tuple[ModelChoice, ...]:
    """Return the models of runs.

    Parameters
    ----------
    runs : iterable of StoredRun
        From `find_runs`.

    Returns
    -------
    tuple of ModelChoice
        In their order; of two of one name the first.
    """
    found: dict[str, ModelChoice] = {}
    for run in runs:
        for step in run.steps:
            if step.model is not None:
                name = f"{run.name}/{step.name}"
                found.setdefault(name, ModelChoice(name=name, title=step.title, step=step))
    return tuple(found.values())


def choose_model(choices: tuple[ModelChoice, ...], name: str) -> ModelChoice | None:
    """Return the model asked for, or the first; None where there is none.

    Parameters
    ----------
    choices : tuple of ModelChoice
        From `model_choices`.
    name : str
        ``RUN/STEP``, or ``RUN/NAME`` with the selection's name in the study file; empty for the
        first.

    Returns
    -------
    ModelChoice or None
        The choice.

    Raises
    ------
    DataError
        If there is no such model.
    """
    if not name:
        return choices[0] if choices else None
    run, _, short = name.rpartition("/")
    for one in choices:
        if one.name in (name, f"{run}/selection-{short}"):
            return one
    raise DataError(
        f"there is no model {name!r}.", hint=did_you_mean(name, [one.name for one in choices])
    )


def open_model(choice: ModelChoice) -> OpenedModel:
    """Open a model.

    Parameters
    ----------
    choice : ModelChoice
        Which.

    Returns
    -------
    OpenedModel
        With its results.

    Raises
    ------
    DataError
        If its files can't be read or were changed.
    """
    sha256 = choice.sha256()
    assert choice.step.model is not None
    model = load_model(choice.step.model)
    results = choice.step.results()
    protocol = results.get("protocol")
    assessed = model.assessment
    verdicts = () if assessed is None else assessed.verdicts
    anchor = next((one for one in verdicts if one.name == "trial_anchor"), None)
    follow = (protocol or {}).get("follow_up") or {}
    return OpenedModel(
        name=choice.name,
        title=choice.title,
        model=model,
        mapping=map_model(model),
        protocol=protocol,
        verdict=None if assessed is None else assessed.credibility,
        reading=None if assessed is None else assessed.reading,
        anchored=None if anchor is None else anchor.verdict,
        anchor=None if anchor is None else anchor.message,
        until=follow.get("until"),
        version=str(results.get("version", "")),
        sha256=sha256,
    )
