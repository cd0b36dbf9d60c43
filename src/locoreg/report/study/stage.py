"""Stages of a run as they are told, and being cancelled between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from locoreg.core.errors import LocoregError


class CancelledError(LocoregError):
    """A run was cancelled: its finished steps stay, and the next run goes on from them."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a run is.

    Attributes
    ----------
    step : str
        Name of the step: ``evidence``, ``emulation-NAME``, ``report``.
    name : str
        Its title.
    number, of : int
        Its place among the steps of the run, the report being the last one.
    text : str
        What is done.
    """

    step: str
    name: str
    number: int
    of: int
    text: str


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells the stages of one step, and stops where the run is cancelled.

    Attributes
    ----------
    step, name, number, of
        As of a stage.
    progress : callable or None
        Called with each stage.
    cancelled : callable or None
        Asked at each stage.
    """

    step: str
    name: str
    number: int
    of: int
    progress: Callable[[Stage], None] | None
    cancelled: Callable[[], bool] | None

    def __call__(self, text: str) -> None:
        """Tell a stage.

        Parameters
        ----------
        text : str
            What begins.

        Raises
        ------
        CancelledError
            If the run is cancelled.
        """
        self.check()
        if self.progress is not None:
            self.progress(Stage(self.step, self.name, self.number, self.of, text))

    def replicates(self, done: int, total: int) -> None:
        """Tell how many bootstrap replicates are done, of how many."""
        self(f"replicates: {done} of {total}")

    def check(self) -> None:
        """Raise CancelledError if the run is cancelled."""
        if self.cancelled is not None and self.cancelled():
            raise CancelledError(
                "the run was cancelled.", hint="run it again: finished steps are kept."
            )
