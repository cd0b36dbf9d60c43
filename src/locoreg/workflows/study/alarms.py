"""What failed in a run: it stands first wherever its results are told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that failed.

    Attributes
    ----------
    step : str
        Name of the step: ``emulation-NAME``.
    part : str
        The same in words: ``Emulation NAME``.
    sign : str
        ``biased by design``, ``fail``, ``blocking finding`` or ``not credible``.
    text : str
        What, and what to do.
    """

    step: str
    part: str
    sign: str
    text: str

    def line(self) -> str:
        """Return it as a line of text."""
        return f"[{self.sign}] {self.part}: {self.text}"


def alarms(results: dict[str, Any]) -> tuple[Alarm, ...]:
    """Return what failed in the emulations and selections of a run.

    Parameters
    ----------
    results : dict
        Its ``results.json``.

    Returns
    -------
    tuple of Alarm
        In the order of the study file.
    """
    return (
        *(one for part in results.get("emulation") or () for one in _emulation(part)),
        *(one for part in results.get("selection") or () for one in _selection(part)),
    )


def _emulation(part: dict[str, Any]) -> Iterator[Alarm]:
    found, who = part["results"], (f"emulation-{part['name']}", f"Emulation {part['name']}")
    primary = found["primary"]
    if primary["biased"]:
        yield Alarm(*who, "biased by design", str(primary["biased"]))
    yield from (Alarm(*who, "fail", text) for text in _failed(primary["diagnostics"]))
    controls = (found.get("sensitivity") or {}).get("negative_control_verdicts") or ()
    yield from (Alarm(*who, "fail", text) for text in _failed(controls))
    for one in found["audit"]:
        if one["severity"] == "blocking":
            text = f"{one['rule']}: {one['message']} {one['changes']}".strip()
            yield Alarm(*who, "blocking finding", text)


def _selection(part: dict[str, Any]) -> Iterator[Alarm]:
    found, who = part["results"], (f"selection-{part['name']}", f"Selection {part['name']}")
    credibility = found["credibility"]
    if credibility["verdict"] == "not credible":
        yield Alarm(*who, "not credible", str(credibility["reading"]))
    checks = (*credibility["checks"], *found["diagnostics"], *found["assessment"]["diagnostics"])
    yield from (Alarm(*who, "fail", text) for text in _failed(checks))


def _failed(diagnostics: Any) -> Iterator[str]:
    for one in diagnostics:
        if one["verdict"] == "fail":
            arm = f" ({one['arm']})" if one.get("arm") else ""
            yield f"{one['title']}{arm}. {one['message']} {one['advice']}".strip()
