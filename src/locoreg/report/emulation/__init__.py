"""The page of an emulated trial, and its files."""

from __future__ import annotations

from locoreg.report.emulation.files import write_emulation
from locoreg.report.emulation.page import emulation_page

__all__ = ["emulation_page", "write_emulation"]
