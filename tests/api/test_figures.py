"""The board over HTTP: recomputed, reported, flagged, and the same as xlsx."""

from __future__ import annotations

import asyncio
import io

from openpyxl import load_workbook
from tests.api.world import World

from cityops.access import SYSTEM


def test_a_board_is_recomputed_a_report_is_kept_and_a_contradiction_shows_both(world: World) -> None:
    registers = world.context.registers
    for code, served in (("C-001", 200), ("C-002", 120)):
        registers.create(
            SYSTEM, register="canteen", code=code, title=code, unit_id=world.units["alpha"],
            data={"mode": "own", "served": served},
        )  # fmt: skip

    async def run() -> None:
        async with world.client("shift_leader") as client:
            board = (await client.get("/api/figures/canteens")).json()["items"]
            assert [(one["name"], one["value"], one["contradicts"]) for one in board] == [
                ("canteens", 2, False),
                ("served", 320, True),
            ]
            assert board[1]["reported"]["value"] == 300
            path = "/api/figures/canteens/served/reported"
            answer = await client.post(path, json={"value": 320, "source": "更正", "on": "2026-05-12"})
            assert answer.status_code == 201
            assert not answer.json()["items"][1]["contradicts"]
            history = (await client.get(path)).json()["items"]
            assert [(one["value"], one["entered_by"]) for one in history] == [(320, "shift_leader"), (300, None)]
            sheet = load_workbook(io.BytesIO((await client.get("/api/figures/canteens.xlsx")).content)).active
            assert sheet is not None
            rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
            assert [(row[0], row[1], row[5], row[7]) for row in rows] == [
                ("食堂 Canteens", 2, None, None),
                ("就餐人数 Served", 320, 320, "更正"),
            ]
            assert (await client.get("/api/figures/nowhere")).status_code == 404
            assert (
                await client.post(path, json={"value": "many", "source": "x", "on": "2026-05-12"})
            ).status_code == 400
        async with world.client("analyst") as client:
            assert (await client.post(path, json={"value": 1, "source": "x", "on": "2026-05-12"})).status_code == 403
        async with world.client("unit") as client:  # sees its own unit's only: no report of the whole beside it
            assert (await client.get("/api/figures/canteens")).json()["items"][1]["reported"] is None

    asyncio.run(run())
