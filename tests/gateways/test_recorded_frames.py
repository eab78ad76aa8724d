"""Frames of a terminal test record, against the fields that record gives for them (not part of the project)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cityops.gateways.jt808 import decode_message, split_frames
from cityops.gateways.jt808.bodies import DECODERS
from cityops.gateways.jt808.fields import encode_time
from cityops.gateways.jt808.location import Location
from cityops.gateways.jt808.messages import (
    AttachmentInfo,
    AttachmentRequest,
    Authentication,
    Body,
    DriverCard,
    FileDone,
    FileInfo,
    FileReply,
    GeneralReply,
    Heartbeat,
    LocationBatch,
    LocationReply,
    Message,
    Multimedia,
    MultimediaEvent,
    MultimediaReply,
    RegisterReply,
    Registration,
    ResendRequest,
    TextMessage,
)
from cityops.gateways.jt808.safety import AlarmLabel, SafetyAlarm

RECORD = Path("/work/shared/data/jt808_frames.jsonl")
if not RECORD.exists():
    pytest.skip("the recorded frames are not on this machine", allow_module_level=True)

Fields = dict[str, Any]


def iso(event_ms: int) -> str:
    """A time as the record writes it."""
    digits = encode_time(event_ms).hex()
    year, month, day, hour, minute, second = (digits[i : i + 2] for i in range(0, 12, 2))
    return f"20{year}-{month}-{day}T{hour}:{minute}:{second}"


def label_fields(label: AlarmLabel) -> Fields:
    return {
        "deviceId": label.terminal_id,
        "dateTime": iso(label.event_ms),
        "sequenceNo": label.sequence,
        "fileTotal": label.attachments,
        "reserved": label.reserved,
    }


def alarm_fields(alarm: SafetyAlarm) -> Fields:
    fields: Fields = {
        "id": alarm.alarm_id,
        "state": alarm.flag,
        "speed": alarm.speed_kmh,
        "altitude": alarm.altitude_m,
        "latitude": alarm.latitude_e6,
        "longitude": alarm.longitude_e6,
        "alarmTime": iso(alarm.event_ms),
        "statusBit": alarm.status,
        **label_fields(alarm.label),
    }
    if alarm.system != 0x66:
        fields["type"] = alarm.kind
    if alarm.system in (0x64, 0x65):
        fields["level"] = alarm.level
    if alarm.system == 0x64:
        fields |= {"frontSpeed": alarm.lead_speed_kmh, "frontDistance": alarm.lead_distance_ds}
        fields |= {"deviateType": alarm.deviation, "roadSign": alarm.road_sign_kind}
        fields["roadSignValue"] = alarm.road_sign_data
    if alarm.system == 0x65:
        fields |= {"fatigueDegree": alarm.fatigue, "reserves": alarm.reserved}
    return fields


def location_fields(location: Location) -> Fields:
    fields: Fields = {
        "warnBit": location.alarm,
        "statusBit": location.status,
        "latitude": location.latitude_e6,
        "longitude": location.longitude_e6,
        "altitude": location.altitude_m,
        "speed": location.speed_dkmh,
        "direction": location.course_deg,
        "deviceTime": iso(location.event_ms),
    }
    extras = location.extras
    plain = {
        "1": extras.mileage_dkm,
        "2": extras.fuel_dl,
        "3": extras.recorder_speed_dkmh,
        "4": extras.confirm_event,
        "6": extras.cabin_temperature_c,
        "37": extras.vehicle_signals,
        "42": extras.io_status,
        "43": extras.analog,
        "48": extras.signal_strength,
        "49": extras.satellites,
    }
    attributes: Fields = {key: value for key, value in plain.items() if value is not None}
    if extras.tyre_pressures is not None:
        attributes["5"] = {"value": list(extras.tyre_pressures)}
    if extras.overspeed:
        attributes["17"] = {"areaType": extras.overspeed.area_kind, "areaId": extras.overspeed.area_id}
    if extras.area:
        area = extras.area
        attributes["18"] = {"areaType": area.area_kind, "areaId": area.area_id, "direction": area.direction}
    if extras.route_time:
        route = extras.route_time
        attributes["19"] = {"areaId": route.route_id, "driveTime": route.drive_time_s, "result": route.result}
    attributes |= {str(alarm.system): alarm_fields(alarm) for alarm in extras.safety}
    if attributes:
        fields["attributes"] = attributes
    return fields


def card_fields(card: DriverCard) -> Fields:
    return {
        "status": card.status,
        "dateTime": encode_time(card.event_ms).hex(),
        "cardStatus": card.result,
        "name": card.name,
        "licenseNo": card.certificate,
        "institution": card.institution,
        "licenseValidPeriod": card.valid_until,
    }


def media_fields(media: Multimedia | MultimediaEvent) -> Fields:
    fields: Fields = {
        "id": media.media_id,
        "type": media.media_type,
        "format": media.media_format,
        "event": media.event,
        "channelId": media.channel,
    }
    if isinstance(media, Multimedia):
        assert media.location is not None
        fields |= {"location": location_fields(media.location), "packet": media.data.hex()}
    return fields


def registration_fields(body: Registration) -> Fields:
    return {
        "provinceId": body.province,
        "cityId": body.city,
        "makerId": body.maker,
        "deviceModel": body.model,
        "deviceId": body.terminal_id,
        "plateColor": body.plate_color,
        "plateNo": body.plate,
    }


def attachment_fields(body: AttachmentInfo | AttachmentRequest) -> Fields:
    fields = {**label_fields(body.label), "platformAlarmId": body.alarm_number}
    if isinstance(body, AttachmentRequest):
        address = {"ip": body.host, "tcpPort": body.tcp_port, "udpPort": body.udp_port}
        return {**fields, **address, "reserves": [0] * 16}
    assert body.files == ()
    return {**fields, "deviceId": body.terminal_id, "deviceId_": body.label.terminal_id, "type": body.kind}


def reply_fields(body: Body) -> Fields:
    match body:
        case GeneralReply():
            return {
                "responseSerialNo": body.serial,
                "responseMessageId": body.message_id,
                "resultCode": body.result,
            }
        case RegisterReply():
            return {"responseSerialNo": body.serial, "resultCode": body.result, "token": body.code}
        case ResendRequest():
            return {"responseSerialNo": body.serial, "id": list(body.indexes)}
        case TextMessage():
            # A 2013 text has no type byte; the record prints its own default.
            return {"sign": body.flags, "type": 0, "content": body.text}
        case MultimediaReply():
            return {"mediaId": body.media_id, "id": list(body.indexes)}
        case FileReply():
            return {
                "name": body.name,
                "type": body.file_type,
                "result": 1 if body.missing else 0,
                "total": len(body.missing),
                "items": [number for pair in body.missing for number in pair],
            }
        case _:
            raise AssertionError(f"no expectation for {body}")


def fields_of(body: Body) -> Fields:
    match body:
        case Heartbeat():
            return {}
        case Registration():
            return registration_fields(body)
        case Authentication():
            return {"token": body.code}
        case Location():
            return location_fields(body)
        case LocationReply():
            return {"responseSerialNo": body.serial, **location_fields(body.location)}
        case DriverCard():
            return card_fields(body)
        case Multimedia() | MultimediaEvent():
            return media_fields(body)
        case AttachmentInfo() | AttachmentRequest():
            return attachment_fields(body)
        case FileInfo() | FileDone():
            return {"name": body.name, "type": body.file_type, "size": body.size}
        case _:
            return reply_fields(body)


def without_frame_noise(fields: Fields) -> Fields:
    """The record repeats header fields inside embedded locations; they say nothing."""
    noise = {"messageId", "properties", "protocolVersion", "serialNo", "verified", "clientId"}
    return {name: value for name, value in fields.items() if name not in noise}


def recorded() -> list[Any]:
    lines = [json.loads(line) for line in RECORD.read_text(encoding="utf-8").splitlines()]
    handled = [line for line in lines if line["decoded"]["messageId"] in DECODERS]
    return [pytest.param(line, id=f"0x{line['decoded']['messageId']:04x}-{i}") for i, line in enumerate(handled)]


def test_the_record_covers_what_it_should() -> None:
    assert len(recorded()) == 19


@pytest.mark.parametrize("line", recorded())
def test_a_recorded_frame_decodes_to_the_recorded_fields(line: dict[str, Any]) -> None:
    frames, rest, oversized = split_frames(bytes.fromhex(line["frame"]))
    assert (len(frames), rest, oversized) == (1, b"", 0)
    found = decode_message(frames[0])
    assert isinstance(found, Message), found
    expected = line["decoded"]
    assert found.header.message_id == expected["messageId"]
    assert found.header.phone == expected["clientId"]
    assert found.header.serial == expected["serialNo"]
    wanted = without_frame_noise(expected)
    if isinstance(found.body, LocationBatch):
        assert found.body.bad_items == 0
        assert found.body.kind == wanted["type"]
        assert len(found.body.items) == wanted["total"]
        assert [location_fields(item) for item in found.body.items] == [
            without_frame_noise(item) for item in wanted["items"]
        ]
        return
    if "location" in wanted:
        wanted["location"] = without_frame_noise(wanted["location"])
    assert fields_of(found.body) == wanted
