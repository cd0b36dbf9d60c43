"""How far the answer depends on choices and on what was not measured."""

from locoreg.emulation.sensitivity.armvalues import ArmValues
from locoreg.emulation.sensitivity.biasanalysis import BiasAnalysis, ConfounderPriors, bias_analysis
from locoreg.emulation.sensitivity.e_value import (
    EValue,
    e_value,
    e_value_of_difference,
    e_values_of,
)
from locoreg.emulation.sensitivity.grid import TRUNCATION_LADDER, one_at_a_time
from locoreg.emulation.sensitivity.negative_controls import (
    Calibrated,
    EmpiricalNull,
    calibrate,
    check_controls,
    fit_null,
)
from locoreg.emulation.sensitivity.priors import Prior
from locoreg.emulation.sensitivity.specification import (
    Specification,
    SpecificationRow,
    SpecificationTable,
    run_specifications,
)
from locoreg.emulation.sensitivity.unmeasured import (
    TippingPoint,
    TippingTable,
    adjust_for_confounder,
    bias_factor,
    bounding_factor,
    tipping_points,
)

__all__ = [
    "TRUNCATION_LADDER",
    "ArmValues",
    "BiasAnalysis",
    "Calibrated",
    "ConfounderPriors",
    "EValue",
    "EmpiricalNull",
    "Prior",
    "Specification",
    "SpecificationRow",
    "SpecificationTable",
    "TippingPoint",
    "TippingTable",
    "adjust_for_confounder",
    "bias_analysis",
    "bias_factor",
    "bounding_factor",
    "calibrate",
    "check_controls",
    "e_value",
    "e_value_of_difference",
    "e_values_of",
    "fit_null",
    "one_at_a_time",
    "run_specifications",
    "tipping_points",
]
