"""Find a rule."""

from __future__ import annotations

from dataclasses import replace

from locoreg.selection.rules.columns import rule_columns, rule_limits, rule_problem
from locoreg.selection.rules.options import RuleOptions
from locoreg.selection.rules.rule import NearRule, Rule, treated_text, tree_splits
from locoreg.selection.scores.result import Scores
from locoreg.stats.policytree import PolicyTree, TreeFit, policy_tree


def fit_rule(scores: Scores, options: RuleOptions) -> Rule:
    """Find the tree of few questions whose decisions gain most on these persons.

    The gain per person is the mean of pi(x) (Gamma - cost), over scores Gamma of the effect (Athey
    and Wager 2021, doi:10.3982/ECTA15732). The search is exact for the bins (see
    `locoreg.stats.policytree.policy_tree`).

    Parameters
    ----------
    scores : Scores
        The scores.
    options : RuleOptions
        Cost, limits and seed.

    Returns
    -------
    Rule
        Its gain on these persons is optimistic: `rule_value` and `honest_rule` tell what holds for
        others.

    Raises
    ------
    DesignError
        If an option can't be used with these scores.

    Notes
    -----
    Where no question leaves enough persons on both sides, or none gains anything, the rule is the
    better of treating everybody and nobody, and a note says why.
    """
    columns = rule_columns(scores, options)
    problem = rule_problem(scores, options, columns)
    found = policy_tree(
        problem,
        rule_limits(scores, options, columns),
        max_share=options.max_share,
        near=options.near_optimal,
        jobs=options.jobs,
    )
    coding = scores.coding

    def named(tree: PolicyTree) -> PolicyTree:
        return PolicyTree(
            nodes=tuple(
                node if node.column is None else replace(node, column=columns[node.column])
                for node in tree.nodes
            )
        )

    return Rule(
        tree=named(found.tree),
        coding=coding,
        question=scores.question,
        options=options,
        persons=scores.n,
        learnt_from=scores.data.sha256(),
        in_sample_value=found.value,
        in_sample_bound=found.bound,
        in_sample_share=found.share,
        near=tuple(
            NearRule(
                tree=named(one.tree),
                variables=tuple(
                    dict.fromkeys(s.variable for s in tree_splits(named(one.tree), coding))
                ),
                text=treated_text(named(one.tree), coding),
                in_sample_value=one.value,
                below=one.below,
                se=one.se,
                agreement=one.agreement,
                share=one.share,
            )
            for one in found.near
        ),
        notes=_notes(scores, options, found),
    )


def _notes(scores: Scores, options: RuleOptions, found: TreeFit) -> tuple[str, ...]:
    notes = []
    if not found.possible:
        notes.append(
            f"No question leaves at least {options.min_persons} persons, {options.min_treated} "
            f"treated and {options.min_comparator} others on both sides: the rule is the same for "
            "everybody."
        )
    elif found.tree.leaves == 1:
        notes.append("No question gains anything: the rule is the same for everybody.")
    if options.max_share is not None and found.bound - found.value > 1e-9:
        notes.append(
            f"With at most {options.max_share:.0%} treated, no rule can gain more than "
            f"{found.bound:.4g} {scores.question.unit} per person on these persons; this one gains "
            f"{found.value:.4g}."
        )
    constant = [name for name in options.variables or () if name in scores.coding.constant]
    if constant:
        notes.append(f"{', '.join(constant)} has one value only and is not asked for.")
    return tuple(notes)
