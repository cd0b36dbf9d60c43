"""A report page as a tagged PDF, through typst (extra ``pdf``)."""

from locoreg.report.pdf.write import has_typst, write_pdf

__all__ = ["has_typst", "write_pdf"]
