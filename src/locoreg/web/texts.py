"""Fixed texts of the page of methods: words without numbers of the analyses."""

from __future__ import annotations

GLOSSARY = (
    ("At risk", "Observed, and without the event so far. At a time t: those with time t or later."),
    (
        "Audit mark",
        "A sign beside a study: how many findings the audit has on it, and the worst severity.",
    ),
    (
        "Bias shift",
        "How far an estimate moves when a known error in it is corrected, as far as it can be.",
    ),
    (
        "Certainty",
        "How far a body of evidence may be trusted, in the words of GRADE: high, moderate, low, "
        "very low.",
    ),
    (
        "Clone, censor, weight",
        "Each patient is copied into every strategy that they could still follow, leaves a copy "
        "when they depart from it, and those who stay are weighted up for those who left.",
    ),
    (
        "Confidence interval",
        "The values that the data do not contradict at the level stated. It tells of chance alone, "
        "not of bias.",
    ),
    (
        "Effective sample size",
        "How many equally weighted patients would give the same precision as the weighted ones.",
    ),
    (
        "Estimand",
        "What is estimated, in full: whose outcome, under which strategies, compared how, when.",
    ),
    (
        "Finding",
        "What a check found: the rule, its severity, the place, the arithmetic and what it would "
        "change.",
    ),
    (
        "Grace period",
        "Time within which a strategy says that treatment starts; until its end a patient follows "
        "both strategies.",
    ),
    (
        "Hazard ratio",
        "Ratio of the rates of the event. It mixes effects of different times where they differ.",
    ),
    (
        "Heterogeneity",
        "Differences between studies beyond chance: tau squared is their variance, I squared their "
        "share of the total.",
    ),
    (
        "Immortal time",
        "Time in which a patient can't have died since the group was named later. It makes the "
        "treated look better where treatment does nothing.",
    ),
    ("Landmark", "A time from which patients are followed who are alive and observed at it."),
    (
        "Late entry",
        "A patient came under observation after time zero and counts as at risk only from then on.",
    ),
    (
        "Oligometastatic",
        "Few metastases, by the definition that a page names; definitions differ.",
    ),
    (
        "Positivity",
        "In every group of patients some are treated and some are not. Where it fails, the data "
        "hold no comparison.",
    ),
    (
        "Prediction interval",
        "Where the effect of a further study of the same kind is expected; wider than the "
        "confidence interval of the mean.",
    ),
    (
        "Restricted mean survival time",
        "Mean time alive up to a horizon: the area under the survival curve up to there.",
    ),
    (
        "Small cell",
        "A count of patients so small that it could tell of a person. It is hidden on pages, in "
        "figures and in files alike.",
    ),
    (
        "Standardised mean difference",
        "Difference of two groups in units of their spread, so that covariates can be compared.",
    ),
    (
        "Target trial",
        "The trial that would answer the question, written down before the registry is analysed.",
    ),
    (
        "Time zero",
        "When eligibility is met, the strategy is assigned and follow-up begins: at once.",
    ),
    (
        "Verification",
        "How a number was read: in the publication itself, in an abstract, in another publication, "
        "or from memory.",
    ),
)
LIMITS = (
    "For research. It is not a medical device, and nothing in it says how to treat a patient.",
    "The audit compares printed numbers with each other. It can't see what a paper does not print; "
    "a finding is a reason to look, not a proof.",
    "Some numbers were read in abstracts or in other publications; each row says how it was "
    "verified, and numbers from memory stay out of the pools unless asked for.",
    "Effects are pooled under normal approximations. There is no exact method for rare events, no "
    "network meta-analysis and no correction for selective publication.",
    "With a handful of trials the variance between studies is hardly estimable.",
    "An emulated trial rests on measured confounders. No diagnostic can show that none is missing; "
    "the sensitivity analyses say how strong one would have to be.",
    "Diagnostics that pass do not make an estimate true. One that fails is shown with the estimate "
    "wherever it goes.",
    "Effects by subgroup and rules of selection ask more of data than average effects do. Without "
    "enough patients the answer is that nothing can be said.",
    "Thresholds of the registry's rules await a clinician's check.",
    "Synthetic registries show that methods find what is known. They say nothing about patients, "
    "and are marked wherever their numbers stand.",
)
# Page, what it does, and the command with the same result.
COMMANDS = (
    ("/evidence", "List the studies", "locoreg evidence list"),
    ("/evidence", "Show one study", "locoreg evidence show STUDY"),
    ("/evidence", "Audit the tables", "locoreg evidence audit"),
    ("/evidence", "Pool a question", "locoreg evidence pool QUESTION"),
    ("/evidence", "Reproduce a published pool", "locoreg evidence reproduce POOL"),
    ("/cohort", "Describe a registry", "locoreg registry describe REGISTRY --time-zero DATE"),
    ("/cohort", "Check a registry", "locoreg registry check REGISTRY"),
    ("/cohort", "Make a synthetic registry", "locoreg registry simulate"),
    ("/emulation", "Emulate a trial", "locoreg emulate PROTOCOL --registry REGISTRY"),
    ("/emulation", "Show or check a protocol", "locoreg protocol show PROTOCOL"),
    ("/emulation", "Who gains", "locoreg select PROTOCOL --registry REGISTRY"),
    ("/jobs", "Run a whole study", "locoreg run STUDY.yaml --out FOLDER"),
    ("/", "What is installed", "locoreg doctor"),
)
ACCESSIBILITY = (
    "The pages aim at WCAG 2.2, level AA. Each page and state is checked with axe-core, at desk "
    "and phone widths, with the keyboard alone and without JavaScript.",
    "Every figure has a title, a sentence of what it shows, and its numbers as a table. No colour "
    "carries a meaning alone: signs, dashes and words repeat it.",
    "Figures keep a readable width and scroll in a region of their own; below 600 pixels cards "
    "repeat their rows.",
    "There are no time limits, no cookies, and nothing moves by itself.",
    "Known gaps: automatic checks find a part of all barriers; the pages were not tested with "
    "users of screen readers. Figures as PNG carry no text; SVG and PDF do.",
)
