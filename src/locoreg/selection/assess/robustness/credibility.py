"""All checks of a finding together, the trials first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from scipy import special

from locoreg.core.errors import DesignError
from locoreg.emulation.effect import Diagnostic, Verdict, worst
from locoreg.selection.assess.robustness.anchor import Anchor
from locoreg.selection.assess.robustness.controls import NegativeControls
from locoreg.selection.assess.robustness.explained import HiddenBias
from locoreg.selection.assess.robustness.marginal import LARGEST_FACTOR, MarginalSensitivity
from locoreg.selection.assess.robustness.omitted import OmittedBias
from locoreg.selection.assess.robustness.sites import Transport
from locoreg.selection.assess.robustness.stability import Stability

CredibilityVerdict = Literal["credible", "doubtful", "not credible", "can't be told"]
CREDIBILITY_VERDICTS: tuple[CredibilityVerdict, ...] = get_args(CredibilityVerdict)
# A rule that decides one person in five differently on another half of the same data is a matter
# of chance for them; one in two is a matter of chance altogether.
AGREEMENT_WARN, AGREEMENT_FAIL = 0.8, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Credibility:
    """What could make a finding wrong, check by check.

    Attributes
    ----------
    verdict : {"credible", "doubtful", "not credible", "can't be told"}
        not credible: the registry and the randomised trials differ. doubtful: another check warns
        or fails. can't be told: no check does, but there is no comparison with trials that could
        tell. credible: no check does, and the trials agree.
    checks : tuple of Diagnostic
        The trials first, then negative controls, hidden confounding, sites, stability.
    not_done : tuple of str
        Checks that were not made.
    reading : str
        One sentence.
    """

    verdict: CredibilityVerdict
    checks: tuple[Diagnostic, ...]
    not_done: tuple[str, ...]
    reading: str

    @property
    def shows_rule(self) -> bool:
        """Whether a rule may be shown: not where the trials contradict the registry."""
        return self.verdict != "not credible"

    def to_dict(self) -> dict[str, Any]:
        """Return the checks as JSON-ready values."""
        return {
            "verdict": self.verdict,
            "shows_rule": self.shows_rule,
            "checks": [check.to_dict() for check in self.checks],
            "not_done": list(self.not_done),
            "reading": self.reading,
        }

    def summary(self) -> str:
        """Return the verdict and a line per check."""
        lines = [self.reading]
        lines += [f"  {check.verdict}: {check.heading}: {check.message}" for check in self.checks]
        lines += [f"  not done: {name}" for name in self.not_done]
        return "\n".join(lines)


def credibility(
    *,
    anchor: Anchor | None,
    controls: NegativeControls | None,
    omitted: Sequence[OmittedBias],
    marginal: Sequence[MarginalSensitivity],
    explained: Sequence[HiddenBias],
    transport: Transport | None,
    stability: Stability | None,
) -> Credibility:
    """Put the checks of a finding together.

    Parameters
    ----------
    anchor : Anchor or None
        Beside the trials.
    controls : NegativeControls or None
        Negative controls.
    omitted : sequence of OmittedBias
        Bounds, with the strengths of measured covariates where these were measured.
    marginal : sequence of MarginalSensitivity
        Bounds by factors of the odds.
    explained : sequence of HiddenBias
        Hidden confounders of stated sizes.
    transport : Transport or None
        Between sites.
    stability : Stability or None
        On halves.

    Returns
    -------
    Credibility
        What is None or empty is named as not done.

    Raises
    ------
    DesignError
        If there is no check at all.
    """
    made: list[tuple[str, list[Diagnostic]]] = [
        ("comparison with randomised trials", [] if anchor is None else [_of_anchor(anchor)]),
        ("negative controls", [] if controls is None else list(controls.diagnostics)),
        ("bounds of omitted-variable bias", [_of_omitted(one) for one in omitted]),
        ("marginal sensitivity model", [_of_marginal(one) for one in marginal]),
        ("hidden confounder of a stated size", [_of_explained(one) for one in explained]),
        ("leaving one site out", [] if transport is None else [_of_transport(transport)]),
        ("stability on halves", [] if stability is None else [_of_stability(stability)]),
    ]
    checks = tuple(check for _, group in made for check in group)
    if not checks:
        raise DesignError("no check was made.", hint="give at least one result.")
    not_done = tuple(name for name, group in made if not group)
    verdict = _verdict(anchor, checks)
    return Credibility(
        verdict=verdict, checks=checks, not_done=not_done, reading=_reading(verdict, checks)
    )


def _verdict(anchor: Anchor | None, checks: Sequence[Diagnostic]) -> CredibilityVerdict:
    if anchor is not None and anchor.verdict == "not credible":
        return "not credible"
    if worst(checks) in ("warn", "fail"):
        return "doubtful"
    if anchor is None or anchor.verdict == "can't be told":
        return "can't be told"
    return "credible"


def _reading(verdict: CredibilityVerdict, checks: Sequence[Diagnostic]) -> str:
    bad = [check.title.lower() for check in checks if check.verdict in ("warn", "fail")]
    named = ", ".join(dict.fromkeys(bad))
    return {
        "not credible": "Not credible: the registry and the randomised trials differ in persons "
        "whom both could hold, so that no rule is shown.",
        "doubtful": f"Doubtful: {len(bad)} of {len(checks)} checks warn or fail ({named}).",
        "can't be told": f"None of {len(checks)} checks warns, but the trials can't tell whether "
        "the registry is right.",
        "credible": f"None of {len(checks)} checks warns, and the randomised trials agree with the "
        "registry.",
    }[verdict]


def _of_anchor(anchor: Anchor) -> Diagnostic:
    verdicts: dict[str, Verdict] = {
        "not credible": "fail",
        "can't be told": "note",
        "credible": "pass",
    }
    compared = anchor.benchmark
    row = None
    if compared is not None:
        row = compared.rows[0] if compared.pooled is None else compared.pooled
    return Diagnostic(
        name="trial_anchor",
        title="Randomised trials",
        verdict=verdicts[anchor.verdict],
        value=None if row is None else abs(row.agreement.z),
        threshold=None if row is None else 1.96,
        message=anchor.reading,
        advice="Look for what the trials' patients and the registry's differ in; use no rule."
        if anchor.verdict == "not credible"
        else "",
    )


def _of_omitted(one: OmittedBias) -> Diagnostic:
    """Warn where a hidden variable as strong as a measured one would undo the finding."""
    verdict: Verdict = "note"
    message, threshold = one.reading, None
    if one.robustness_limit > 0.0 and one.bounds:
        side = one.effect.estimate > one.against
        undone = [
            b.strength.label
            for b in one.bounds
            if (b.lower.ci_low <= one.against if side else b.upper.ci_high >= one.against)
        ]
        verdict = "warn" if undone else "pass"
        if undone:
            message += f" One {', or '.join(undone)} would do so."
    return Diagnostic(
        name="omitted_variable_bias",
        title="Hidden confounding (omitted variable)",
        verdict=verdict,
        value=one.robustness_limit,
        threshold=threshold,
        message=message,
        advice="Find data on what is not measured, such as fitness for surgery."
        if verdict == "warn"
        else "",
    )


def _of_marginal(one: MarginalSensitivity) -> Diagnostic:
    limit = one.tipping_limit
    return Diagnostic(
        name="marginal_sensitivity",
        title="Hidden confounding (odds of treatment)",
        verdict="note",
        value=LARGEST_FACTOR if limit is None else limit,
        threshold=None,
        message=one.reading,
    )


def _of_explained(one: HiddenBias) -> Diagnostic:
    verdicts: dict[str, Verdict] = {
        "explains": "warn",
        "does not explain": "pass",
        "nothing to explain": "note",
    }
    return Diagnostic(
        name="hidden_confounder",
        title="Hidden confounder of a stated size",
        verdict=verdicts[one.verdict],
        value=one.bias,
        threshold=one.effect.estimate - one.against,
        message=one.reading,
        advice="Judge whether such a confounder is likely; if it is, the finding may be bias."
        if one.verdict == "explains"
        else "",
    )


def _of_transport(one: Transport) -> Diagnostic:
    """Fail where treating by what was learnt elsewhere harms at a site; warn where it may."""
    harmed = _harmed(one)
    value = next((b for b in one.between if b.what == "value"), None)
    low = None if value is None or value.prediction is None else value.prediction[0]
    verdict: Verdict = "pass"
    message = one.reading
    if harmed:
        verdict = "fail"
        message += f" It loses at {', '.join(harmed)}."
    elif low is not None and low < 0.0:
        verdict = "warn"
        message += " At a further site a loss would be no surprise."
    elif low is None:
        verdict = "note"
    return Diagnostic(
        name="transport",
        title="Leaving one site out",
        verdict=verdict,
        value=low,
        threshold=None if low is None else 0.0,
        message=message,
        advice="Look at what the sites differ in before a rule is used elsewhere."
        if verdict in ("warn", "fail")
        else "",
    )


def _harmed(one: Transport) -> list[str]:
    """Return sites whose loss is not chance, however many sites there are (Bonferroni)."""
    values = [(site.site, site.value.against_none) for site in one.sites]
    level = values[0][1].level
    z = float(special.ndtri((1.0 - level / 100.0) / (2.0 * len(values))))
    return [name for name, value in values if value.se > 0.0 and value.estimate < z * value.se]


def _of_stability(one: Stability) -> Diagnostic:
    verdict: Verdict = "pass"
    if one.agreement < AGREEMENT_WARN:
        verdict = "fail" if one.agreement < AGREEMENT_FAIL else "warn"
    return Diagnostic(
        name="stability",
        title="Stability on halves",
        verdict=verdict,
        value=one.agreement,
        threshold=AGREEMENT_FAIL if verdict == "fail" else AGREEMENT_WARN,
        message=one.reading,
        advice="Take a simpler rule, or fewer variables." if verdict in ("warn", "fail") else "",
    )
