"""What a report ends in: conclusion, summary of findings, the next trial."""

from locoreg.workflows.conclusion.checkplans import check_plans as check_plans
from locoreg.workflows.conclusion.conclude import conclude as conclude
from locoreg.workflows.conclusion.findings import summarise as summarise
from locoreg.workflows.conclusion.trials import plan_trials as plan_trials
