"""The part of a protocol that a cohort fixes, to be completed to an emulated trial."""

from __future__ import annotations

from typing import Any

import yaml

from locoreg.workflows.registry.exploring.choices import Choices, time_zero_words, whole_protocol


def protocol_fragment(choices: Choices, *, registry: str, sha256: str) -> str:
    """Return a cohort as part of a protocol.

    Parameters
    ----------
    choices : Choices
        The cohort.
    registry, sha256 : str
        Name and hash of the registry that it was looked at in.

    Returns
    -------
    str
        YAML with time zero, eligibility and the variables that it needs; comments say what is
        not in it.

    Raises
    ------
    DesignError
        If a protocol with these parts would be refused.
    """
    parts = choices.fragment()
    whole_protocol(parts)
    name = " ".join(registry.split())
    head = [
        "# Time zero and eligibility of a cohort that was explored. Not a whole protocol: the",
        "# question, strategies, outcome, confounders and analysis are still to be written.",
        f"# Registry: {name}; SHA-256 of its data {sha256}",
        f"# Time zero: {time_zero_words(choices)}.",
    ]
    if choices.time_zero == "primary_diagnosis":
        head.append(
            "# An emulation takes the first primary of the breast; the explorer the first of any."
        )
    months = choices.landmark_months
    if months:
        head += [
            f"# Landmark: alive and followed {months:g} months after time zero. A protocol has it",
            "# in the options of the method landmark, not in eligibility:",
            f"#   analysis: {{method: landmark, options: {{landmark_months: {months:g}}}}}",
        ]
    body = yaml.safe_dump(
        _plain(parts), sort_keys=False, allow_unicode=True, width=100, default_flow_style=None
    )
    return "\n".join(head) + "\n" + body


def _plain(value: Any) -> Any:
    """Return values with whole numbers as such: a year is 2012, not 2012.0."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
