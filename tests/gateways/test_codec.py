"""Frames computed by hand, with their full expected results, and what happens to broken ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateways.strategies import bodies, editions, phones, word

from cityops.gateways.jt808 import decode_message, encode_message, split_frames
from cityops.gateways.jt808.fields import NO_TIME_MS, decode_time, encode_time, normal_phone
from cityops.gateways.jt808.framing import wrap
from cityops.gateways.jt808.header import (
    Edition,
    Fault,
    Frame,
    FrameError,
    Header,
    SubPackage,
    decode_frame,
    encode_frame,
)
from cityops.gateways.jt808.location import Extras, Location, OverspeedAlarm
from cityops.gateways.jt808.messages import (
    Authentication,
    Body,
    DriverCard,
    GeneralReply,
    Heartbeat,
    LocationBatch,
    Message,
    Multimedia,
    Registration,
    ResendRequest,
    TextMessage,
    Unsupported,
)
from cityops.gateways.jt808.safety import AlarmLabel, SafetyAlarm, Tyre

PHONE = "013800001234"
# 2024-11-15 08:30:00 in GMT+8 is 00:30:00 UTC: 20042 days and 1,800 s after 1970.
MORNING_MS = (20042 * 86400 + 1800) * 1000


def one(frame: bytes) -> Message | FrameError:
    frames, rest, oversized = split_frames(frame)
    assert (len(frames), rest, oversized) == (1, b"", 0)
    return decode_message(frames[0])


def message(hexes: str) -> Message:
    """Header and body in hex (checksum and delimiters are added) as a message."""
    found = one(wrap(bytes.fromhex(hexes.replace(" ", ""))))
    assert isinstance(found, Message), found
    return found


def test_heartbeat_2013() -> None:
    assert one(bytes.fromhex("7e000200001234567890120001897e")) == Message(
        Header(0x0002, "123456789012", 1, Edition.V2013), Heartbeat()
    )


def test_header_2019_with_version_and_ten_byte_phone() -> None:
    found = message("0002 4000 01 00000000013800001234 002a")
    assert found.header == Header(0x0002, "00000000013800001234", 42, Edition.V2019, version=1)
    assert normal_phone(found.header.phone) == normal_phone(PHONE) == "13800001234"


@pytest.mark.parametrize(
    ("versioned", "head_bytes", "hexes"),
    [
        (False, 12, "0801 2003 013800001234 0005 0003 0002 aabbcc"),
        (True, 17, "0801 6003 01 00000000013800001234 0005 0003 0002 aabbcc"),
    ],
)
def test_sub_package_header(versioned: bool, head_bytes: int, hexes: str) -> None:
    plain = bytes.fromhex(hexes.replace(" ", ""))
    assert len(plain) == head_bytes + 4 + 3
    found = decode_frame(split_frames(wrap(plain))[0][0])
    assert isinstance(found, Frame)
    assert found.header.sub_package == SubPackage(total=3, index=2)
    assert found.header.edition is (Edition.V2019 if versioned else Edition.V2013)
    assert found.body == b"\xaa\xbb\xcc"


def test_location_field_by_field() -> None:
    found = message(
        "0200 0026 013800001234 0007"
        "00000006 00000003 0241d870 06b56470 0320 0258 0087 241115083000"
        "0104000186a0 02020123"
    )
    assert found.body == Location(
        alarm=0b110,  # bit 1 overspeed, bit 2 fatigue
        status=0b11,  # ACC on, fixed
        latitude_e6=37_869_680,
        longitude_e6=112_551_024,
        altitude_m=800,
        speed_dkmh=600,
        course_deg=135,
        event_ms=MORNING_MS,
        extras=Extras(mileage_dkm=100_000, fuel_dl=0x123),
    )


def test_south_and_west_are_negative() -> None:
    place = Location(status=0b1100, latitude_e6=33_500_000, longitude_e6=70_250_000)
    assert (place.longitude_deg, place.latitude_deg) == (-70.25, -33.5)


def test_a_truncated_vendor_extra_keeps_the_location() -> None:
    fixed = "00000000 00000003 0241d870 06b56470 0320 0258 0087 241115083000"
    found = message(f"0200 0028 013800001234 0007 {fixed} 0104000186a0 eb10 aabbccdd")
    assert isinstance(found.body, Location)
    assert found.body.latitude_e6 == 37_869_680
    assert found.body.event_ms == MORNING_MS
    assert found.body.extras == Extras(mileage_dkm=100_000, truncated=True)


def test_unknown_and_wrongly_long_extras_are_kept_raw_and_skipped_by_their_length() -> None:
    fixed = "00000000 00000003 0241d870 06b56470 0320 0258 0087 241115083000"
    found = message(f"0200 002f 013800001234 0007 {fixed} e003010203 0103ffffff 110100 3001 1f 3101 0c")
    assert isinstance(found.body, Location)
    assert found.body.extras == Extras(
        overspeed=OverspeedAlarm(0, None),
        signal_strength=31,
        satellites=12,
        other=((0xE0, b"\x01\x02\x03"), (0x01, b"\xff\xff\xff")),
    )


def test_driver_state_alarm_of_47_bytes() -> None:
    fixed = "00000000 00000003 0241d870 06b56470 0320 0258 0087 241115083000"
    alarm = (
        "652f 00000011 01 01 02 07 00000000 3c 0320 0241d870 06b56470 241115083000 0401"
        "54313233343536 241115083000 05 03 00"
    )
    found = message(f"0200 004d 013800001234 0007 {fixed} {alarm}")
    assert isinstance(found.body, Location)
    assert found.body.extras.safety == (
        SafetyAlarm(
            system=0x65,
            alarm_id=17,
            flag=1,
            kind=1,
            level=2,
            fatigue=7,
            speed_kmh=60,
            altitude_m=800,
            latitude_e6=37_869_680,
            longitude_e6=112_551_024,
            event_ms=MORNING_MS,
            status=0x0401,
            label=AlarmLabel("T123456", MORNING_MS, sequence=5, attachments=3),
        ),
    )


def test_tyre_alarm_with_two_tyres_and_a_long_label() -> None:
    tyres = (Tyre(0, 0b100, 620, 41, 88), Tyre(3, 0b1, 830, 39, 90))
    alarm = SafetyAlarm(
        system=0x66, alarm_id=9, event_ms=MORNING_MS, label=AlarmLabel("LONG-ID", long=True), tyres=tyres
    )
    sent = Location(event_ms=MORNING_MS, extras=Extras(safety=(alarm,)))
    found = one(encode_message(sent, phone=PHONE, serial=1)[0])
    assert isinstance(found, Message)
    assert found.body == sent


@pytest.mark.parametrize(
    ("edition", "hexes"),
    [
        (Edition.V2011, "000e 0069 4d414b4552 4d4f44454c310000 54314132423343 02 bdfa413132333435"),
        (Edition.V2013, "000e 0069 4d414b4552 4d4f44454c31" + "00" * 14 + "54314132423343 02 bdfa413132333435"),
    ],
)
def test_registration_2011_and_2013_by_length(edition: Edition, hexes: str) -> None:
    body = bytes.fromhex(hexes.replace(" ", ""))
    found = one(encode_frame(Header(0x0100, PHONE, 3), body))
    assert isinstance(found, Message)
    assert found.body == Registration(14, 105, "MAKER", "MODEL1", "T1A2B3C", 2, "晋A12345", edition)


def test_registration_2011_without_plate_carries_the_vin() -> None:
    sent = Registration(14, 105, "MAKER", "MODEL1", "T1A2B3C", 0, "LSVAM4187C2184847", Edition.V2011)
    found = one(encode_message(sent, phone=PHONE, serial=1)[0])
    assert isinstance(found, Message)
    assert found.body == sent


def test_registration_2019() -> None:
    body = (
        bytes.fromhex("000e0069") + b"70111340110" + b"MODEL-X".ljust(30, b"\0") + b"TERMINAL-0001".ljust(30, b"\0")
    ) + bytes.fromhex("02bdfa413132333435")
    found = one(encode_frame(Header(0x0100, PHONE, 3, Edition.V2019, 1), body))
    assert isinstance(found, Message)
    assert found.body == Registration(14, 105, "70111340110", "MODEL-X", "TERMINAL-0001", 2, "晋A12345", Edition.V2019)


def test_authentication_2013_is_the_code_alone_and_2019_has_imei_and_version() -> None:
    assert message("0102 0004 013800001234 0001 41424344").body == Authentication("ABCD")
    body = b"\x04ABCD" + b"123456789012345" + b"V1.2.3".ljust(20, b"\0")
    found = one(encode_frame(Header(0x0102, PHONE, 1, Edition.V2019, 1), body))
    assert isinstance(found, Message)
    assert found.body == Authentication("ABCD", "123456789012345", "V1.2.3")


def test_a_bad_item_of_a_batch_costs_only_itself() -> None:
    item = "00000000 00000003 0241d870 06b56470 0320 0258 0087 241115083000"
    found = message(
        f"0704 004a 013800001234 0001 0004 01 001c{item} 0004 deadbeef 001c{item} 00ff aabbcc".replace(" ", "")
    )
    assert isinstance(found.body, LocationBatch)
    assert found.body.kind == 1
    assert [place.latitude_e6 for place in found.body.items] == [37_869_680, 37_869_680]
    # The second item is too short for a location; the fourth is cut off.
    assert found.body.bad_items == 2


def test_driver_card_of_all_editions() -> None:
    assert message("0702 0007 013800001234 0001 02 241115083000").body == DriverCard(2, MORNING_MS)
    put_in = "01 241115083000 00 04d5c5c8fd" + b"CERT-1".ljust(20, b"\0").hex() + "04bdfabdfa" + "20301231"
    assert message(f"0702 002a 013800001234 0001 {put_in}").body == DriverCard(
        1, MORNING_MS, 0, "张三", "CERT-1", "晋晋", "20301231"
    )
    old = "04d5c5c8fd" + b"ID-1".ljust(20, b"\0").hex() + b"CERT-1".ljust(40, b"\0").hex() + "04bdfabdfa"
    assert message(f"0702 0046 013800001234 0001 {old}").body == DriverCard(
        1, NO_TIME_MS, 0, "张三", "CERT-1", "晋晋", "", "ID-1", Edition.V2011
    )


def test_multimedia_2011_has_no_location() -> None:
    picture = b"\xff\xd8\xff\xe0" + bytes(range(200, 255))
    found = one(encode_message(Multimedia(7, 0, 0, 1, 2, None, picture), phone=PHONE, serial=1)[0])
    assert isinstance(found, Message)
    assert found.body == Multimedia(7, 0, 0, 1, 2, None, picture)


def test_resend_request_counts_in_a_byte_and_since_2019_in_a_word() -> None:
    request = ResendRequest(0x1234, (2, 5))
    old = encode_message(request, phone=PHONE, serial=0)[0]
    new = encode_message(request, phone=PHONE, serial=0, edition=Edition.V2019)[0]
    assert bytes.fromhex("1234 02 0002 0005") in old
    assert bytes.fromhex("1234 0002 0002 0005") in new


def test_text_to_the_driver() -> None:
    # flags 0b1001: urgent, read aloud. 疲劳 in GBK is c6a3 c0cd.
    assert bytes.fromhex("09c6a3c0cd") in encode_message(TextMessage("疲劳", 0b1001), phone=PHONE, serial=0)[0]
    new = encode_message(TextMessage("疲劳", 0b1001, 1), phone=PHONE, serial=0, edition=Edition.V2019)[0]
    assert bytes.fromhex("0901c6a3c0cd") in new


def test_general_reply_frame() -> None:
    # 80^01^05 ^ 01^38^12^34 ^ 12^34^02 = ...: the xor of all bytes before the last is the last.
    frame = encode_message(GeneralReply(0x1234, 0x0200, 0), phone=PHONE, serial=0)[0]
    assert frame[:-2] == bytes.fromhex("7e 8001 0005 013800001234 0000 1234 0200 00")
    assert frame[-2] == 0x80 ^ 0x01 ^ 0x05 ^ 0x01 ^ 0x38 ^ 0x12 ^ 0x34 ^ 0x12 ^ 0x34 ^ 0x02
    assert frame[-1] == 0x7E


def test_unknown_id_is_no_error() -> None:
    assert message("0f00 0002 013800001234 0001 beef").body == Unsupported(0x0F00, b"\xbe\xef")


@pytest.mark.parametrize(
    ("segment", "fault"),
    [
        (bytes.fromhex("00020000123456789012000188"), Fault.CHECKSUM),
        (bytes.fromhex("0002000012345678901200017d"), Fault.ESCAPE),
        (bytes.fromhex("0102"), Fault.LENGTH),
        (wrap(bytes.fromhex("000200051234567890120001"))[1:-1], Fault.LENGTH),
        (wrap(bytes.fromhex("0002000012345678901a0001"))[1:-1], Fault.PHONE),
        (wrap(bytes.fromhex("020004011234567890120001ff"))[1:-1], Fault.ENCRYPTED),
        (wrap(bytes.fromhex("020000041234567890120001ffffffff"))[1:-1], Fault.BODY),
        (wrap(bytes.fromhex("020000041234567890120001ffffffff"))[1:-1] + b"\x00" * 3000, Fault.OVERSIZED),
    ],
)
def test_broken_frames_are_named(segment: bytes, fault: Fault) -> None:
    found = decode_message(segment)
    assert isinstance(found, FrameError)
    assert found.fault is fault


def test_times() -> None:
    assert decode_time(bytes.fromhex("241115083000")) == MORNING_MS
    assert encode_time(MORNING_MS) == bytes.fromhex("241115083000")
    for nonsense in ("000000000000", "240230000000", "2411150830aa", "241315000000", "241115240000"):
        assert decode_time(bytes.fromhex(nonsense)) == NO_TIME_MS
    assert decode_time(bytes.fromhex("240229235959")) - decode_time(bytes.fromhex("240229000000")) == 86_399_000


@given(st.data(), editions, phones, word)
def test_every_message_survives_the_way_there(data: st.DataObject, edition: Edition, phone: str, serial: int) -> None:
    body: Body = data.draw(bodies(edition))
    frames, rest, _ = split_frames(b"".join(encode_message(body, phone=phone, serial=serial, edition=edition)))
    assert rest == b""
    parts = [decode_frame(frame) for frame in frames]
    assert all(isinstance(part, Frame) for part in parts)
    whole = [part for part in parts if isinstance(part, Frame)]
    header = whole[0].header
    assert normal_phone(header.phone) == normal_phone(phone)
    assert [part.header.serial for part in whole] == [(serial + k) & 0xFFFF for k in range(len(whole))]
    joined = encode_frame_whole(header, b"".join(part.body for part in whole))
    assert joined == body


def encode_frame_whole(header: Header, data: bytes) -> Body:
    """The body of a message that was put together again."""
    from cityops.gateways.jt808.codec import decode_body

    return decode_body(header.message_id, data, header.edition)


@given(st.binary(max_size=200), st.sampled_from([0x0100, 0x0102, 0x0200, 0x0702, 0x0704, 0x0801, 0x1210, 0x9212]))
def test_any_body_decodes_or_is_refused_without_an_exception(data: bytes, message_id: int) -> None:
    for edition, version in ((Edition.V2013, 0), (Edition.V2019, 1)):
        found = one(encode_frame(Header(message_id, "1", 1, edition, version), data))
        assert isinstance(found, Message | FrameError)


@given(st.binary(max_size=80))
def test_any_segment_decodes_or_is_refused(segment: bytes) -> None:
    assert isinstance(decode_message(segment), Message | FrameError)
