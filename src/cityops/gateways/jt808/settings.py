"""Bounds of the gateway, each named, with the value it has unless somebody knows better."""

from __future__ import annotations

from dataclasses import dataclass

_MIB = 1024 * 1024


@dataclass(frozen=True)
class Jt808Settings:
    """Settings of one JT/T 808 server.

    Attributes:
        max_connections: a connection beyond it is closed at once and counted.
        flush_s: how long frames of all connections are collected before they are decoded and stored together.
        flush_bytes: as soon as so much is collected, it is not waited for.
        max_queue_bytes: with so much received and not yet stored, no socket is read (back-pressure).
        idle_s: a terminal silent for so long is disconnected (terminals send a heartbeat every minute or so).
        login_s: a connection that has not authenticated by then is closed.
        max_refusals: refused messages after which a connection that is not authenticated is closed.
        slow_reader_bytes: answers a terminal may leave unread before it is disconnected.
        refresh_s: how often the device directory is asked for changes (approvals count within 2 s).
        status_s: how often online states and counters are written to the directory.
        message_bytes: longest message put together from sub-packages.
        max_partial_messages: messages of one connection that may be incomplete at a time.
        package_wait_s: silence after which missing sub-packages are asked for.
        max_resend_requests: how often, before the message is given up.
        buffer_bytes: memory for incomplete messages of all connections together.
        attachment_host: address that terminals are told to bring attachments to; empty: the one they already reached.
        attachment_port: the port they are told; 0: the server's own.
        file_bytes: longest attachment.
        max_expected_alarms: alarms whose files may be outstanding at a time.
        attachment_expiry_s: after so long, files of an alarm are not expected any more.
        command_s: how long an answer to a command is waited for.
        max_commands: commands of one terminal that may await their answer.
    """

    max_connections: int = 25_000
    flush_s: float = 0.015
    flush_bytes: int = 1 * _MIB
    max_queue_bytes: int = 16 * _MIB
    idle_s: float = 300.0
    login_s: float = 60.0
    max_refusals: int = 20
    slow_reader_bytes: int = 256 * 1024
    refresh_s: float = 1.0
    status_s: float = 5.0
    message_bytes: int = 4 * _MIB
    max_partial_messages: int = 4
    package_wait_s: float = 5.0
    max_resend_requests: int = 3
    buffer_bytes: int = 256 * _MIB
    attachment_host: str = ""
    attachment_port: int = 0
    file_bytes: int = 64 * _MIB
    max_expected_alarms: int = 10_000
    attachment_expiry_s: float = 900.0
    command_s: float = 10.0
    max_commands: int = 16
