"""A rule as source of a Python function that needs the standard library only."""

from __future__ import annotations

from locoreg.selection.data.features import Feature, FeatureCoding
from locoreg.selection.rules.splits import has_unknown
from locoreg.stats.policytree import PolicyTree

HEAD = '''"""Whom a rule treats. Made by locoreg; research use only."""

import math

COVARIATES = {covariates}


def _given(patient, name, may_be_unknown):
    if name not in patient:
        raise ValueError(f"the patient has no {{name}}; give it, or None where it is unknown")
    value = patient[name]
    if value is None and not may_be_unknown:
        raise ValueError(f"{{name}} is unknown, but was known for every patient of the rule")
    return value


def _number(patient, name, low, high, unknown):
    value = _given(patient, name, unknown is not None)
    if value is None:
        return unknown
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{{name}} is {{value!r}}, not a finite number")
    if not low <= value <= high:
        raise ValueError(f"{{name}} is {{value!r}}, outside the range {{low!r}} to {{high!r}}")
    return value


def _level(patient, name, levels, may_be_unknown):
    value = _given(patient, name, may_be_unknown)
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if value is not None and str(value) not in levels:
        raise ValueError(f"{{name}} is {{value!r}}; its levels are {{', '.join(levels)}}")
    return value if value is None else str(value)


def _rank(patient, name, levels, unknown):
    value = _level(patient, name, levels, unknown is not None)
    return unknown if value is None else levels.index(value)


def treat(patient):
    """Return (treats, leaf, reason) for a mapping of covariates, or raise ValueError."""
    for name in patient:
        if name not in COVARIATES:
            known = ", ".join(COVARIATES)
            raise ValueError(f"the rule has no covariate {{name!r}}; it has {{known}}")
'''


def python_source(tree: PolicyTree, coding: FeatureCoding, reasons: list[str]) -> str:
    """Return the source of a module with a function ``treat(patient)``.

    Parameters
    ----------
    tree : PolicyTree
        The rule.
    coding : FeatureCoding
        How covariates become columns.
    reasons : list of str
        Who is in each leaf, in words.

    Returns
    -------
    str
        The source.
    """
    covariates = (*coding.variables, *coding.constant)
    lines = [HEAD.format(covariates=repr(covariates)).rstrip("\n")]
    variables = dict.fromkeys(coding.features[column].variable for column in tree.columns)
    names = {variable: f"value_{at}" for at, variable in enumerate(variables, 1)}
    for variable, name in names.items():
        lines.append(f"    {name} = {_reading(coding, variable)}  # {variable!r}")

    def write(place: int, indent: str) -> None:
        node = tree.nodes[place]
        if node.column is None:
            assert node.leaf is not None
            answer = (node.treats, node.leaf, reasons[node.leaf - 1])
            lines.append(f"{indent}return {answer!r}")
            return
        feature = coding.features[node.column]
        lines.append(f"{indent}if {_low(feature, node.cut, names[feature.variable])}:")
        write(node.low, indent + "    ")
        write(node.high, indent)

    write(0, "    ")
    return "\n".join(lines) + "\n"


def _reading(coding: FeatureCoding, variable: str) -> str:
    feature = next(f for f in coding.features if f.variable == variable)
    unknown = has_unknown(coding, variable)
    fill = feature.fill if unknown else None
    if feature.kind == "number":
        low, high = coding.ranges[variable]
        return f"_number(patient, {variable!r}, {low!r}, {high!r}, {fill!r})"
    levels = coding.levels[variable]
    if feature.kind == "rank":
        return f"_rank(patient, {variable!r}, {levels!r}, {fill!r})"
    return f"_level(patient, {variable!r}, {levels!r}, {unknown!r})"


def _low(feature: Feature, cut: float, name: str) -> str:
    if feature.kind == "level":
        return f"{name} != {feature.level!r}"
    return f"{name} <= {cut!r}"
