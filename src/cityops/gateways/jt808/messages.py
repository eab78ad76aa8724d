"""Messages as frozen values, one class a message id (消息). Both directions."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from cityops.gateways.jt808.fields import NO_TIME_MS
from cityops.gateways.jt808.header import Edition, Header
from cityops.gateways.jt808.location import Location
from cityops.gateways.jt808.safety import AlarmLabel


class MessageId(IntEnum):
    """The ids this gateway reads or writes."""

    TERMINAL_REPLY = 0x0001
    HEARTBEAT = 0x0002
    DEREGISTER = 0x0003
    REGISTER = 0x0100
    AUTHENTICATE = 0x0102
    LOCATION = 0x0200
    LOCATION_REPLY = 0x0201
    DRIVER_CARD = 0x0702
    LOCATION_BATCH = 0x0704
    MULTIMEDIA_EVENT = 0x0800
    MULTIMEDIA = 0x0801
    ATTACHMENT_INFO = 0x1210
    FILE_INFO = 0x1211
    FILE_DONE = 0x1212
    GENERAL_REPLY = 0x8001
    RESEND_REQUEST = 0x8003
    REGISTER_REPLY = 0x8100
    TEXT = 0x8300
    MULTIMEDIA_REPLY = 0x8800
    ATTACHMENT_REQUEST = 0x9208
    FILE_REPLY = 0x9212


class Result(IntEnum):
    """Result of a general answer (通用应答结果)."""

    OK = 0
    FAILURE = 1
    BAD_MESSAGE = 2
    UNSUPPORTED = 3


class RegisterResult(IntEnum):
    """Result of a registration (注册结果)."""

    OK = 0
    VEHICLE_TAKEN = 1
    NO_SUCH_VEHICLE = 2
    TERMINAL_TAKEN = 3
    NO_SUCH_TERMINAL = 4


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """0x0002 终端心跳."""


@dataclass(frozen=True, slots=True)
class Deregistration:
    """0x0003 终端注销."""


@dataclass(frozen=True, slots=True)
class Registration:
    """0x0100 终端注册. ``plate_color`` 0: no plate yet, ``plate`` is the VIN. ``edition`` from the body's length."""

    province: int
    city: int
    maker: str
    model: str
    terminal_id: str
    plate_color: int
    plate: str
    edition: Edition = Edition.V2013


@dataclass(frozen=True, slots=True)
class Authentication:
    """0x0102 终端鉴权. IMEI and software version exist since 2019."""

    code: str
    imei: str = ""
    software: str = ""


@dataclass(frozen=True, slots=True)
class TerminalReply:
    """0x0001 终端通用应答: the terminal answers the platform's message ``serial`` of id ``message_id``."""

    serial: int
    message_id: int
    result: int


@dataclass(frozen=True, slots=True)
class LocationReply:
    """0x0201 位置信息查询应答."""

    serial: int
    location: Location


@dataclass(frozen=True, slots=True)
class LocationBatch:
    """0x0704 定位数据批量上传. ``kind`` 0 normal, 1 blind-area backfill (盲区补报).

    ``bad_items``: how many of the announced items could not be read (too short, or cut off).
    """

    kind: int
    items: tuple[Location, ...]
    bad_items: int = 0


@dataclass(frozen=True, slots=True)
class DriverCard:
    """0x0702 驾驶员身份信息: ``status`` 1 card put in, 2 taken out; ``result`` 0 read well, 1–4 why not."""

    status: int
    event_ms: int = NO_TIME_MS
    result: int = 0
    name: str = ""
    certificate: str = ""
    institution: str = ""
    valid_until: str = ""
    identity: str = ""
    edition: Edition = Edition.V2013


@dataclass(frozen=True, slots=True)
class MultimediaEvent:
    """0x0800 多媒体事件信息: something was recorded; the recording itself comes as 0x0801."""

    media_id: int
    media_type: int
    media_format: int
    event: int
    channel: int


@dataclass(frozen=True, slots=True)
class Multimedia:
    """0x0801 多媒体数据: type 0 picture, 1 sound, 2 video. ``location`` is missing in 2011."""

    media_id: int
    media_type: int
    media_format: int
    event: int
    channel: int
    location: Location | None
    data: bytes


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """Name and size of one file of an alarm."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class AttachmentInfo:
    """0x1210 报警附件信息: which files of which alarm will come on this connection."""

    terminal_id: str
    label: AlarmLabel
    alarm_number: str
    kind: int = 0
    files: tuple[AttachedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class FileInfo:
    """0x1211 文件信息上传: the next data frames belong to this file."""

    name: str
    file_type: int
    size: int


@dataclass(frozen=True, slots=True)
class FileDone:
    """0x1212 文件上传完成: the terminal believes that it sent everything."""

    name: str
    file_type: int
    size: int


@dataclass(frozen=True, slots=True)
class GeneralReply:
    """0x8001 平台通用应答."""

    serial: int
    message_id: int
    result: int = Result.OK


@dataclass(frozen=True, slots=True)
class RegisterReply:
    """0x8100 终端注册应答; the code only where ``result`` is 0."""

    serial: int
    result: int
    code: str = ""


@dataclass(frozen=True, slots=True)
class ResendRequest:
    """0x8003 补传分包请求: ``serial`` is that of the first sub-package, ``indexes`` the missing ones from 1."""

    serial: int
    indexes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TextMessage:
    """0x8300 文本信息下发. ``flags``: bits 0 urgent, 2 display, 3 read aloud. ``kind`` (2019): 1 notice, 2 service."""

    text: str
    flags: int
    kind: int = 1


@dataclass(frozen=True, slots=True)
class MultimediaReply:
    """0x8800 多媒体数据上传应答: no ``indexes`` means that everything arrived."""

    media_id: int
    indexes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class AttachmentRequest:
    """0x9208 报警附件上传指令: bring the files of ``label`` to this address under this number."""

    host: str
    tcp_port: int
    udp_port: int
    label: AlarmLabel
    alarm_number: str


@dataclass(frozen=True, slots=True)
class FileReply:
    """0x9212 文件上传完成应答: ``missing`` are (offset, length) to be sent again; none means complete."""

    name: str
    file_type: int
    missing: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Any other id: the body as it came."""

    message_id: int
    data: bytes


Body = (
    Heartbeat
    | Deregistration
    | Registration
    | Authentication
    | TerminalReply
    | Location
    | LocationReply
    | LocationBatch
    | DriverCard
    | MultimediaEvent
    | Multimedia
    | AttachmentInfo
    | FileInfo
    | FileDone
    | GeneralReply
    | RegisterReply
    | ResendRequest
    | TextMessage
    | MultimediaReply
    | AttachmentRequest
    | FileReply
    | Unsupported
)


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message: header of its (first) frame and the decoded body."""

    header: Header
    body: Body = field(default_factory=Heartbeat)
