"""How sure one can be of a pool: posterior, small studies, designs with bias, certainty."""

from locoreg.workflows.sureness.assess import assess as assess
from locoreg.workflows.sureness.sureparts import DrawnLadder as DrawnLadder
from locoreg.workflows.sureness.sureparts import DrawnPosterior as DrawnPosterior
from locoreg.workflows.sureness.sureplan import HowSurePlan as HowSurePlan
