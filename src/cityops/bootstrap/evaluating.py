"""``cityops evaluation rebuild``: the facts of the evaluation made anew from the cases."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from cityops.analysis.evaluation import FactKeeper
from cityops.bootstrap.product import Product, check_data_folder
from cityops.bootstrap.rooms import open_rooms
from cityops.kit import WorkingCalendar
from cityops.scenes import counted_work_of

_TOLD_CASES: Final = 2_000
"""A line of progress after so many cases."""


def rebuild(product: Product, options: argparse.Namespace) -> int:
    """Count every case anew, also those that were there before the evaluation was; the product may run meanwhile."""
    check_data_folder(product.settings.data_dir)
    with open_rooms(product) as rooms:
        counted = counted_work_of(rooms.scenes.values())
        done = FactKeeper(rooms.store, counted, WorkingCalendar.official()).rebuild(_tell)
    print(f"{done} cases counted anew 已重新统计 {done} 件")
    return 0


def _tell(done: int, cases: int) -> None:
    if done == cases or done % _TOLD_CASES == 0:
        print(f"{done} / {cases}", file=sys.stderr)
