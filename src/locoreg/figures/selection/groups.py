"""Forest of effects in groups of persons, with counts and joint limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from locoreg.core.estimate import Estimate
from locoreg.figures.selection.grouprows import GroupRow, groups_figure
from locoreg.figures.selection.words import PLAIN, Setting

if TYPE_CHECKING:
    from locoreg.selection.assess import GroupEffects, SubgroupEffects
    from locoreg.selection.rules import LeafTable


def gate_figure(
    effects: GroupEffects,
    *,
    average: Estimate | None = None,
    setting: Setting = PLAIN,
    title: str | None = None,
    notes: tuple[str, ...] = (),
) -> Figure:
    """Draw average effects in groups of persons.

    Parameters
    ----------
    effects : GroupEffects
        Groups by quantiles of the predicted effect, sides of a rule, or others.
    average : Estimate, optional
        Average effect of all, dashed.
    setting : Setting
        Question, persons, warnings.
    title : str, optional
        What the figure is about; that of the groups by default.
    notes : tuple of str
        Paragraphs below.

    Returns
    -------
    matplotlib.figure.Figure
        One row per group; limits that leave the axis end in arrow heads.
    """
    rows = tuple(
        GroupRow(
            label=g.label, n=g.n, treated=g.treated, effect=g.effect,
            band=(g.band_low, g.band_high), predicted=g.predicted,
        )
        for g in effects.groups
    )  # fmt: skip
    shown = f"Effects in groups: {effects.title}" if title is None else title
    return groups_figure(
        rows, title=shown, unit=effects.unit, level=effects.level, average=average,
        setting=setting, notes=notes,
    )  # fmt: skip


def subgroup_figure(
    effects: SubgroupEffects,
    *,
    average: Estimate | None = None,
    setting: Setting = PLAIN,
    title: str | None = None,
    notes: tuple[str, ...] = (),
) -> Figure:
    """Draw average effects in subgroups, which may overlap.

    Parameters
    ----------
    effects : SubgroupEffects
        The subgroups.
    average, setting, title, notes
        As for `gate_figure`.

    Returns
    -------
    matplotlib.figure.Figure
        One row per subgroup.
    """
    return gate_figure(
        effects.groups, average=average, setting=setting, title=title,
        notes=("Subgroups may overlap; a difference between two needs a test of its own.", *notes),
    )  # fmt: skip


def leaf_figure(
    table: LeafTable,
    *,
    average: Estimate | None = None,
    setting: Setting = PLAIN,
    title: str | None = None,
    notes: tuple[str, ...] = (),
) -> Figure:
    """Draw average effects in the leaves of a rule, on persons that it was not learnt from.

    Parameters
    ----------
    table : LeafTable
        The leaves.
    average, setting, title, notes
        As for `gate_figure`.

    Returns
    -------
    matplotlib.figure.Figure
        One row per leaf.
    """
    rows = tuple(
        GroupRow(
            label=f"Leaf {leaf.leaf}: {leaf.text}", n=leaf.n, treated=leaf.treated,
            effect=leaf.effect, band=(leaf.band_low, leaf.band_high),
        )
        for leaf in table.leaves
    )  # fmt: skip
    return groups_figure(
        rows, title=title or "Effects in the leaves of the rule", unit=table.unit,
        level=table.level, average=average, setting=setting, notes=(*table.notes, *notes),
    )  # fmt: skip
