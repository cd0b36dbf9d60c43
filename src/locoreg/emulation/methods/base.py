"""What every method is: frozen options with one verb."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Self

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.effect import Effect
from locoreg.emulation.inference import Analysis, Inference, estimate_effect
from locoreg.emulation.inference.estimate import Label, OnProgress
from locoreg.emulation.question import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Method(ABC):
    """A way to estimate the effect of one strategy against another.

    Subclasses are frozen dataclasses of options, checked when they are made.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    # Why it is biased by design; None for methods that are not.
    biased: ClassVar[str | None] = None

    @abstractmethod
    def bind(self, cohort: Cohort, question: Question) -> Analysis:
        """Return the analysis of a cohort; a question that does not fit is a DesignError."""

    @abstractmethod
    def estimand(self, question: Question) -> str:
        """Return in one sentence what is estimated."""

    def check_inference(self, inference: Inference) -> None:
        """Refuse intervals that are not valid for the method; a DesignError says which are."""
        return

    def estimate(
        self,
        cohort: Cohort,
        question: Question,
        inference: Inference,
        *,
        protocol_sha256: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> Effect:
        """Estimate the effect with its intervals.

        Parameters
        ----------
        cohort : Cohort
            The persons.
        question : Question
            What is asked.
        inference : Inference
            How intervals are made.
        protocol_sha256 : str, optional
            Hash of the protocol, for the provenance.
        on_progress : callable, optional
            Called with the bootstrap replicates done and their total.

        Returns
        -------
        Effect
            Curves, contrasts, diagnostics.
        """
        self.check_inference(inference)
        label = Label(
            name=self.name,
            title=self.title,
            estimand=self.estimand(question),
            biased=self.biased,
            options=self.to_dict(),
        )
        return estimate_effect(
            label,
            self.bind(cohort, question),
            cohort,
            question,
            inference,
            protocol_sha256=protocol_sha256,
            on_progress=on_progress,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_dict(cls, options: Mapping[str, Any]) -> Self:
        """Return the method with these options; DesignError if one is unknown or missing."""
        known = {f.name for f in fields(cls)}
        for name in options:
            if name not in known:
                raise DesignError(
                    f"{cls.name} has no option {name!r}.", hint=did_you_mean(name, known)
                )
        try:
            return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in options.items()})
        except TypeError as error:
            raise DesignError(f"{cls.name}: {error}.", hint="state every option it needs.") from (
                error
            )
