"""What a report takes from a result beside its numbers: model files, card, trials, a template."""

from __future__ import annotations

import tempfile
from pathlib import Path

from locoreg.core.jsontext import dumps
from locoreg.selection.assess.robustness import Anchor
from locoreg.selection.model import ModelCard, SelectionModel, model_card, save_model
from locoreg.workflows.emulation.trials import TrialComparison
from locoreg.workflows.emulation.view import BenchmarkView
from locoreg.workflows.emulation.viewof import benchmark_view


def model_files(model: SelectionModel) -> dict[str, bytes]:
    """Return the files of a model by name.

    Parameters
    ----------
    model : SelectionModel
        The model.

    Returns
    -------
    dict of str to bytes
        What `save_model` writes, in its order: the file that says that others are complete is last.

    Raises
    ------
    DataError
        If the model holds numbers that are not finite.
    """
    with tempfile.TemporaryDirectory() as folder:
        # The JSON holds the hash of the arrays, and so comes after them.
        found = reversed(save_model(model, Path(folder)))
        return {path.name: path.read_bytes() for path in found}


def card_of(model: SelectionModel) -> ModelCard:
    """Return the card of a model."""
    return model_card(model)


def trials_beside(anchor: Anchor) -> BenchmarkView | None:
    """Return the trials beside the registry, as rows and sentences.

    Parameters
    ----------
    anchor : Anchor
        The comparison.

    Returns
    -------
    BenchmarkView or None
        None where there is nothing to compare with.
    """
    if anchor.benchmark is None:
        return None
    return benchmark_view(
        TrialComparison(
            benchmark=anchor.benchmark, effect=None, steps=(), note=" ".join(anchor.notes)
        )
    )


def patient_template(model: SelectionModel) -> str:
    """Return a JSON object with every covariate that the model asks for, all unknown.

    Parameters
    ----------
    model : SelectionModel
        The model.

    Returns
    -------
    str
        To be filled in; null is unknown.
    """
    return dumps(dict.fromkeys(model.values.bins))
