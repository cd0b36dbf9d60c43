"""Audit of the evidence tables: one function per check, each returns findings."""

from locoreg.evidence.audit.checks import CHECKS, Check
from locoreg.evidence.audit.report import AuditReport, CheckCount, audit

__all__ = ["CHECKS", "AuditReport", "Check", "CheckCount", "audit"]
