"""Rules for a tumour board: exact trees of few questions, with what they gain on other persons."""

from locoreg.selection.rules.columns import check_rule
from locoreg.selection.rules.fit import fit_rule
from locoreg.selection.rules.leaves import (
    HonestRule,
    LeafEffect,
    LeafTable,
    honest_rule,
    leaf_table,
)
from locoreg.selection.rules.options import RuleOptions
from locoreg.selection.rules.rule import NearRule, Rule, RuleLeaf
from locoreg.selection.rules.splits import RuleSplit
from locoreg.selection.rules.value import FoldRule, RuleAssessment, RuleTest, rule_value

__all__ = [
    "FoldRule",
    "HonestRule",
    "LeafEffect",
    "LeafTable",
    "NearRule",
    "Rule",
    "RuleAssessment",
    "RuleLeaf",
    "RuleOptions",
    "RuleSplit",
    "RuleTest",
    "check_rule",
    "fit_rule",
    "honest_rule",
    "leaf_table",
    "rule_value",
]
