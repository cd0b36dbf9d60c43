"""``locoreg registry``."""

from __future__ import annotations

from cyclopts import App

app = App(name="registry", help="Patients' data: import, check, classify, describe, simulate.")
# Each is imported only when it is asked for.
for _module, _function, _name, _help in (
    ("storing", "map_", "map", "Draft the column map of files, for a person to finish."),
    ("storing", "import_", "import", "Import files, a folder or a database."),
    ("storing", "show", "show", "Show imports and rows of a registry."),
    ("storing", "undo", "undo", "Take an import back."),
    ("storing", "purge", "purge", "Delete the files of undone and superseded imports for good."),
    ("storing", "export", "export", "Write tables as CSV files."),
    ("storing", "push", "push", "Copy a registry to a PostgreSQL server."),
    ("deriving", "check", "check", "Check the data."),
    ("deriving", "classify", "classify", "Derive subtype, oligometastatic state and the rest."),
    ("deriving", "describe", "describe", "Flow of patients, Table 1, follow-up and survival."),
    ("deriving", "score", "score", "Score quality-of-life questionnaires."),
    (
        "deriving",
        "cohort",
        "cohort",
        "First metastasis, local therapy, sites and death by patient.",
    ),
    ("deriving", "simulate", "simulate", "Make a synthetic registry with known truth."),
):
    app.command(f"locoreg.cli.registry.{_module}:{_function}", name=_name, help=_help)
