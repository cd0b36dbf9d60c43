"""A view: what a page is asked to show, read from the query and nothing else."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict


class View(BaseModel):
    """Base of the queries of pages: frozen, and unknown names are refused.

    Every field has a default that shows the page's usual state; fields are numbers with bounds,
    literals or strings of bounded length. Nothing about a patient is ever a field.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    def query(self, **changes: Any) -> str:
        """Return the query of this view, defaults left out, as it stands in a link.

        Parameters
        ----------
        **changes
            Fields to set first.

        Returns
        -------
        str
            ``?a=1&b=2``, or nothing.
        """
        shown = self.model_copy(update=changes) if changes else self
        given = shown.model_dump(mode="json", exclude_defaults=True)
        pairs: list[tuple[str, str]] = []
        for name, value in given.items():
            for one in value if isinstance(value, list | tuple) else [value]:
                if one is not None:
                    pairs.append((name, _text(one)))
        return "?" + urlencode(pairs) if pairs else ""

    def key(self) -> str:
        """Return a text that is the same for the same view, for what is kept."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
