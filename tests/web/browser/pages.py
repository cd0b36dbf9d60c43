"""Every page in its states. A new page is a line here; all browser tests then look at it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.web.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Shown:
    """A page in one state.

    Attributes
    ----------
    name : str
        For the list of tests.
    path : str
        Path and query on a server that has something of everything; ``UPLOAD`` stands for the hash
        of its uploaded table.
    status : int
        Status of the answer.
    empty : bool
        Whether it is asked of the server that has nothing.
    """

    name: str
    path: str
    status: int = 200
    empty: bool = False

    def address(self, shelf: Shelf) -> str:
        base = shelf.empty if self.empty else shelf.base
        return base + self.path.replace("UPLOAD", shelf.upload)


EARLY, FAILING = "/emulation/study/early", "/emulation/study/failing"
GAINS = "/selection/study/full"
PAGES = (
    Shown("home", "/"),
    Shown("home stale", "/?data=000000000000"),
    Shown("home empty", "/", empty=True),
    Shown("not found", "/nowhere", 404),
    Shown("meta", "/meta"),
    Shown("meta error", "/meta?upload=x", 422),
    Shown("methods", "/methods"),
    Shown("methods rules", "/methods?part=rules"),
    Shown("methods thresholds", "/methods?part=thresholds"),
    Shown("methods glossary", "/methods?part=glossary"),
    Shown("methods dictionary", "/methods?part=dictionary"),
    Shown("methods limits", "/methods?part=limits"),
    Shown("methods licences", "/methods?part=licences"),
    Shown("methods api", "/methods?part=api"),
    Shown("methods commands", "/methods?part=commands"),
    Shown("methods accessibility", "/methods?part=accessibility"),
    Shown("methods error", "/methods?part=nothing", 422),
    Shown("evidence", "/evidence"),
    Shown("evidence small", "/evidence?tab=small-study"),
    Shown("evidence shift", "/evidence?tab=bias-shift"),
    Shown("evidence multiverse", "/evidence?tab=multiverse"),
    Shown("evidence summary", "/evidence?tab=summary"),
    Shown("evidence studies", "/evidence?tab=studies"),
    Shown("evidence priors", "/evidence?tab=bayes"),
    Shown("evidence boundaries", "/evidence?tab=sequential"),
    Shown("evidence error", "/evidence?outcome=%3Cscript%3E", 422),
    Shown("audit board", "/evidence/audit"),
    Shown("study", "/evidence/studies/badwe2015"),
    Shown("certainty", "/certainty"),
    Shown("certainty ladder", "/certainty?part=designs"),
    Shown("certainty error", "/certainty?part=bayes&mu_prior=flat", 422),
    Shown("next trial", "/next-trial"),
    Shown("next trial boundaries", "/next-trial?part=boundaries"),
    Shown("next trial error", "/next-trial?part=size&alpha=0.05", 422),
    Shown("cohort", "/cohort"),
    Shown("cohort by treatment", "/cohort?by=therapy"),
    Shown("cohort of nobody", "/cohort?age_from=119&age_to=120"),
    Shown("cohort without registry", "/cohort", empty=True),
    Shown("cohort error", "/cohort?level=94", 422),
    Shown("emulations", "/emulation"),
    Shown("emulations none", "/emulation", empty=True),
    Shown("emulation protocol", EARLY),
    Shown("emulation diagnostics", f"{EARLY}?step=diagnostics"),
    Shown("emulation estimates", f"{EARLY}?step=estimates"),
    Shown("emulation sensitivity", f"{EARLY}?step=sensitivity"),
    Shown("emulation report", f"{EARLY}?step=report"),
    Shown("emulation failed", f"{FAILING}?step=estimates"),
    Shown("emulation failed tiles", f"{FAILING}?step=diagnostics"),
    Shown("emulation shown anyway", f"{FAILING}?step=estimates&show=anyway"),
    Shown("selections", "/selection"),
    Shown("selections none", "/selection", empty=True),
    Shown("selection credibility", GAINS),
    Shown("selection rule", f"{GAINS}?step=rule"),
    Shown("selection subgroups", f"{GAINS}?step=subgroups"),
    Shown("patient", "/patient"),
    Shown("reports", "/jobs"),
    Shown("reports none", "/jobs", empty=True),
    Shown("job waiting", "/jobs/job-waiting"),
    Shown("job running", "/jobs/job-running"),
    Shown("job done", "/jobs/job-done"),
    Shown("job failed", "/jobs/job-failed"),
    Shown("job cancelled", "/jobs/job-cancelled"),
    Shown("job interrupted", "/jobs/job-interrupted"),
    Shown("run", "/runs/small-study"),
    Shown("compare", "/compare?a=earlier&b=later"),
    Shown("compare none", "/compare", empty=True),
    Shown("uploads", "/uploads"),
    Shown("upload result", "/uploads/studies?upload=UPLOAD"),
)
