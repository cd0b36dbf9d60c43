"""The figures of how sure one can be of a pool."""

from __future__ import annotations

from collections.abc import Mapping

from locoreg.figures.designladder import design_ladder_figure
from locoreg.figures.posterior import posterior_figure
from locoreg.report.anchors import slug
from locoreg.report.drawings import Drawing, make_drawing
from locoreg.workflows.sureness import DrawnLadder, DrawnPosterior


def draw_sureness(kept: Mapping[str, object]) -> dict[str, Drawing]:
    """Draw the results of ``how_sure`` that have a figure.

    Parameters
    ----------
    kept : mapping
        Results by the key of their part, of others too.

    Returns
    -------
    dict of str to Drawing
        By the same keys.
    """
    drawn = {}
    for key, found in kept.items():
        if isinstance(found, DrawnPosterior):
            figure = posterior_figure(found.result, title=found.title, measure=found.measure)
            title = "Posterior of the mean effect"
        elif isinstance(found, DrawnLadder):
            figure = design_ladder_figure(found.result, title=found.title, favours=found.favours)
            title = "From trials alone to all designs"
        else:
            continue
        drawn[key] = make_drawing(slug(key), title, figure)
    return drawn
