"""Instruments for risk of bias: their domains, their words, and how the overall judgement follows.

RoB 2 (Sterne 2019, doi:10.1136/bmj.l4898), ROBINS-I (Sterne 2016, doi:10.1136/bmj.i4919) and the
first Cochrane tool (Higgins 2011, doi:10.1136/bmj.d5928).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

OVERALL = "overall"
# What a judgement of any tool means for certainty, the least concern first.
Concern = Literal["low", "some", "high", "critical", "unknown"]
CONCERNS: tuple[Concern, ...] = ("low", "some", "high", "critical")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """An instrument for assessing risk of bias.

    Attributes
    ----------
    name, reference : str
        ``RoB2`` say, and its publication.
    label : str
        Its name for readers.
    domains : tuple of str
        In the instrument's order.
    judgements : mapping
        Its words, and what each means for certainty.
    """

    name: str
    label: str
    reference: str
    domains: tuple[str, ...]
    judgements: Mapping[str, Concern]


TOOLS: Mapping[str, Tool] = MappingProxyType(
    {
        "RoB2": Tool(
            name="RoB2",
            label="RoB 2",
            reference="Sterne 2019, doi:10.1136/bmj.l4898",
            domains=(
                "randomisation process",
                "deviations from intended interventions",
                "missing outcome data",
                "measurement of the outcome",
                "selection of the reported result",
            ),
            judgements=MappingProxyType({"low": "low", "some concerns": "some", "high": "high"}),
        ),
        "ROBINS-I": Tool(
            name="ROBINS-I",
            label="ROBINS-I",
            reference="Sterne 2016, doi:10.1136/bmj.i4919",
            domains=(
                "confounding",
                "selection of participants",
                "classification of interventions",
                "deviations from intended interventions",
                "missing data",
                "measurement of outcomes",
                "selection of the reported result",
            ),
            judgements=MappingProxyType(
                {
                    "low": "low",
                    "moderate": "some",
                    "serious": "high",
                    "critical": "critical",
                    "no information": "unknown",
                }
            ),
        ),
        "RoB1": Tool(
            name="RoB1",
            label="Cochrane risk of bias (2011)",
            reference="Higgins 2011, doi:10.1136/bmj.d5928",
            domains=(
                "random sequence generation",
                "allocation concealment",
                "blinding of participants and personnel",
                "blinding of outcome assessment",
                "incomplete outcome data",
                "selective reporting",
                "other bias",
            ),
            judgements=MappingProxyType({"low": "low", "unclear": "some", "high": "high"}),
        ),
    }
)


def _rob2(judged: Sequence[str]) -> tuple[str, ...]:
    """Return the overall judgements that RoB 2 allows (its guidance, table 1)."""
    if "high" in judged:
        return ("high",)
    some = sum(one == "some concerns" for one in judged)
    # Several concerns may lower confidence so far that the whole is at high risk.
    return ("low",) if some == 0 else ("some concerns",) if some == 1 else ("some concerns", "high")


def _robins(judged: Sequence[str]) -> tuple[str, ...]:
    """Return the overall judgements that ROBINS-I allows (Sterne 2016, table 3)."""
    if "critical" in judged:
        return ("critical",)
    serious = sum(one == "serious" for one in judged)
    moderate = sum(one == "moderate" for one in judged)
    if serious:
        # Serious risks in several domains may add up.
        return ("serious",) if serious == 1 else ("serious", "critical")
    if "no information" in judged:
        return ("no information",)
    if moderate:
        return ("moderate",) if moderate == 1 else ("moderate", "serious")
    return ("low",)


def _rob1(judged: Sequence[str]) -> tuple[str, ...]:
    """Return what the first Cochrane tool allows: which domains are key is the authors' choice."""
    worst_first = ("high", "unclear", "low")
    return tuple(one for one in worst_first if one in judged)


ALGORITHMS: Mapping[str, Callable[[Sequence[str]], tuple[str, ...]]] = MappingProxyType(
    {"RoB2": _rob2, "ROBINS-I": _robins, "RoB1": _rob1}
)
