"""A rule: a tree of few questions, as object, text, JSON and source of a Python function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from locoreg.core.errors import DataError
from locoreg.selection.data.features import FeatureCoding
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.rules.code import python_source
from locoreg.selection.rules.options import RuleOptions
from locoreg.selection.rules.splits import RuleSplit, rule_split
from locoreg.stats.policytree import PolicyTree, TreeNode
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

SCHEMA = "locoreg-rule-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLeaf:
    """A leaf of a rule.

    Attributes
    ----------
    leaf : int
        Its number, from 1.
    treats : bool
        Whether the rule treats the persons in it.
    conditions : tuple of str
        Who they are, in words; empty for everybody.
    """

    leaf: int
    treats: bool
    conditions: tuple[str, ...]

    @property
    def text(self) -> str:
        """Who the persons are, in one line."""
        return "; ".join(self.conditions) or "everybody"

    def to_dict(self) -> dict[str, Any]:
        """Return the leaf as JSON-ready values."""
        return {"leaf": self.leaf, "treats": self.treats, "conditions": list(self.conditions)}


@dataclass(frozen=True, slots=True, kw_only=True)
class NearRule:
    """A rule that is nearly as good as the best on the persons of its training.

    Attributes
    ----------
    tree : PolicyTree
        The rule; its columns are places in the coding.
    variables : tuple of str
        What it asks for.
    text : str
        Whom it treats, in one line.
    in_sample_value : float
        Gain per person on the persons of its training, which flatters it.
    below, se : float
        How far this is below that of the best rule, and the standard error of the difference.
    agreement : float
        Share of persons decided as by the best rule, weighted.
    share : float
        Share treated, weighted.
    """

    tree: PolicyTree
    variables: tuple[str, ...]
    text: str
    in_sample_value: float
    below: float
    se: float
    agreement: float
    share: float

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as JSON-ready values."""
        return {
            **asdict(self),
            "tree": [asdict(node) for node in self.tree.nodes],
            "variables": list(self.variables),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Whom to treat, by few questions.

    Attributes
    ----------
    tree : PolicyTree
        The rule; its columns are places in the coding.
    coding : FeatureCoding
        How covariates become columns.
    question : SelectionQuestion
        The effect that it weighs.
    options : RuleOptions
        How it was found.
    persons : int
        Persons of its training.
    learnt_from : str
        Hash of their data.
    in_sample_value : float
        Gain per person over treating nobody, costs taken off, on the persons of its training: an
        optimistic number, for comparison with `in_sample_bound` and with near rules only.
    in_sample_bound : float
        No rule that keeps the limits has a larger one.
    in_sample_share : float
        Share of these persons that it treats, weighted.
    near : tuple of NearRule
        Other rules within one standard error of it, the best first.
    notes : tuple of str
        What a reader must know.
    """

    tree: PolicyTree
    coding: FeatureCoding
    question: SelectionQuestion
    options: RuleOptions
    persons: int
    learnt_from: str
    in_sample_value: float
    in_sample_bound: float
    in_sample_share: float
    near: tuple[NearRule, ...]
    notes: tuple[str, ...]

    @property
    def splits(self) -> tuple[RuleSplit, ...]:
        """The questions, the first one first."""
        return tree_splits(self.tree, self.coding)

    @property
    def leaves(self) -> tuple[RuleLeaf, ...]:
        """The leaves by number."""
        return tree_leaves(self.tree, self.coding)

    @property
    def variables(self) -> tuple[str, ...]:
        """Covariates that it asks for, each once."""
        return tuple(dict.fromkeys(split.variable for split in self.splits))

    def treats(self, X: FloatArray) -> BoolArray:
        """Return whom the rule treats, shape (m,), of rows with the coding's columns, (m, p)."""
        return self.tree.treats(self._columns(X))

    def leaf(self, X: FloatArray) -> IntArray:
        """Return the number of each row's leaf, shape (m,), from 1."""
        return self.tree.leaf_of(self._columns(X))

    def _columns(self, X: FloatArray) -> FloatArray:
        p = len(self.coding.features)
        if X.ndim != 2 or X.shape[1] != p:
            raise DataError(
                f"X has the shape {X.shape}, but the rule needs {p} columns.",
                hint="encode persons with the rule's coding.",
            )
        return X

    def text(self) -> str:
        """Return the rule as lines of text."""
        q = self.question
        lines = [
            f"Who would gain more than {self._cost()} by {q.treated_label}, learnt "
            f"from {self.persons} persons ({q.estimand}):"
        ]
        self._write(0, "", "everybody", lines)
        return "\n".join([*lines, *self.notes])

    def _write(self, place: int, indent: str, condition: str, lines: list[str]) -> None:
        node = self.tree.nodes[place]
        if node.column is None:
            lines.append(f"{indent}{condition}: {self.option(node.treats)} (leaf {node.leaf})")
            return
        inner = indent
        if place:
            lines.append(f"{indent}{condition}:")
            inner = indent + "  "
        split = rule_split(self.coding, node.column, node.cut)
        self._write(node.low, inner, split.low, lines)
        self._write(node.high, inner, split.high, lines)

    def _cost(self) -> str:
        cost, unit = self.options.cost, self.question.unit
        return f"{cost:g} {'month' if cost == 1 and unit == 'months' else unit}"

    def option(self, treats: bool) -> str:
        """Return the option that a leaf is given, in words."""
        return self.question.treated_label if treats else self.question.comparator_label

    def python(self) -> str:
        """Return the source of a Python module with the rule as a function.

        Returns
        -------
        str
            It defines ``treat(patient)``, from a mapping of covariates to ``(treats, leaf,
            reason)``, and needs the standard library only. ``None`` is an unknown value. The
            function raises ValueError for a value that no patient of the training had: one that
            is missing, out of range, no level, or unknown where it was always known.
        """
        return python_source(self.tree, self.coding, [leaf.text for leaf in self.leaves])

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as JSON-ready values."""
        return {
            "schema": SCHEMA,
            "tree": [asdict(node) for node in self.tree.nodes],
            "splits": [split.to_dict() for split in self.splits],
            "leaves": [leaf.to_dict() for leaf in self.leaves],
            "coding": self.coding.to_dict(),
            "question": self.question.to_dict(),
            "options": self.options.to_dict(),
            "persons": self.persons,
            "learnt_from": self.learnt_from,
            "in_sample_value": self.in_sample_value,
            "in_sample_bound": self.in_sample_bound,
            "in_sample_share": self.in_sample_share,
            "near": [one.to_dict() for one in self.near],
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Rule:
        """Return the rule that `to_dict` wrote.

        Parameters
        ----------
        given : mapping
            As written, also after JSON.

        Returns
        -------
        Rule
            The same.

        Raises
        ------
        DataError
            If it is no rule, or its tree is broken.
        """
        if given.get("schema") != SCHEMA:
            raise DataError(
                f"this is no rule of the schema {SCHEMA}, but {given.get('schema')!r}.",
                hint="give what `to_dict` wrote.",
            )
        coding = FeatureCoding.from_dict(given["coding"])
        plain = ("persons", "learnt_from", "in_sample_value", "in_sample_bound", "in_sample_share")
        return cls(
            tree=_tree(given["tree"], len(coding.features)),
            coding=coding,
            question=SelectionQuestion(**given["question"]),
            options=RuleOptions.from_dict(given["options"]),
            near=tuple(
                NearRule(
                    **{
                        **one,
                        "tree": _tree(one["tree"], len(coding.features)),
                        "variables": tuple(one["variables"]),
                    }
                )
                for one in given["near"]
            ),
            notes=tuple(given["notes"]),
            **{name: given[name] for name in plain},
        )


def _tree(given: list[dict[str, Any]], columns: int) -> PolicyTree:
    tree = PolicyTree(nodes=tuple(TreeNode(**one) for one in given))
    for place, node in enumerate(tree.nodes):
        leads = node.leaf is not None or place < min(node.low, node.high)
        below = node.leaf is not None or max(node.low, node.high) < len(tree.nodes)
        if not (leads and below and (node.column is None or 0 <= node.column < columns)):
            raise DataError(f"node {place} of the rule's tree is broken.")
    return tree


def tree_splits(tree: PolicyTree, coding: FeatureCoding) -> tuple[RuleSplit, ...]:
    """Return the questions of a tree, the first one first."""
    return tuple(
        rule_split(coding, node.column, node.cut) for node in tree.nodes if node.column is not None
    )


def tree_leaves(tree: PolicyTree, coding: FeatureCoding) -> tuple[RuleLeaf, ...]:
    """Return the leaves of a tree by number."""
    found: list[RuleLeaf] = []

    def walk(place: int, conditions: tuple[str, ...]) -> None:
        node = tree.nodes[place]
        if node.column is None:
            assert node.leaf is not None
            found.append(RuleLeaf(leaf=node.leaf, treats=node.treats, conditions=conditions))
            return
        split = rule_split(coding, node.column, node.cut)
        walk(node.low, (*conditions, split.low))
        walk(node.high, (*conditions, split.high))

    walk(0, ())
    return tuple(found)


def treated_text(tree: PolicyTree, coding: FeatureCoding) -> str:
    """Return whom a tree treats, in one line."""
    told = [leaf.text for leaf in tree_leaves(tree, coding) if leaf.treats]
    return " | ".join(told) or "nobody"
