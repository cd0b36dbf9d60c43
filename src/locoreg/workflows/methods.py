"""What the program does, told from the code itself: estimators, rules, thresholds, columns."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import dataclass
from types import ModuleType

from locoreg.core.findings import SEVERITIES as SEVERITIES
from locoreg.emulation.diagnostics import thresholds
from locoreg.emulation.methods import find_method, method_names
from locoreg.evidence import effectsize
from locoreg.evidence.audit import CHECKS
from locoreg.evidence.catalog import dictionary
from locoreg.evidence.estimators import INTERVALS, METHOD_LABELS, METHODS
from locoreg.registry.tables import PROVENANCE, TABLES
from locoreg.registry.validate import RULES, threshold_table

INTERVAL_WORDS = {
    "normal": "Normal quantile times the standard error of the weighted mean.",
    "t": "The same with Student's t on k - 1 degrees of freedom.",
    "hartung-knapp": "Student's t on k - 1 degrees of freedom; the variance is rescaled by the "
    "weighted residual mean square.",
    "hartung-knapp-floor": "The same with a factor that is never below 1, so that the interval is "
    "never narrower than the t interval.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A method with what it is.

    Attributes
    ----------
    name : str
        As options spell it.
    words : str
        What it is or does.
    others : tuple of str
        Other programs' spellings.
    warning : str
        Why its result is biased by design; empty for others.
    """

    name: str
    words: str
    others: tuple[str, ...] = ()
    warning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdGroup:
    """Thresholds of one diagnostic, with their reason.

    Attributes
    ----------
    reason : str
        What is compared, and why with these.
    values : tuple of (str, float)
        Names and values.
    """

    reason: str
    values: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleText:
    """A rule of a check.

    Attributes
    ----------
    name : str
        As findings spell it.
    words : str
        What must hold.
    severity : str
        Of its findings; empty where it differs between them.
    action : str
        What to do about one; empty where that depends on it.
    """

    name: str
    words: str
    severity: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnText:
    """A column of a table.

    Attributes
    ----------
    table, name, type, unit, words : str
        Where it stands, its name, what a cell holds, and what it means.
    allowed : tuple of str
        The words that a cell may hold; empty for any.
    """

    table: str
    name: str
    type: str
    unit: str
    words: str
    allowed: tuple[str, ...]


def pooling_methods() -> tuple[Named, ...]:
    """Return the estimators of a pooled effect."""
    return tuple(
        Named(name=name, words=METHOD_LABELS[name], others=_others(name, spellings))
        for name, spellings in METHODS.items()
    )


def pooling_intervals() -> tuple[Named, ...]:
    """Return the intervals of a pooled effect."""
    return tuple(
        Named(name=name, words=INTERVAL_WORDS[name], others=_others(name, spellings))
        for name, spellings in INTERVALS.items()
    )


def effect_routes() -> tuple[Named, ...]:
    """Return the ways from printed numbers to an effect."""
    return tuple(
        Named(name=name, words=_first_sentence(function).removeprefix("Return "))
        for name, function in vars(effectsize).items()
        if name.startswith("from_")
    )


def emulation_methods() -> tuple[Named, ...]:
    """Return the methods that emulate a trial; those biased by design say why."""
    found = [(name, find_method(name)) for name in method_names()]
    return tuple(
        Named(name=name, words=method.title, warning=method.biased or "") for name, method in found
    )


def audit_rules() -> tuple[RuleText, ...]:
    """Return the rules of the audit of printed numbers."""
    rules = {"invalid-cell": ["A cell can be used, and agrees with its row and with other tables."]}
    for check in CHECKS:
        rules.setdefault(check.rule, []).append(check.description)
    return tuple(RuleText(name=name, words=" ".join(words)) for name, words in rules.items())


def registry_rules() -> tuple[RuleText, ...]:
    """Return the rules that check a registry."""
    return tuple(
        RuleText(name=rule.id, words=rule.title, severity=rule.severity, action=rule.action)
        for rule in RULES
    )


def diagnostic_thresholds() -> tuple[ThresholdGroup, ...]:
    """Return the thresholds of an emulation's diagnostics with the reasons beside them."""
    return read_thresholds(thresholds)


def registry_thresholds() -> tuple[ThresholdGroup, ...]:
    """Return the thresholds of the registry's rules."""
    return tuple(
        ThresholdGroup(
            reason=f"{one.rule}: {one.reason}",
            values=((f"{one.name} ({one.unit})", one.value),),
        )
        for one in threshold_table()
    )


def evidence_columns() -> tuple[ColumnText, ...]:
    """Return the data dictionary of the evidence tables."""
    return tuple(
        ColumnText(
            table=table, name=one.name, type=one.type, unit=one.unit, words=one.description,
            allowed=tuple(one.allowed),
        )
        for table, columns in dictionary().items()
        for one in columns
    )  # fmt: skip


def registry_columns() -> tuple[ColumnText, ...]:
    """Return the data dictionary of the registry tables.

    Columns that every table ends with, and the precision and reason beside a column, are left out.
    """
    return tuple(
        ColumnText(
            table=name, name=one.name, type=one.type, unit=one.unit, words=one.description,
            allowed=tuple(one.allowed),
        )
        for name, table in TABLES.items()
        for one in table.columns
        if one.of is None and one.name not in PROVENANCE
    )  # fmt: skip


def read_thresholds(module: ModuleType) -> tuple[ThresholdGroup, ...]:
    """Return the constants of a module, each group with the comment that stands above it.

    Parameters
    ----------
    module : module
        Constants in groups; a comment above a group gives the reason.

    Returns
    -------
    tuple of ThresholdGroup
        In the order of the module.
    """
    lines = inspect.getsource(module).splitlines()
    groups: list[tuple[list[str], list[tuple[str, float]]]] = []
    for node in ast.parse("\n".join(lines)).body:
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        name = node.targets[0].id
        reason = _comment_above(lines, node.lineno)
        if reason:
            groups.append((reason, []))
        groups[-1][1].append((name, float(getattr(module, name))))
    return tuple(
        ThresholdGroup(reason=" ".join(reason), values=tuple(values)) for reason, values in groups
    )


def _comment_above(lines: list[str], number: int) -> list[str]:
    found: list[str] = []
    for line in reversed(lines[: number - 1]):
        if not line.startswith("#"):
            break
        found.insert(0, line.lstrip("# "))
    return found


def _others(name: str, spellings: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one for one in spellings if one != name)


def _first_sentence(thing: object) -> str:
    text = inspect.getdoc(thing) or ""
    return re.sub(r"\s+", " ", text.partition("\n\n")[0])
