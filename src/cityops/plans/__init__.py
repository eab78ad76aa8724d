"""Emergency plans and drills (预案与演练)."""

from cityops.plans.declaration import FINISH, START, DrillSpec, DrillStep
from cityops.plans.drills import DrillPage, Drills, Fulfils
from cityops.plans.fulfilling import fulfils_plans
from cityops.plans.views import DrillRow, DrillState, DrillView, NewDrill, NewPress, PressView, StepView

__all__ = [
    "FINISH",
    "START",
    "DrillPage",
    "DrillRow",
    "DrillSpec",
    "DrillState",
    "DrillStep",
    "DrillView",
    "Drills",
    "Fulfils",
    "NewDrill",
    "NewPress",
    "PressView",
    "StepView",
    "fulfils_plans",
]
