"""The page of who gains from treatment, and its files."""

from __future__ import annotations

from locoreg.report.selection.files import write_selection
from locoreg.report.selection.page import selection_page

__all__ = ["selection_page", "write_selection"]
