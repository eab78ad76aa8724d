"""Uploads (上传): a body is read piece by piece into a worker thread, so many at once, each one counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

from anyio import CapacityLimiter, from_thread, to_thread
from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from cityops.api.metrics import Sample
from cityops.kit import BusyError, CityOpsError, InvalidError, Text

T = TypeVar("T")
AT_ONCE: Final = 16
"""Uploads under way at once: each holds a thread and, for a film, room in the spool."""


@dataclass
class Uploads:
    """Takes uploads in. Only the event loop's thread changes the counters."""

    at_once: int = AT_ONCE
    under_way: int = 0
    size_bytes: int = 0
    results: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("kept", "refused", "broken", "busy"), 0))

    async def take(self, request: Request, work: Callable[[Iterator[bytes]], T]) -> T:
        """Run ``work`` with the pieces of the body as they arrive; returns what it returns.

        Nothing is read ahead: a sender that is faster than the disk is slowed down.

        Raises:
            BusyError: too many uploads are under way. InvalidError: the sender went away in the middle.
        """
        if self.under_way >= self.at_once:
            self.results["busy"] += 1
            raise _too_many(self.at_once)
        self.under_way += 1
        try:
            found = await to_thread.run_sync(work, self._pieces(request), limiter=CapacityLimiter(1))
        except ClientDisconnect:
            self.results["broken"] += 1
            raise _broken_off() from None
        except (CityOpsError, HTTPException):
            self.results["refused"] += 1
            raise
        finally:
            self.under_way -= 1
        self.results["kept"] += 1
        return found

    def _pieces(self, request: Request) -> Iterator[bytes]:
        stream = request.stream()

        async def piece() -> bytes | None:
            async for part in stream:
                if part:
                    self.size_bytes += len(part)
                    return part
            return None

        while (part := from_thread.run(piece)) is not None:
            yield part

    def samples(self) -> list[Sample]:
        """The counters for ``/metrics``."""
        words = "Uploads of evidence by how they ended"
        ended = [
            Sample("cityops_uploads_total", words, "counter", count, (("result", result),))
            for result, count in self.results.items()
        ]
        return [
            *ended,
            Sample("cityops_uploads_under_way", "Uploads being received now", "gauge", self.under_way),
            Sample("cityops_upload_bytes_total", "Bytes received in uploads", "counter", self.size_bytes),
        ]


def _too_many(bound: int) -> BusyError:
    return BusyError(
        f"同时上传的文件已达上限 {bound}",
        f"the bound of {bound} uploads at once is reached",
        code="upload.busy",
        kept=Text("文件没有保存", "the file was not kept"),
        todo=Text("请稍后重传；手机上的原件请勿删除", "send it again in a moment; keep it on the phone"),
    )


def _broken_off() -> InvalidError:
    return InvalidError(
        "上传中断",
        "the upload broke off",
        code="upload.broken",
        kept=Text("文件没有保存", "the file was not kept"),
        todo=Text("请重新上传，编号不变", "send it again under the same client_id"),
    )
