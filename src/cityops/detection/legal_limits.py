"""How fast the law lets vehicles go where no sign says otherwise (法定限速)."""

from __future__ import annotations

import numpy as np

from cityops.detection.observation import SpeedLimits
from cityops.places import RoadClass
from cityops.registers import VehicleClass


def legal_speed_limits() -> SpeedLimits:
    """Limits where no sign is known.

    Regulation art. 78: on motorways cars 120, all others 100 km/h. Art. 45: without a centre line 30 in towns, 40
    outside; with one lane each way 50 and 70. Trunk and primary roads have more lanes and, without a sign, no limit
    follows from their class: the vehicle's own cap remains. Caps: 100 km/h; dangerous goods 80 (危险货物运输车辆
    限速); coaches at night 80 % of the day's limit (国发〔2012〕30号).
    """
    by_road = np.zeros((len(VehicleClass), len(RoadClass)), np.float64)
    by_road[:, RoadClass.MOTORWAY] = 100
    by_road[:, RoadClass.SECONDARY] = 50
    by_road[:, RoadClass.RESIDENTIAL] = 30
    by_road[:, RoadClass.RURAL] = 40
    cap = np.full(len(VehicleClass), 100.0)
    cap[VehicleClass.DANGEROUS_GOODS] = 80
    night = np.ones(len(VehicleClass))
    night[VehicleClass.COACH] = 0.8
    return SpeedLimits(by_road, cap, night)
