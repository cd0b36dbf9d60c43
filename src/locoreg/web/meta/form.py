"""The fields of the form, in groups."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from locoreg.workflows.meta.giventable import INTERVAL_NAMES, MEASURE_WORDS, METHODS

Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One question of the form.

    Attributes
    ----------
    name, label : str
        Name, as in `meta_table`, and question.
    kind : str
        ``text``, ``number``, ``select`` or ``check``.
    choices : tuple of (str, str)
        Values and words.
    hint : str
        Words below it.
    empty : str
        What a list says where nothing is chosen.
    """

    name: str
    label: str
    kind: str = "text"
    choices: Choices = ()
    hint: str = ""
    empty: str = "Choose"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Questions that belong together.

    Attributes
    ----------
    key, title : str
        Id and title.
    fields : tuple of Field
        The questions.
    """

    key: str
    title: str
    fields: tuple[Field, ...]


def _check(name: str, label: str) -> Field:
    return Field(name=name, label=label, kind="check")


def _number(name: str, label: str, hint: str = "") -> Field:
    return Field(name=name, label=label, kind="number", hint=hint)


MEASURE_CHOICES = tuple((name, f"{name}: {words}") for name, words in MEASURE_WORDS.items())
METHOD_CHOICES = tuple((name, f"{name}: {words}") for name, words in METHODS.items())
ANSWER = Group(
    key="answer",
    title="What is asked",
    fields=(
        Field(name="measure", label="Effect measure", kind="select", choices=MEASURE_CHOICES),
        Field(name="method", label="Between-study variance", kind="select", choices=METHOD_CHOICES),
        Field(
            name="interval", label="Interval", kind="select",
            choices=tuple((name, name) for name in INTERVAL_NAMES),
        ),
        _number("level", "Level of intervals, percent", "95 is usual."),
    ),
)  # fmt: skip
TABLE = Group(
    key="columns",
    title="Columns of the table",
    fields=(
        Field(
            name="columns", label="Columns by role",
            hint="For columns with names of their own: ai=tpos, n1i=ntreated.",
        ),
        Field(name="label", label="Columns that name a study", hint="Found out if empty."),
        Field(
            name="decimal", label="Sign before decimals", kind="select", empty="Found out",
            choices=(("point", "point"), ("comma", "comma")),
        ),
        _number("ci_level", "Level of printed intervals, percent", "With est, ci_low, ci_high."),
    ),
)  # fmt: skip
ZEROS = Group(
    key="zeros",
    title="Counts of zero",
    fields=(
        _number("add", "Constant that is added", "The measure's own if empty: 0.5 or none."),
        Field(
            name="to", label="Studies that get it", kind="select", empty="Those with a zero",
            choices=(("all", "all"), ("if0all", "all, if one has a zero"), ("none", "none")),
        ),
        _check("drop00", "Leave studies without events in both groups out"),
    ),
)  # fmt: skip
WHY = Group(
    key="moderators",
    title="Subgroups and moderators",
    fields=(
        Field(name="by", label="Column of subgroups"),
        Field(
            name="subgroup_tau2", label="Between-study variance of subgroups", kind="select",
            empty="Not asked", choices=(("separate", "one each"), ("common", "one between them")),
        ),
        Field(name="mods", label="Columns of moderators", hint="Words become indicators."),
        Field(name="factors", label="Moderators whose numbers are codes"),
        Field(name="references", label="Reference levels", hint="alloc=random"),
        _number("permute", "Permutations", "1000, say. Empty: no permutation test."),
        _number("seed", "Seed of the permutations"),
    ),
)  # fmt: skip
DEPENDENT = Group(
    key="dependent",
    title="Several effects of one study",
    fields=(
        Field(name="cluster", label="Column of clusters"),
        Field(name="within", label="Column of the inner level", hint="For a three-level model."),
        Field(
            name="robust", label="Cluster-robust errors", kind="select", empty="None",
            choices=tuple((name, name) for name in ("CR0", "CR1", "CR2")),
        ),
        _number("rho", "Correlation within clusters", "Pools one effect per cluster."),
    ),
)  # fmt: skip
ROBUSTNESS = Group(
    key="robustness",
    title="Does one study carry it?",
    fields=(
        _check("leave_one_out", "Pool without each study"),
        Field(name="order", label="Column that orders cumulative pools", hint="year, say."),
        _check("influence", "Influence of each study"),
        _check("baujat", "Baujat plot"),
    ),
)
SMALL = Group(
    key="small",
    title="Small-study effects",
    fields=(
        _check("small_study", "Tests and adjustments, contour funnel"),
        _number("alpha", "Level of the tests", "0.1 is usual."),
        Field(name="steps", label="Steps of the selection model", hint="0.025, or 0.025, 0.5."),
        Field(
            name="alternative", label="Side on which results are thought to be selected",
            kind="select", empty="Not asked",
            choices=(
                ("greater", "greater: effects above none"), ("less", "less: effects below none"),
                ("two-sided", "two-sided"),
            ),
        ),
        _number("target", "Smallest effect that matters, for Orwin's number"),
    ),
)  # fmt: skip
OTHER = Group(
    key="other",
    title="Other pools and intervals",
    fields=(
        _check("mantel_haenszel", "Mantel-Haenszel"),
        _check("peto", "Peto"),
        _check("no_continuity", "Cochran-Mantel-Haenszel test without continuity correction"),
        Field(
            name="tau_prior", label="Prior on tau of a Bayesian pool", hint="half-normal(0.5)",
        ),
        Field(
            name="prediction", label="Prediction interval", kind="select",
            empty="t with k − 2 degrees of freedom", choices=(("metafor", "as metafor's predict"),),
        ),
    ),
)  # fmt: skip
FOLDED = (TABLE, ZEROS, WHY, DEPENDENT, ROBUSTNESS, SMALL, OTHER)
LABELS = {field.name: field.label for group in (ANSWER, *FOLDED) for field in group.fields} | {
    "table": "Table",
    "upload": "File",
}


def unfolded(given: Mapping[str, str], wrong: Collection[str]) -> frozenset[str]:
    """Return the groups that are open: those with something given, or something wrong."""
    return frozenset(
        group.key
        for group in FOLDED
        if any(given.get(one.name, "").strip() or one.name in wrong for one in group.fields)
    )
