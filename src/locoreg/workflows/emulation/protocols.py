"""Protocols: the shipped examples, and whether a protocol can be used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locoreg.emulation.protocol import (
    TrialProtocol,
    example_names,
    example_path,
    read_example,
    read_protocol,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedProtocol:
    """A protocol that was read without a fault.

    Attributes
    ----------
    protocol : TrialProtocol
        The protocol.
    """

    protocol: TrialProtocol

    def to_dict(self) -> dict[str, Any]:
        """Return hash, question and content as JSON-ready values."""
        return {
            "title": self.protocol.title,
            "sha256": self.protocol.sha256,
            "question": self.protocol.question().to_dict(),
            "protocol": self.protocol.model_dump(mode="json", exclude_none=True),
        }

    def summary(self) -> str:
        """Return what the protocol asks as text."""
        p, q = self.protocol, self.protocol.question()
        lines = [
            p.title,
            f"sha256 {p.sha256}",
            "",
            f"Question: {p.causal_question}",
            f"Treated: {q.treated_label} (grace period {q.grace_months:g} months; "
            f"{q.initiation.replace('_', ' ')})",
            f"Comparator: {q.comparator_label} ({q.comparator.replace('_', ' ')})",
            f"Contrast: {q.contrast.replace('_', ' ')}",
            f"Outcome: {q.outcome}",
            f"Horizon: {q.horizon_months:g} months; compared at "
            + ", ".join(f"{t:g}" for t in q.at_months),
            f"Method: {p.analysis.method}; {q.level:g}% intervals ({p.analysis.intervals.kind})",
            "Eligibility: " + "; ".join(c.name for c in p.eligibility),
            "Confounders: "
            + ", ".join(c.variable for c in p.confounders.baseline)
            + ("; over time: " + ", ".join(p.confounders.time_varying))
            * bool(p.confounders.time_varying),
        ]
        return "\n".join(lines)


def check(protocol: str | Path) -> CheckedProtocol:
    """Read a protocol.

    Parameters
    ----------
    protocol : str or Path
        A file, or the name of a shipped example.

    Returns
    -------
    CheckedProtocol
        With its hash; a fault raises DesignError or DataError.
    """
    return CheckedProtocol(protocol=read_protocol(protocol).protocol)


def examples() -> tuple[tuple[str, str], ...]:
    """Return the shipped examples: names and titles."""
    return tuple((name, read_example(name).protocol.title) for name in example_names())


def example_text(name: str) -> str:
    """Return a shipped example as it is written, comments and all."""
    return example_path(name).read_text(encoding="utf-8")
