"""Commands down to a terminal (下行指令), each with its answer awaited."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from cityops.gateways.jt808.framing import MAX_BODY_BYTES
from cityops.gateways.jt808.messages import Result, TerminalReply, TextMessage
from cityops.kit import BusyError, InvalidError, NotFoundError, Text, UnavailableError

if TYPE_CHECKING:
    from cityops.gateways.jt808.connection import Connection

_TEXT_BYTES: Final = MAX_BODY_BYTES - 2
_NOTHING_SENT: Final = Text("没有发送任何内容", "nothing was sent")


class Commands:
    """The commands of one terminal that await their answer, by serial and message id; bounded."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: dict[tuple[int, int], asyncio.Future[int]] = {}

    def expect(self, serial: int, message_id: int) -> asyncio.Future[int]:
        """The result that the terminal will answer.

        Raises:
            BusyError: too many commands wait already.
        """
        if len(self._waiting) >= self._limit:
            raise BusyError(
                f"该终端已有 {self._limit} 条指令等待应答",
                f"{self._limit} commands of this terminal await their answer",
                code="jt808.commands",
                kept=_NOTHING_SENT,
                todo=Text("稍后再发", "send it again later"),
            )
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[(serial, message_id)] = future
        future.add_done_callback(lambda _: self._waiting.pop((serial, message_id), None))
        return future

    def answered(self, reply: TerminalReply) -> bool:
        """Hand an answer to who waits for it; false when nobody does."""
        future = self._waiting.get((reply.serial, reply.message_id))
        if future is None or future.done():
            return False
        future.set_result(reply.result)
        return True

    def cancel(self) -> None:
        """The connection is gone: nobody will answer."""
        for future in list(self._waiting.values()):
            future.cancel()


async def send_text(connection: Connection | None, text: str, flags: int, timeout_s: float) -> None:
    """Send 0x8300 and wait for 0x0001; arguments and errors as ``Jt808Server.send_text``."""
    _check_text(text)
    if connection is None:
        raise _offline()
    future = connection.send_command(TextMessage(text, flags))
    try:
        result = await asyncio.wait_for(future, timeout_s)
    except TimeoutError:
        raise UnavailableError(
            f"终端 {timeout_s:g} 秒内没有应答",
            f"the terminal did not answer within {timeout_s:g} s",
            code="jt808.no_answer",
            kept=Text("文字已发出，驾驶员是否看到不得而知", "the text was sent; whether the driver saw it is unknown"),
            todo=Text("可以重发，或改用电话", "send it again, or telephone"),
        ) from None
    except asyncio.CancelledError:
        if future.cancelled() and connection.closed:
            raise _offline() from None
        raise
    if result != Result.OK:
        raise UnavailableError(
            f"终端拒绝显示（结果 {result}）",
            f"the terminal refused the text (result {result})",
            code="jt808.refused",
            kept=Text("驾驶员没有看到这段文字", "the driver did not see the text"),
            todo=Text("改用电话联系", "telephone instead"),
        )


def _check_text(text: str) -> None:
    try:
        size = len(text.encode("gbk"))
    except UnicodeEncodeError as error:
        raise InvalidError(
            f"终端不能显示“{text[error.start]}”这个字",
            f"terminals cannot show {text[error.start]!r}",
            code="jt808.text",
            kept=_NOTHING_SENT,
            todo=Text("换一个字（GBK 字符集）", "use characters of GBK"),
        ) from error
    if not 0 < size <= _TEXT_BYTES:
        raise InvalidError(
            f"文字应为 1 至 {_TEXT_BYTES} 字节（一个汉字两字节），现为 {size}",
            f"a text has 1 to {_TEXT_BYTES} bytes (two a Chinese character), this one {size}",
            code="jt808.text",
            kept=_NOTHING_SENT,
            todo=Text("缩短文字", "shorten the text"),
        )


def _offline() -> NotFoundError:
    return NotFoundError(
        "该终端不在线",
        "the terminal is not online",
        code="jt808.offline",
        kept=_NOTHING_SENT,
        todo=Text("等它上线，或改用电话", "wait until it is online, or telephone"),
    )
