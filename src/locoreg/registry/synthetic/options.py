"""What a user can choose about a simulated registry, beside the scenario."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from locoreg.core.errors import DesignError, did_you_mean

LOSSES = ("none", "random", "covariates", "arm")
MISSINGS = ("none", "random", "not-at-random")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationOptions:
    """Choices about observation. None of them changes the truth.

    Attributes
    ----------
    dirty : bool
        Put errors into the tables in any scenario; ``dirty`` has them anyway.
    late_entry : bool
        Whether some sites see some of their patients only months after the first metastasis.
    loss : {"covariates", "random", "arm", "none"}
        Loss to follow-up: by age, performance status and site; the same for all; also by local
        therapy and state of the disease; not at all.
    missing : {"random", "not-at-random", "none"}
        Missing values: completely at random and by age and site; also by the value itself; not at
        all. What was never asked for (a biopsy, a panel) is missing in any case.

    Raises
    ------
    DesignError
        If a word is unknown.
    """

    dirty: bool = False
    late_entry: bool = True
    loss: str = "covariates"
    missing: str = "random"

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("loss", self.loss, LOSSES),
            ("missing", self.missing, MISSINGS),
        ):
            if value not in allowed:
                raise DesignError(
                    f"{name} can't be {value!r}.", hint=did_you_mean(str(value), allowed)
                )

    def to_dict(self) -> dict[str, bool | str]:
        """Return the options as JSON-ready values."""
        return asdict(self)
