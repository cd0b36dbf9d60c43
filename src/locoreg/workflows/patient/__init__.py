"""One patient: trials, published evidence, what a registry model tells, harms."""

from locoreg.workflows.patient.profile import Profile, read_form
from locoreg.workflows.patient.task import PatientTables, PatientView, patient_tables, patient_view

__all__ = ["PatientTables", "PatientView", "Profile", "patient_tables", "patient_view", "read_form"]
