"""Blocking findings that a user takes in, each by name."""

from __future__ import annotations

from dataclasses import dataclass

from locoreg.core.errors import DesignError
from locoreg.core.findings import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A blocking finding that the user takes in with open eyes.

    Attributes
    ----------
    rule, subject : str
        Rule, and the row or study that it is about.
    """

    rule: str
    subject: str

    @classmethod
    def of(cls, text: str) -> Acceptance:
        """Read ``RULE:ID``."""
        rule, _, subject = text.partition(":")
        if not rule or not subject:
            raise DesignError(
                f"{text!r} accepts nothing.", hint="write RULE:ID, direction:N901 for instance."
            )
        return cls(rule=rule, subject=subject)

    def meets(self, finding: Finding) -> bool:
        """Whether a finding is the one that is accepted."""
        return finding.rule == self.rule and self.subject in (
            finding.subject,
            *finding.claim_ids,
        )


def about(finding: Finding) -> str:
    """Return the row that a finding is about, else its study."""
    return finding.claim_ids[0] if finding.claim_ids else finding.subject
