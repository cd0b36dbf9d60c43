"""Which columns of the scores a rule may split, and where."""

from __future__ import annotations

from collections.abc import Sequence

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.selection.data.features import FeatureCoding
from locoreg.selection.data.persons import SelectionData
from locoreg.selection.rules.options import RuleOptions
from locoreg.selection.scores.result import Scores
from locoreg.stats.policytree import PolicyProblem, TreeLimits, bin_columns

# With more columns the search takes minutes, and the best of so many rules is chance.
MOST_COLUMNS = {1: 5000, 2: 60, 3: 30}


def rule_columns(scores: Scores, options: RuleOptions) -> list[int]:
    """Return the places of the columns that a rule may split.

    Parameters
    ----------
    scores : Scores
        The scores.
    options : RuleOptions
        Variables and depth.

    Returns
    -------
    list of int
        Places in ``scores.X``, ascending. That a covariate is unknown is no question of a rule.

    Raises
    ------
    DesignError
        If a variable is none by which the effect may differ, or there are too many.
    """
    return _places(scores.coding, scores.modifiers, scores.n, options)


def check_rule(data: SelectionData, options: RuleOptions) -> None:
    """Refuse a rule that can't be looked for in these data, before anything is fitted.

    Parameters
    ----------
    data : SelectionData
        The persons.
    options : RuleOptions
        The rule.

    Raises
    ------
    DataError
        If a covariate is unknown for everybody, or none varies.
    DesignError
        If a variable is none by which the effect may differ, there are too many, or a category
        without order is given cut-points or a direction.
    """
    coding = FeatureCoding.of(data.covariates, data.ordered)
    modifiers = coding.places(data.modifiers)
    columns = _places(coding, modifiers, data.n, options)
    _cut_points(coding, columns, options)
    _directions(coding, columns, options)


def _places(
    coding: FeatureCoding, modifiers: Sequence[int], n: int, options: RuleOptions
) -> list[int]:
    may = [coding.features[j].variable for j in modifiers]
    allowed = tuple(dict.fromkeys(may))
    for what, names in (
        ("variables", options.variables or ()),
        ("cut_points", options.cut_points),
        ("monotone", options.monotone),
    ):
        for name in names:
            _check_variable(what, name, allowed, coding)
    wanted = allowed if options.variables is None else options.variables
    columns = [
        j
        for j in modifiers
        if coding.features[j].kind != "unknown" and coding.features[j].variable in wanted
    ]
    if len(columns) > MOST_COLUMNS[options.depth]:
        raise DesignError(
            f"a rule of depth {options.depth} would be searched over {len(columns)} columns of "
            f"{n} persons; the most is {MOST_COLUMNS[options.depth]}.",
            hint="name the variables that the rule may ask for, chosen before the analysis.",
        )
    if not columns:
        raise DesignError(
            "no variable of the rule has known values that differ.", hint="name other variables."
        )
    return sorted(columns)


def _check_variable(what: str, name: str, allowed: Sequence[str], coding: FeatureCoding) -> None:
    if name in allowed or name in coding.constant:
        return
    raise DesignError(
        f"{what} names {name!r}, which is no covariate by which the effect may differ.",
        hint=did_you_mean(name, allowed) or f"there are {', '.join(allowed[:20])}.",
    )


def rule_problem(scores: Scores, options: RuleOptions, columns: list[int]) -> PolicyProblem:
    """Return persons in bins with what treating each gains.

    Parameters
    ----------
    scores : Scores
        The scores.
    options : RuleOptions
        Cost, bins and cut-points.
    columns : list of int
        Places of the columns, as of `rule_columns`.

    Returns
    -------
    PolicyProblem
        Rewards are the scores of the effect less the cost.
    """
    cut_points = _cut_points(scores.coding, columns, options)
    return PolicyProblem(
        bins=bin_columns(scores.X[:, columns], bins=options.most_bins, cut_points=cut_points),
        reward=scores.gamma - options.cost,
        treated=scores.data.treated,
        weight=scores.weight,
        cluster=scores.cluster,
    )


def _cut_points(
    coding: FeatureCoding, columns: Sequence[int], options: RuleOptions
) -> dict[int, list[float]]:
    """Return clinical cut-points by place among the columns of the rule."""
    cut_points = {}
    for at, feature in enumerate(coding.features[j] for j in columns):
        given = options.cut_points.get(feature.variable)
        if given is None:
            continue
        if feature.kind == "level":
            raise DesignError(
                f"cut_points names {feature.variable}, a category without order.",
                hint="it is split by its levels; leave its cut-points out.",
            )
        if feature.kind == "rank":
            levels = coding.levels[feature.variable]
            cut_points[at] = [_rank(feature.variable, one, levels) for one in given]
        else:
            cut_points[at] = [_number(feature.variable, one) for one in given]
    return cut_points


def _rank(variable: str, level: float | str, levels: tuple[str, ...]) -> float:
    if level not in levels:
        raise DesignError(
            f"cut_points of {variable} hold {level!r}, which is no level of it.",
            hint=f"give levels of {', '.join(levels)}; it may be cut after each.",
        )
    return float(levels.index(str(level))) + 0.5


def _number(variable: str, cut: float | str) -> float:
    if isinstance(cut, bool) or not isinstance(cut, int | float):
        raise DesignError(f"cut_points of {variable} hold {cut!r}.", hint="give numbers.")
    return float(cut)


def rule_limits(scores: Scores, options: RuleOptions, columns: list[int]) -> TreeLimits:
    """Return what a rule must keep, with the directions of its columns."""
    return TreeLimits(
        depth=options.depth,
        persons=options.min_persons,
        treated=options.min_treated,
        comparators=options.min_comparator,
        complexity=options.complexity,
        monotone=_directions(scores.coding, columns, options),
    )


def _directions(
    coding: FeatureCoding, columns: Sequence[int], options: RuleOptions
) -> tuple[int, ...]:
    """Return the direction of each column: 1, -1, or 0 for none."""
    features = [coding.features[j] for j in columns]
    for feature in features:
        if feature.kind == "level" and feature.variable in options.monotone:
            raise DesignError(
                f"monotone names {feature.variable}, a category without order.",
                hint="name it in `ordered` of the data, or leave its direction out.",
            )
    way = {"increasing": 1, "decreasing": -1}
    return tuple(
        way[options.monotone[f.variable]] if f.variable in options.monotone else 0 for f in features
    )
