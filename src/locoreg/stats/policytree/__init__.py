"""Exact shallow policy trees: whom to treat, by few splits of binned columns."""

from locoreg.stats.policytree.bins import Bins, bin_columns
from locoreg.stats.policytree.fit import TreeFit, policy_tree
from locoreg.stats.policytree.problem import PolicyProblem, TreeLimits
from locoreg.stats.policytree.tree import PolicyTree, TreeNode, is_monotone

__all__ = [
    "Bins",
    "PolicyProblem",
    "PolicyTree",
    "TreeFit",
    "TreeLimits",
    "TreeNode",
    "bin_columns",
    "is_monotone",
    "policy_tree",
]
