"""The command and the Python lines that give the same report."""

from __future__ import annotations

import shlex
from typing import Any

from locoreg.web.meta.question import MetaQuestion, number_text
from locoreg.web.rendering import Reproduce
from locoreg.workflows.meta import MetaReport
from locoreg.workflows.meta.giventable import file_name

_FLAG_OF = {"references": "--reference"}


def reproduce(question: MetaQuestion, report: MetaReport) -> Reproduce:
    """Return how the same is had without the application.

    Parameters
    ----------
    question : MetaQuestion
        What was asked.
    report : MetaReport
        The answer.

    Returns
    -------
    Reproduce
        The table is to be saved under the name that the command has.
    """
    name = file_name(question.file)
    # A name that begins with a dash would be read as an option.
    place = f"./{name}" if name.startswith("-") else name
    words = ["locoreg", "meta", place]
    calls = [repr(place)]
    for option, value in question.changed().items():
        flag = _FLAG_OF.get(option, f"--{option.replace('_', '-')}")
        words += [flag] if value is True else [flag, _word(value)]
        if option == "no_continuity":
            calls.append("continuity=False")
        else:
            calls.append(f"{option}={_python(value)}")
    lines = ["from locoreg.workflows.meta import meta_table", "", "report = meta_table("]
    lines += [f"    {call}," for call in calls] + [")", "print(report.summary())"]
    return Reproduce(
        command=shlex.join(words),
        python="\n".join(lines),
        data_sha256=report.provenance.input_sha256,
        seed=question.seed,
    )


def _word(value: Any) -> str:
    if isinstance(value, dict):
        return ",".join(f"{name}={one}" for name, one in value.items())
    if isinstance(value, tuple | list):
        return ",".join(_word(one) for one in value)
    return number_text(value) if isinstance(value, float) else str(value)


def _python(value: Any) -> str:
    if isinstance(value, tuple):
        return repr(list(value))
    return number_text(value) if isinstance(value, float) else repr(value)
