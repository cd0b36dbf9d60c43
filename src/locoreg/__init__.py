"""Evidence engine for local therapy in metastatic breast cancer.

For research. Not a medical device.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from locoreg.core.errors import (
    ConvergenceError,
    DataError,
    DesignError,
    LocoregError,
)
from locoreg.core.estimate import Estimate
from locoreg.core.findings import Finding, Location
from locoreg.core.version import __version__

if TYPE_CHECKING:
    from locoreg.emulation.benchmark import Benchmark, TrialEstimate, benchmark
    from locoreg.emulation.clones import Clones, clone
    from locoreg.emulation.cohort import Attrition, Cohort, Column, History
    from locoreg.emulation.cohort.arrays import cohort_from_arrays
    from locoreg.emulation.cohort.audit import audit_time_zero
    from locoreg.emulation.cohort.registry import cohort_from_registry
    from locoreg.emulation.cohort.table import cohort_from_table
    from locoreg.emulation.diagnostics import diagnose
    from locoreg.emulation.effect import Contrast, Diagnostic, Effect
    from locoreg.emulation.imputation import Imputation, estimate_with_imputation
    from locoreg.emulation.inference import Inference
    from locoreg.emulation.methods import Method, make_method, method_names
    from locoreg.emulation.protocol import LoadedProtocol, TrialProtocol, read_protocol
    from locoreg.emulation.question import Question
    from locoreg.emulation.sensitivity import (
        EValue,
        bias_analysis,
        calibrate,
        e_value,
        e_value_of_difference,
        e_values_of,
        fit_null,
        tipping_points,
    )
    from locoreg.evidence.audit import AuditReport, audit
    from locoreg.evidence.catalog import load_catalog, read_catalog
    from locoreg.evidence.designs import DesignBias, DesignGroup, DesignLadder
    from locoreg.evidence.effectsize import EffectSize
    from locoreg.evidence.meta import MetaAnalysis, meta_analysis
    from locoreg.evidence.multiverse import Multiverse, multiverse
    from locoreg.evidence.pooling import EvidencePool
    from locoreg.evidence.priorsensitivity import PriorSensitivity
    from locoreg.evidence.records import Catalog
    from locoreg.evidence.reproduce import Reproduction
    from locoreg.evidence.sequential import (
        SequentialAnalysis,
        SequentialOptions,
        sequential_analysis,
    )
    from locoreg.evidence.smallstudy import SmallStudyEffects, small_study_effects
    from locoreg.figures import plot, save
    from locoreg.planning import (
        ControlCurve,
        TrialDesign,
        TwoArmDesign,
        design_power,
        design_size,
        simulate_power,
        trial_size,
    )
    from locoreg.planning.looks import sequential_trial
    from locoreg.registry.classify import Classification, ClassifyOptions, classify_registry
    from locoreg.registry.cohort import CohortResult, patient_course
    from locoreg.registry.describe import Description, describe_registry
    from locoreg.registry.drafting import MapDraft, draft_map
    from locoreg.registry.engines import connect_engine
    from locoreg.registry.importing import ImportReport, import_into
    from locoreg.registry.intake.source import SourceOptions
    from locoreg.registry.push import PushReport, push_registry
    from locoreg.registry.quality_of_life import QolScores, score_responses
    from locoreg.registry.store import Registry, read_registry
    from locoreg.registry.synthetic import Simulation, SimulationOptions, simulate_registry
    from locoreg.registry.validate import QualityReport, check_registry
    from locoreg.report import write_report
    from locoreg.report.study import CancelledError, Stage
    from locoreg.report.study import run_study as run
    from locoreg.selection.assess import (
        Assessment,
        AssessOptions,
        assess,
        policy_value,
        subgroup_effects,
    )
    from locoreg.selection.biomarkers import (
        Panel,
        PanelOptions,
        PanelScores,
        ScreenOptions,
        biomarker_panel,
        oligo_classifier,
        panel_effects,
        panel_scores,
        screen,
        value_of_information,
    )
    from locoreg.selection.data import SelectionData, landmark_data, selection_data
    from locoreg.selection.learners import learner_names, make_learner
    from locoreg.selection.model import SelectionModel, load_model, save_model
    from locoreg.selection.patient import PatientPrediction, predict_patient
    from locoreg.selection.question import SelectionQuestion
    from locoreg.selection.rules import (
        HonestRule,
        Rule,
        RuleAssessment,
        RuleOptions,
        fit_rule,
        honest_rule,
        rule_value,
    )
    from locoreg.selection.scores import ScoreOptions, Scores, scores
    from locoreg.stats.aalenjohansen import aalen_johansen
    from locoreg.stats.bands import ConfidenceBands, confidence_bands
    from locoreg.stats.bayes import (
        BayesRandomEffects,
        bayes_random_effects,
        parse_mu_prior,
        parse_tau_prior,
        turner_prior,
    )
    from locoreg.stats.concordance import Concordance, concordance
    from locoreg.stats.cox import CoxModel, CoxReplicates, cox, cox_influence, many_cox
    from locoreg.stats.curves import SurvivalCurve, SurvivalCurves
    from locoreg.stats.forest import Forest, ForestOptions, grow_forest
    from locoreg.stats.glm import GLM, GLMReplicates, glm, glm_replicates, profile_interval
    from locoreg.stats.gray import GrayTest, gray_test
    from locoreg.stats.incidence import CumulativeIncidence, CumulativeIncidences
    from locoreg.stats.influence import hazard_influence, survival_influence
    from locoreg.stats.logrank import LogRank, logrank
    from locoreg.stats.manycurves import many_kaplan_meier, many_restricted_mean
    from locoreg.stats.matching import Matching, match
    from locoreg.stats.maxcombo import MaxCombo, max_combo
    from locoreg.stats.metaregression import MetaRegression, meta_regression
    from locoreg.stats.multilevel import aggregate_effects, cluster_robust, multilevel_effects
    from locoreg.stats.permutation import permutation_test
    from locoreg.stats.policytree import policy_tree
    from locoreg.stats.pseudo import PseudoObservations, pseudo_observations
    from locoreg.stats.rankweighted import rank_weighted, targeting_curve
    from locoreg.stats.reconstruct import reconstruct
    from locoreg.stats.regression import (
        AFT,
        CoxResiduals,
        FineGray,
        ProportionalHazardsTest,
        aft,
        cox_residuals,
        fine_gray,
        proportional_hazards_test,
    )
    from locoreg.stats.resample import Bootstrap, bootstrap, bootstrap_weights
    from locoreg.stats.restrictedmean import restricted_mean_influence, rmst
    from locoreg.stats.restrictedmeanresult import RestrictedMeans
    from locoreg.stats.sandwich import (
        DeltaMethod,
        MEstimate,
        delta_method,
        m_estimate,
        sandwich,
        stack,
    )
    from locoreg.stats.survivalat import SurvivalAtTimes, survival_at
    from locoreg.stats.survivalcurves import kaplan_meier, nelson_aalen, reverse_kaplan_meier
    from locoreg.stats.survivaldifference import SurvivalDifference, survival_difference
    from locoreg.stats.timelost import incidence_influence, restricted_time_lost
    from locoreg.stats.timelostresult import RestrictedTimeLost
    from locoreg.workflows.bayes import bayes_of_effects, ladder_of_designs, named_priors
    from locoreg.workflows.compare import Comparison, compare_runs
    from locoreg.workflows.curves import CurveReport, curves_of_table
    from locoreg.workflows.emulation.result import EmulationResult
    from locoreg.workflows.emulation.task import emulate
    from locoreg.workflows.evidence import pool_question as pool
    from locoreg.workflows.evidence import reproduce_pool as reproduce
    from locoreg.workflows.meta import MetaReport, meta_table
    from locoreg.workflows.run import StudyResult, run_evidence
    from locoreg.workflows.selection.plan import SelectionPlan
    from locoreg.workflows.selection.result import SelectionResult
    from locoreg.workflows.selection.task import select, select_from_data
    from locoreg.workflows.stored import StoredRun, open_run

# Imported when first used, so that `import locoreg` and `locoreg --help` stay quick.
_MODULES: dict[str, tuple[str, ...]] = {
    "locoreg.emulation.benchmark": (
        "Benchmark",
        "TrialEstimate",
        "benchmark",
    ),
    "locoreg.emulation.clones": (
        "Clones",
        "clone",
    ),
    "locoreg.emulation.cohort": (
        "Attrition",
        "Cohort",
        "Column",
        "History",
    ),
    "locoreg.emulation.cohort.arrays": ("cohort_from_arrays",),
    "locoreg.emulation.cohort.audit": ("audit_time_zero",),
    "locoreg.emulation.cohort.registry": ("cohort_from_registry",),
    "locoreg.emulation.cohort.table": ("cohort_from_table",),
    "locoreg.emulation.diagnostics": ("diagnose",),
    "locoreg.emulation.effect": (
        "Contrast",
        "Diagnostic",
        "Effect",
    ),
    "locoreg.emulation.imputation": (
        "Imputation",
        "estimate_with_imputation",
    ),
    "locoreg.emulation.inference": ("Inference",),
    "locoreg.emulation.methods": (
        "Method",
        "make_method",
        "method_names",
    ),
    "locoreg.emulation.protocol": (
        "LoadedProtocol",
        "TrialProtocol",
        "read_protocol",
    ),
    "locoreg.emulation.question": ("Question",),
    "locoreg.emulation.sensitivity": (
        "EValue",
        "bias_analysis",
        "calibrate",
        "e_value",
        "e_value_of_difference",
        "e_values_of",
        "fit_null",
        "tipping_points",
    ),
    "locoreg.evidence.audit": (
        "audit",
        "AuditReport",
    ),
    "locoreg.evidence.catalog": (
        "load_catalog",
        "read_catalog",
    ),
    "locoreg.evidence.effectsize": ("EffectSize",),
    "locoreg.evidence.meta": (
        "meta_analysis",
        "MetaAnalysis",
    ),
    "locoreg.evidence.multiverse": (
        "Multiverse",
        "multiverse",
    ),
    "locoreg.evidence.pooling": ("EvidencePool",),
    "locoreg.evidence.records": ("Catalog",),
    "locoreg.evidence.reproduce": ("Reproduction",),
    "locoreg.figures": (
        "plot",
        "save",
    ),
    "locoreg.registry.classify": (
        "Classification",
        "ClassifyOptions",
        "classify_registry",
    ),
    "locoreg.registry.cohort": (
        "CohortResult",
        "patient_course",
    ),
    "locoreg.registry.describe": (
        "Description",
        "describe_registry",
    ),
    "locoreg.registry.drafting": (
        "MapDraft",
        "draft_map",
    ),
    "locoreg.registry.engines": ("connect_engine",),
    "locoreg.registry.importing": (
        "ImportReport",
        "import_into",
    ),
    "locoreg.registry.intake.source": ("SourceOptions",),
    "locoreg.registry.push": (
        "PushReport",
        "push_registry",
    ),
    "locoreg.registry.quality_of_life": (
        "QolScores",
        "score_responses",
    ),
    "locoreg.registry.store": (
        "Registry",
        "read_registry",
    ),
    "locoreg.registry.synthetic": (
        "Simulation",
        "SimulationOptions",
        "simulate_registry",
    ),
    "locoreg.registry.validate": (
        "QualityReport",
        "check_registry",
    ),
    "locoreg.report": ("write_report",),
    "locoreg.selection.assess": (
        "AssessOptions",
        "Assessment",
        "assess",
        "policy_value",
        "subgroup_effects",
    ),
    "locoreg.selection.biomarkers": (
        "Panel",
        "PanelOptions",
        "PanelScores",
        "ScreenOptions",
        "biomarker_panel",
        "oligo_classifier",
        "panel_effects",
        "panel_scores",
        "screen",
        "value_of_information",
    ),
    "locoreg.selection.data": (
        "SelectionData",
        "landmark_data",
        "selection_data",
    ),
    "locoreg.selection.learners": (
        "learner_names",
        "make_learner",
    ),
    "locoreg.selection.model": (
        "SelectionModel",
        "load_model",
        "save_model",
    ),
    "locoreg.selection.patient": (
        "PatientPrediction",
        "predict_patient",
    ),
    "locoreg.selection.question": ("SelectionQuestion",),
    "locoreg.selection.rules": (
        "HonestRule",
        "Rule",
        "RuleAssessment",
        "RuleOptions",
        "fit_rule",
        "honest_rule",
        "rule_value",
    ),
    "locoreg.selection.scores": (
        "ScoreOptions",
        "Scores",
        "scores",
    ),
    "locoreg.stats.forest": (
        "Forest",
        "ForestOptions",
        "grow_forest",
    ),
    "locoreg.stats.policytree": ("policy_tree",),
    "locoreg.stats.rankweighted": (
        "rank_weighted",
        "targeting_curve",
    ),
    "locoreg.workflows.selection.plan": ("SelectionPlan",),
    "locoreg.workflows.selection.result": ("SelectionResult",),
    "locoreg.workflows.selection.task": (
        "select",
        "select_from_data",
    ),
    "locoreg.evidence.designs": (
        "DesignBias",
        "DesignGroup",
        "DesignLadder",
    ),
    "locoreg.evidence.priorsensitivity": ("PriorSensitivity",),
    "locoreg.evidence.sequential": (
        "SequentialAnalysis",
        "SequentialOptions",
        "sequential_analysis",
    ),
    "locoreg.evidence.smallstudy": (
        "SmallStudyEffects",
        "small_study_effects",
    ),
    "locoreg.planning": (
        "ControlCurve",
        "TrialDesign",
        "TwoArmDesign",
        "design_power",
        "design_size",
        "simulate_power",
        "trial_size",
    ),
    "locoreg.planning.looks": ("sequential_trial",),
    "locoreg.stats.bayes": (
        "BayesRandomEffects",
        "bayes_random_effects",
        "parse_mu_prior",
        "parse_tau_prior",
        "turner_prior",
    ),
    "locoreg.stats.metaregression": (
        "MetaRegression",
        "meta_regression",
    ),
    "locoreg.stats.multilevel": (
        "aggregate_effects",
        "cluster_robust",
        "multilevel_effects",
    ),
    "locoreg.stats.permutation": ("permutation_test",),
    "locoreg.stats.reconstruct": ("reconstruct",),
    "locoreg.workflows.bayes": (
        "bayes_of_effects",
        "ladder_of_designs",
        "named_priors",
    ),
    "locoreg.workflows.meta": (
        "MetaReport",
        "meta_table",
    ),
    "locoreg.stats.aalenjohansen": ("aalen_johansen",),
    "locoreg.stats.bands": (
        "confidence_bands",
        "ConfidenceBands",
    ),
    "locoreg.stats.concordance": (
        "Concordance",
        "concordance",
    ),
    "locoreg.stats.cox": (
        "cox",
        "cox_influence",
        "CoxModel",
        "CoxReplicates",
        "many_cox",
    ),
    "locoreg.stats.curves": (
        "SurvivalCurve",
        "SurvivalCurves",
    ),
    "locoreg.stats.glm": (
        "GLM",
        "glm",
        "glm_replicates",
        "GLMReplicates",
        "profile_interval",
    ),
    "locoreg.stats.gray": (
        "gray_test",
        "GrayTest",
    ),
    "locoreg.stats.incidence": (
        "CumulativeIncidence",
        "CumulativeIncidences",
    ),
    "locoreg.stats.influence": (
        "hazard_influence",
        "survival_influence",
    ),
    "locoreg.stats.logrank": (
        "LogRank",
        "logrank",
    ),
    "locoreg.stats.manycurves": (
        "many_kaplan_meier",
        "many_restricted_mean",
    ),
    "locoreg.stats.matching": (
        "match",
        "Matching",
    ),
    "locoreg.stats.maxcombo": (
        "max_combo",
        "MaxCombo",
    ),
    "locoreg.stats.pseudo": (
        "pseudo_observations",
        "PseudoObservations",
    ),
    "locoreg.stats.regression": (
        "AFT",
        "aft",
        "cox_residuals",
        "CoxResiduals",
        "fine_gray",
        "FineGray",
        "proportional_hazards_test",
        "ProportionalHazardsTest",
    ),
    "locoreg.stats.resample": (
        "Bootstrap",
        "bootstrap",
        "bootstrap_weights",
    ),
    "locoreg.stats.restrictedmean": (
        "restricted_mean_influence",
        "rmst",
    ),
    "locoreg.stats.restrictedmeanresult": ("RestrictedMeans",),
    "locoreg.stats.sandwich": (
        "delta_method",
        "DeltaMethod",
        "m_estimate",
        "MEstimate",
        "sandwich",
        "stack",
    ),
    "locoreg.stats.survivalat": (
        "survival_at",
        "SurvivalAtTimes",
    ),
    "locoreg.stats.survivalcurves": (
        "kaplan_meier",
        "nelson_aalen",
        "reverse_kaplan_meier",
    ),
    "locoreg.stats.survivaldifference": (
        "survival_difference",
        "SurvivalDifference",
    ),
    "locoreg.stats.timelost": (
        "incidence_influence",
        "restricted_time_lost",
    ),
    "locoreg.stats.timelostresult": ("RestrictedTimeLost",),
    "locoreg.workflows.curves": (
        "CurveReport",
        "curves_of_table",
    ),
    "locoreg.workflows.emulation.result": ("EmulationResult",),
    "locoreg.workflows.emulation.task": ("emulate",),
    "locoreg.workflows.compare": ("Comparison", "compare_runs"),
    "locoreg.workflows.run": ("StudyResult", "run_evidence"),
    "locoreg.workflows.stored": ("StoredRun", "open_run"),
    "locoreg.report.study": ("CancelledError", "Stage"),
}
# Public names that differ from those of the functions behind them.
_RENAMED = {
    "pool": ("locoreg.workflows.evidence", "pool_question"),
    "reproduce": ("locoreg.workflows.evidence", "reproduce_pool"),
    "run": ("locoreg.report.study", "run_study"),
}
_LAZY = {name: (module, name) for module, names in _MODULES.items() for name in names} | _RENAMED

__all__ = [
    "AFT",
    "GLM",
    "AssessOptions",
    "Assessment",
    "Attrition",
    "AuditReport",
    "BayesRandomEffects",
    "Benchmark",
    "Bootstrap",
    "CancelledError",
    "Catalog",
    "Classification",
    "ClassifyOptions",
    "Clones",
    "Cohort",
    "CohortResult",
    "Column",
    "Comparison",
    "Concordance",
    "ConfidenceBands",
    "Contrast",
    "ControlCurve",
    "ConvergenceError",
    "CoxModel",
    "CoxReplicates",
    "CoxResiduals",
    "CumulativeIncidence",
    "CumulativeIncidences",
    "CurveReport",
    "DataError",
    "DeltaMethod",
    "Description",
    "DesignBias",
    "DesignError",
    "DesignGroup",
    "DesignLadder",
    "Diagnostic",
    "EValue",
    "Effect",
    "EffectSize",
    "EmulationResult",
    "Estimate",
    "EvidencePool",
    "Finding",
    "FineGray",
    "Forest",
    "ForestOptions",
    "GLMReplicates",
    "GrayTest",
    "History",
    "HonestRule",
    "ImportReport",
    "Imputation",
    "Inference",
    "LoadedProtocol",
    "Location",
    "LocoregError",
    "LogRank",
    "MEstimate",
    "MapDraft",
    "Matching",
    "MaxCombo",
    "MetaAnalysis",
    "MetaRegression",
    "MetaReport",
    "Method",
    "Multiverse",
    "Panel",
    "PanelOptions",
    "PanelScores",
    "PatientPrediction",
    "PriorSensitivity",
    "ProportionalHazardsTest",
    "PseudoObservations",
    "PushReport",
    "QolScores",
    "QualityReport",
    "Question",
    "Registry",
    "Reproduction",
    "RestrictedMeans",
    "RestrictedTimeLost",
    "Rule",
    "RuleAssessment",
    "RuleOptions",
    "ScoreOptions",
    "Scores",
    "ScreenOptions",
    "SelectionData",
    "SelectionModel",
    "SelectionPlan",
    "SelectionQuestion",
    "SelectionResult",
    "SequentialAnalysis",
    "SequentialOptions",
    "Simulation",
    "SimulationOptions",
    "SmallStudyEffects",
    "SourceOptions",
    "Stage",
    "StoredRun",
    "StudyResult",
    "SurvivalAtTimes",
    "SurvivalCurve",
    "SurvivalCurves",
    "SurvivalDifference",
    "TrialDesign",
    "TrialEstimate",
    "TrialProtocol",
    "TwoArmDesign",
    "__version__",
    "aalen_johansen",
    "aft",
    "aggregate_effects",
    "assess",
    "audit",
    "audit_time_zero",
    "bayes_of_effects",
    "bayes_random_effects",
    "benchmark",
    "bias_analysis",
    "biomarker_panel",
    "bootstrap",
    "bootstrap_weights",
    "calibrate",
    "check_registry",
    "classify_registry",
    "clone",
    "cluster_robust",
    "cohort_from_arrays",
    "cohort_from_registry",
    "cohort_from_table",
    "compare_runs",
    "concordance",
    "confidence_bands",
    "connect_engine",
    "cox",
    "cox_influence",
    "cox_residuals",
    "curves_of_table",
    "delta_method",
    "describe_registry",
    "design_power",
    "design_size",
    "diagnose",
    "draft_map",
    "e_value",
    "e_value_of_difference",
    "e_values_of",
    "emulate",
    "estimate_with_imputation",
    "fine_gray",
    "fit_null",
    "fit_rule",
    "glm",
    "glm_replicates",
    "gray_test",
    "grow_forest",
    "hazard_influence",
    "honest_rule",
    "import_into",
    "incidence_influence",
    "kaplan_meier",
    "ladder_of_designs",
    "landmark_data",
    "learner_names",
    "load_catalog",
    "load_model",
    "logrank",
    "m_estimate",
    "make_learner",
    "make_method",
    "many_cox",
    "many_kaplan_meier",
    "many_restricted_mean",
    "match",
    "max_combo",
    "meta_analysis",
    "meta_regression",
    "meta_table",
    "method_names",
    "multilevel_effects",
    "multiverse",
    "named_priors",
    "nelson_aalen",
    "oligo_classifier",
    "open_run",
    "panel_effects",
    "panel_scores",
    "parse_mu_prior",
    "parse_tau_prior",
    "patient_course",
    "permutation_test",
    "plot",
    "policy_tree",
    "policy_value",
    "pool",
    "predict_patient",
    "profile_interval",
    "proportional_hazards_test",
    "pseudo_observations",
    "push_registry",
    "rank_weighted",
    "read_catalog",
    "read_protocol",
    "read_registry",
    "reconstruct",
    "reproduce",
    "restricted_mean_influence",
    "restricted_time_lost",
    "reverse_kaplan_meier",
    "rmst",
    "rule_value",
    "run",
    "run_evidence",
    "sandwich",
    "save",
    "save_model",
    "score_responses",
    "scores",
    "screen",
    "select",
    "select_from_data",
    "selection_data",
    "sequential_analysis",
    "sequential_trial",
    "simulate_power",
    "simulate_registry",
    "small_study_effects",
    "stack",
    "subgroup_effects",
    "survival_at",
    "survival_difference",
    "survival_influence",
    "targeting_curve",
    "tipping_points",
    "trial_size",
    "turner_prior",
    "value_of_information",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        module, attribute = _LAZY[name]
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module 'locoreg' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
