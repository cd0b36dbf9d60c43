"""Scenarios: what local therapy truly does, and what confounds it."""

from __future__ import annotations

from dataclasses import dataclass

from locoreg.core.errors import DesignError, did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What is true in a simulated registry.

    Attributes
    ----------
    name : str
        Name.
    title : str
        One line.
    effect : {"none", "constant", "heterogeneous"}
        Effect of local therapy on the hazard of death from breast cancer.
    solution : str
        Set of solved intercepts in ``parameters.csv``.
    perioperative_deaths : bool
        Whether some die of the operation.
    feedback : bool
        Whether local therapy acts on the later state of the disease.
    unmeasured : bool
        Whether a confounder acts that no table holds.
    dirty : bool
        Whether errors are put into the tables.
    """

    name: str
    title: str
    effect: str
    solution: str
    perioperative_deaths: bool = True
    feedback: bool = False
    unmeasured: bool = False
    dirty: bool = False


_ALL = (
    Scenario(
        name="null",
        title="Local therapy does nothing; confounding is measured.",
        effect="none",
        solution="null",
        perioperative_deaths=False,
    ),
    Scenario(
        name="constant",
        title="One hazard ratio for everybody, and deaths from the operation.",
        effect="constant",
        solution="constant",
    ),
    Scenario(
        name="heterogeneous",
        title="Some gain and some lose, by subtype, lesions, interval, ctDNA and miRNA.",
        effect="heterogeneous",
        solution="heterogeneous",
        feedback=True,
    ),
    Scenario(
        name="unmeasured-confounder",
        title="Local therapy does nothing; a confounder is in no table.",
        effect="none",
        solution="unmeasured-confounder",
        perioperative_deaths=False,
        unmeasured=True,
    ),
    Scenario(
        name="dirty",
        title="As constant, with errors in the tables, each of which is recorded.",
        effect="constant",
        solution="constant",
        dirty=True,
    ),
)
SCENARIOS = {scenario.name: scenario for scenario in _ALL}


def find_scenario(name: str) -> Scenario:
    """Return a scenario by name.

    Parameters
    ----------
    name : str
        Name.

    Returns
    -------
    Scenario
        The scenario.

    Raises
    ------
    DesignError
        If there is none of this name.
    """
    if name not in SCENARIOS:
        raise DesignError(
            f"there is no scenario {name!r}.", hint=did_you_mean(str(name), SCENARIOS)
        )
    return SCENARIOS[name]
