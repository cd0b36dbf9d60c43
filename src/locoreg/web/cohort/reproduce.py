"""How a cohort is had without the application."""

from __future__ import annotations

import shlex

from locoreg.web.cohort.opened import Source
from locoreg.web.cohort.view import CohortView
from locoreg.web.rendering import Reproduce


def reproduce(source: Source, view: CohortView, limit: int | None) -> Reproduce:
    """Return command and Python that give the numbers of a view.

    Parameters
    ----------
    source : Source
        The registry.
    view : CohortView
        What was asked for.
    limit : int or None
        Largest count that is hidden.

    Returns
    -------
    Reproduce
        The command describes all patients; a chosen cohort is had in Python.
    """
    command = [
        "locoreg", "registry", "describe", source.name, "--time-zero", view.time_zero,
        "--level", view.level,
    ]  # fmt: skip
    if view.at:
        command += ["--at", view.at]
    command += ["--small-cells", str(limit or 0)]
    line = shlex.join(command)
    if not view.whole:
        line += "\n# It describes all patients of the registry; for this cohort see Python."
    choices = view.choices()
    fields = ",\n".join(f"    {n}={getattr(choices, n)!r}" for n in choices.__dataclass_fields__)
    python = (
        "from pathlib import Path\n"
        "from locoreg.workflows.registry.exploring import Choices, explore, open_base\n\n"
        f"cohort = Choices(\n{fields},\n)\n"
        f"base = open_base(Path({source.name!r}), {view.time_zero!r})\n"
        f"found = explore(base, cohort, by={view.by!r}, therapy={view.therapy!r}, "
        f"level={view.level}, at={view.months!r}, horizon={view.horizon}, small_cells={limit})\n"
        "found.to_dict()"
    )
    return Reproduce(command=line, python=python, data_sha256=source.sha256)
