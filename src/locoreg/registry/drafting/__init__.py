"""Drafts of column maps from headers and values."""

from __future__ import annotations

from locoreg.registry.drafting.draft import MapDraft, draft_map

__all__ = ["MapDraft", "draft_map"]
