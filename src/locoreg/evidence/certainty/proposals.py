"""A rule proposes, a person decides: proposals, judgements, and what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.evidence.certainty.levels import DOMAINS, DOWN, LEVELS, Domain, Level, level_after

# Rating down by three levels exists for risk of bias and imprecision only.
MOST_DOWN = -3
MOST_UP = 2


def moved(by: int) -> str:
    """Return a move with its sign; 0 has none."""
    return f"{by:+d}" if by else "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a rule proposes for one domain.

    Attributes
    ----------
    domain : str
        One of the GRADE domains.
    by : int or None
        Levels down (below 0) or up; None where the record does not decide.
    reason : str
        In words, with the numbers.
    numbers : dict
        What the rule looked at.
    needs_person : bool
        Whether the rule can't settle it; always so where ``by`` is None.
    rule : str
        The rule in words.
    source : str
        Publication that it follows.
    """

    domain: Domain
    by: int | None
    reason: str
    numbers: dict[str, Any]
    needs_person: bool
    rule: str
    source: str

    def to_dict(self) -> dict[str, Any]:
        """Return the proposal as JSON-ready values."""
        return {
            "domain": self.domain, "by": self.by, "reason": self.reason,
            "numbers": self.numbers, "needs_person": self.needs_person or self.by is None,
            "rule": self.rule, "source": self.source,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a person decided for one domain.

    Attributes
    ----------
    domain : str
        One of the GRADE domains.
    by : int
        0, or levels down (below 0) or up.
    reason, author : str
        Why, and who judged.
    date : str
        When; empty if it is not stated.
    stated : bool
        Whether the person named the domain; False where the judgement follows from their
        silence, which settles nothing that a rule leaves open.
    """

    domain: Domain
    by: int
    reason: str
    author: str
    date: str
    stated: bool

    def __post_init__(self) -> None:
        if self.domain not in DOMAINS:
            raise DesignError(
                f"there is no domain {self.domain!r}.", hint=did_you_mean(self.domain, DOMAINS)
            )
        fits = MOST_DOWN <= self.by <= 0 if self.domain in DOWN else 0 <= self.by <= MOST_UP
        if not fits:
            side = f"{MOST_DOWN} to 0" if self.domain in DOWN else f"0 to {MOST_UP}"
            raise DesignError(f"{self.domain} moves certainty by {side}, not by {self.by:+d}.")
        if not self.author.strip():
            raise DesignError(f"{self.domain}: a judgement needs its author.")
        if self.by and not self.reason.strip():
            raise DesignError(f"{self.domain}: a judgement that moves certainty needs a reason.")

    def to_dict(self) -> dict[str, Any]:
        """Return the judgement as JSON-ready values."""
        return {
            "domain": self.domain, "by": self.by, "reason": self.reason, "author": self.author,
            "date": self.date or None, "stated": self.stated,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One domain: what the rule proposes beside what the person decided.

    Attributes
    ----------
    proposal : Proposal
        Of the rule.
    judgement : Judgement or None
        Of the person; None where nobody has judged.
    """

    proposal: Proposal
    judgement: Judgement | None

    @property
    def agrees(self) -> bool | None:
        """Whether the two agree; None where one of them is missing."""
        if self.judgement is None or self.proposal.by is None:
            return None
        return self.judgement.by == self.proposal.by

    @property
    def words(self) -> str:
        """The comparison in words."""
        told, judged = self.proposal, self.judgement
        proposed = "nothing proposed" if told.by is None else f"the rule proposes {moved(told.by)}"
        if judged is None:
            return f"{proposed}: {told.reason} Nobody has judged."
        if self.agrees is False:
            return (
                f"{proposed}: {told.reason} {judged.author} decided {moved(judged.by)}: "
                f"{judged.reason or 'no reason is given.'}"
            )
        return f"{judged.author} decided {moved(judged.by)}: {judged.reason or told.reason}"

    def to_dict(self) -> dict[str, Any]:
        """Return both sides as JSON-ready values."""
        return {
            "domain": self.proposal.domain,
            "proposal": self.proposal.to_dict(),
            "judgement": None if self.judgement is None else self.judgement.to_dict(),
            "agrees": self.agrees,
            "words": self.words,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CertaintyResult:
    """Certainty of one pool.

    Attributes
    ----------
    start : str
        Level that it starts at.
    decisions : tuple of Decision
        One per domain, in GRADE's order.
    """

    start: Level
    decisions: tuple[Decision, ...]

    @property
    def proposed(self) -> Level:
        """The level if the proposals stand and no open domain moves it."""
        return level_after(self.start, [one.proposal.by or 0 for one in self.decisions])

    @property
    def open(self) -> tuple[Domain, ...]:
        """Domains that the rules leave to a person, and that no person has named."""
        return tuple(
            one.proposal.domain
            for one in self.decisions
            if (one.judgement is None or not one.judgement.stated)
            and (one.proposal.by is None or one.proposal.needs_person)
        )

    @property
    def at_most(self) -> bool:
        """Whether an open domain may still take the proposed level down."""
        return bool(self.open) and self.proposed != LEVELS[0]

    @property
    def judged(self) -> Level | None:
        """The level as judged; None while nobody has judged any domain.

        A domain without a judgement does not move it.
        """
        given = [one.judgement for one in self.decisions if one.judgement is not None]
        return level_after(self.start, [one.by for one in given]) if given else None

    @property
    def differences(self) -> tuple[Decision, ...]:
        """Domains in which person and rule differ."""
        return tuple(one for one in self.decisions if one.agrees is False)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {
            "start": self.start,
            "proposed": self.proposed,
            "proposed_is_at_most": self.at_most,
            "judged": self.judged,
            "open": list(self.open),
            "domains": [one.to_dict() for one in self.decisions],
            "differs": [one.proposal.domain for one in self.differences],
        }

    def summary(self) -> str:
        """Return the result in plain lines."""
        most = "at most " if self.at_most else ""
        lines = [f"Starts at {self.start}; by the rules {most}{self.proposed}."]
        if self.judged is not None:
            lines.append(f"As judged: {self.judged}.")
        for one in self.decisions:
            by = "a person must judge" if one.proposal.by is None else moved(one.proposal.by)
            lines.append(f"{one.proposal.domain}: {by}. {one.proposal.reason}")
            if one.agrees is False and one.judgement is not None:
                lines.append(
                    f"  decided {moved(one.judgement.by)} by {one.judgement.author}: "
                    f"{one.judgement.reason or 'no reason is given.'}"
                )
        if self.open:
            lines.append(f"Left to a person: {', '.join(self.open)}.")
        return "\n".join(lines)


def decide(
    start: Level, proposals: Sequence[Proposal], judgements: Sequence[Judgement]
) -> CertaintyResult:
    """Lay judgements beside proposals.

    Parameters
    ----------
    start : str
        From :func:`locoreg.evidence.certainty.levels.start_level`.
    proposals : sequence of Proposal
        One per domain.
    judgements : sequence of Judgement
        At most one per domain.

    Returns
    -------
    CertaintyResult
        In GRADE's order of the domains.

    Raises
    ------
    DesignError
        If a domain is proposed or judged twice, or judged and not proposed.
    """
    for what, found in (("proposed", proposals), ("judged", judgements)):
        names = [one.domain for one in found]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise DesignError(f"{twice[0]} is {what} twice.", hint="keep one of the two.")
    told = {one.domain: one for one in proposals}
    judged = {one.domain: one for one in judgements}
    missing = [name for name in judged if name not in told]
    if missing:
        raise DesignError(f"{missing[0]} is judged, and no rule looked at it.")
    return CertaintyResult(
        start=start,
        decisions=tuple(
            Decision(proposal=told[name], judgement=judged.get(name))
            for name in DOMAINS
            if name in told
        ),
    )
