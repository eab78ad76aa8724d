"""Open311 in the running product: its address, its doors, its counters, and the keys of other systems."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

from starlette.types import ASGIApp

from cityops.access import SYSTEM, ApiKeys, Visits
from cityops.api import HealthPart, Sample
from cityops.bootstrap.database import open_store
from cityops.bootstrap.product import Product, check_data_folder, web_address
from cityops.bootstrap.rooms import Rooms
from cityops.gateways.open311 import Doors, Open311Counters, Open311Settings, open311_app
from cityops.kit import Text, from_ms

PATH: Final = "/open311/v2"


class Open311:
    """The interface over the rooms, and what it counts."""

    def __init__(self, rooms: Rooms) -> None:
        clock, context, settings = rooms.product.clock, rooms.context, rooms.product.settings
        self._reports = context.reports
        self._tip_offs = context.tip_offs
        self._counters = Open311Counters()
        self._readers = Visits(clock, at_once=240, every_s=0.5)
        self._senders = Visits(clock, at_once=120, every_s=1.0)
        self._app = open311_app(
            context.reports,
            context.report_desk,
            Open311Settings(
                url=f"{settings.public_url.rstrip('/') or web_address(rooms.product)}{PATH}",
                jurisdiction_id=settings.open311_jurisdiction,
                contact=f"{rooms.city.name} 12345",
                key_service="请向平台管理员申请；ask the administrator of this platform (cityops open311 key NAME)",
                changed_at=from_ms(clock.now_ms()).isoformat(timespec="seconds"),
                production=not rooms.city.synthetic,
            ),
            clock,
            doors=Doors(ApiKeys(rooms.store, clock).holder, self._readers.admit, self._senders.admit),
            counters=self._counters,
        )

    def mounts(self) -> dict[str, ASGIApp]:
        """Where the interface is."""
        return {PATH: self._app}

    def health(self) -> HealthPart:
        """Whether reports and tip-offs can be taken, with the counters."""
        queues = {"reports": self._reports.waiting(), "tip_offs": self._tip_offs.waiting()}
        full = [name for name, (waiting, most) in queues.items() if waiting >= most]
        figures = {f"{name}_waiting": float(waiting) for name, (waiting, _) in queues.items()}
        figures |= {name: float(count) for name, count in self._counts()}
        waiting = queues["reports"][0]
        words = Text(f"{waiting} 件公众上报待受理", f"{waiting} public reports wait to be read")
        if full:
            words = Text("公众上报已满，正在拒收", "too many public reports wait: new ones are refused")
        return HealthPart("open311", not full, words, figures)

    def samples(self) -> Iterator[Sample]:
        """The counters for Prometheus."""
        for name, count in self._counts():
            yield Sample(f"cityops_open311_{name}_total", f"Open311: {name}", "counter", count)
        for name, (waiting, most) in (("reports", self._reports.waiting()), ("tip_offs", self._tip_offs.waiting())):
            yield Sample(f"cityops_{name}_waiting", f"Public {name} nobody has looked at", "gauge", waiting)
            yield Sample(f"cityops_{name}_waiting_limit", f"Bound of waiting {name}", "gauge", most)

    def _counts(self) -> Iterator[tuple[str, int]]:
        yield from asdict(self._counters).items()
        yield "refused_readers", self._readers.refused + self._readers.refused_full
        yield "refused_senders", self._senders.refused + self._senders.refused_full


def keys(product: Product, options: argparse.Namespace) -> int:
    """Issue, list and revoke keys of other systems; takes effect at once, also while the product runs."""
    check_data_folder(product.settings.data_dir)
    with open_store(product) as store:
        ring = ApiKeys(store, product.clock)
        if options.action == "key":
            key = ring.issue(SYSTEM, options.name)
            print(f"{options.name}: {key}\n只显示这一次，请交给使用方保存。Shown this once: hand it over now.")
        elif options.action == "revoke":
            ring.revoke(SYSTEM, options.name)
            print(f"{options.name}: revoked")
        else:
            for one in ring.list(SYSTEM):
                state = "" if one.revoked_ms is None else f"  (revoked {from_ms(one.revoked_ms):%Y-%m-%d})"
                print(f"{one.name:<30}{from_ms(one.created_ms):%Y-%m-%d}{state}")
    return 0
