"""Hypothesis strategies: anything a terminal may say."""

from __future__ import annotations

from hypothesis import strategies as st

from cityops.gateways.jt808.fields import NO_TIME_MS
from cityops.gateways.jt808.header import Edition
from cityops.gateways.jt808.location import AreaAlarm, Extras, Location, OverspeedAlarm, RouteTimeAlarm
from cityops.gateways.jt808.messages import (
    AttachedFile,
    AttachmentInfo,
    AttachmentRequest,
    Authentication,
    Body,
    Deregistration,
    DriverCard,
    FileDone,
    FileInfo,
    FileReply,
    GeneralReply,
    Heartbeat,
    LocationBatch,
    LocationReply,
    Multimedia,
    MultimediaEvent,
    MultimediaReply,
    RegisterReply,
    Registration,
    ResendRequest,
    TerminalReply,
    TextMessage,
)
from cityops.gateways.jt808.safety import ADAS, BLIND_SPOT, DRIVER, SYSTEMS, TYRE, AlarmLabel, SafetyAlarm, Tyre

byte = st.integers(0, 0xFF)
word = st.integers(0, 0xFFFF)
dword = st.integers(0, 0xFFFFFFFF)
# 2000-01-01T00:00 to 2099-12-31T23:59:59 in GMT+8, whole seconds.
times = st.just(NO_TIME_MS) | st.integers(946_656_000, 4_102_415_999).map(lambda s: s * 1000)
phones = st.text("0123456789", min_size=1, max_size=12)
ascii_text = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789-._", max_size=7)
short_text = st.text("京晋粤测试车ABC0189", max_size=8)
editions = st.sampled_from([Edition.V2013, Edition.V2019])

labels = st.builds(AlarmLabel, ascii_text, times, sequence=byte, attachments=byte, reserved=byte, long=st.booleans())
tyres = st.builds(Tyre, byte, word, word, word, word)


def safety_alarms(most_tyres: int = 15) -> st.SearchStrategy[SafetyAlarm]:
    """Alarms of all four systems; fields that a system does not send stay 0."""
    common = {
        "alarm_id": dword,
        "flag": byte,
        "speed_kmh": byte,
        "altitude_m": word,
        "latitude_e6": dword,
        "longitude_e6": dword,
        "event_ms": times,
        "status": word,
        "label": labels,
    }
    return st.one_of(
        st.builds(
            SafetyAlarm,
            st.just(ADAS),
            kind=byte,
            level=byte,
            lead_speed_kmh=byte,
            lead_distance_ds=byte,
            deviation=byte,
            road_sign_kind=byte,
            road_sign_data=byte,
            **common,
        ),
        st.builds(SafetyAlarm, st.just(DRIVER), kind=byte, level=byte, fatigue=byte, reserved=dword, **common),
        st.builds(SafetyAlarm, st.just(TYRE), tyres=st.lists(tyres, max_size=most_tyres).map(tuple), **common),
        st.builds(SafetyAlarm, st.just(BLIND_SPOT), kind=byte, **common),
    )


KNOWN_IDS = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x11, 0x12, 0x13, 0x14, 0x25, 0x2A, 0x2B, 0x30, 0x31, *SYSTEMS}
other_extras = st.tuples(byte.filter(lambda i: i not in KNOWN_IDS), st.binary(max_size=60))


def optional(values: st.SearchStrategy[int]) -> st.SearchStrategy[int | None]:
    return st.none() | values


extras = st.builds(
    Extras,
    mileage_dkm=optional(dword),
    fuel_dl=optional(word),
    recorder_speed_dkmh=optional(word),
    confirm_event=optional(word),
    tyre_pressures=st.none() | st.binary(min_size=30, max_size=30),
    cabin_temperature_c=optional(st.integers(-32767, 32767)),
    overspeed=st.none() | st.builds(OverspeedAlarm, byte, optional(dword)),
    area=st.none() | st.builds(AreaAlarm, byte, dword, byte),
    route_time=st.none() | st.builds(RouteTimeAlarm, dword, word, byte),
    video_alarm=optional(dword),
    vehicle_signals=optional(dword),
    io_status=optional(word),
    analog=optional(dword),
    signal_strength=optional(byte),
    satellites=optional(byte),
    safety=st.lists(safety_alarms(), max_size=2).map(tuple),
    other=st.lists(other_extras, max_size=3).map(tuple),
)
locations = st.builds(Location, dword, dword, dword, dword, word, word, word, times, extras)
bare_locations = st.builds(Location, dword, dword, dword, dword, word, word, word, times)


def registrations(edition: Edition) -> st.SearchStrategy[Registration]:
    """Registrations as that edition may send them; before 2019 a plate as a Chinese vehicle has it."""
    plate = st.text("ABCDEFGH0123456789", min_size=6, max_size=7).map(lambda tail: "晋" + tail)
    form = st.just(Edition.V2019) if edition is Edition.V2019 else st.sampled_from([Edition.V2011, Edition.V2013])
    return st.builds(
        Registration, word, word, ascii_text.map(lambda t: t[:5]), ascii_text, ascii_text, byte, plate, form
    )


def driver_cards(edition: Edition) -> st.SearchStrategy[DriverCard]:
    identity = ascii_text if edition is Edition.V2019 else st.just("")
    return st.one_of(
        st.builds(DriverCard, st.just(2), times, edition=st.just(edition)),
        st.builds(DriverCard, st.just(1), times, st.integers(1, 4), edition=st.just(edition)),
        st.builds(
            DriverCard,
            st.just(1),
            times,
            st.just(0),
            short_text,
            ascii_text,
            short_text,
            st.text("0123456789", min_size=8, max_size=8),
            identity,
            st.just(edition),
        ),
    )


def bodies(edition: Edition) -> st.SearchStrategy[Body]:
    """Any message of this gateway, both directions, as ``edition`` can carry it."""
    code = ascii_text
    authentication = (
        st.builds(Authentication, code, ascii_text, ascii_text)
        if edition is Edition.V2019
        else st.builds(Authentication, code)
    )
    pairs = st.lists(st.tuples(dword, dword), max_size=9).map(tuple)
    indexes = st.lists(word, max_size=9).map(tuple)
    number = st.text("0123456789abcdef", min_size=32, max_size=32)
    media_location = bare_locations if edition is Edition.V2019 else st.none() | bare_locations
    files = st.lists(st.builds(AttachedFile, ascii_text, dword), max_size=3).map(tuple)
    return st.one_of(
        st.just(Heartbeat()),
        st.just(Deregistration()),
        registrations(edition),
        authentication,
        st.builds(TerminalReply, word, word, byte),
        locations,
        st.builds(LocationReply, word, locations),
        st.builds(LocationBatch, st.sampled_from([0, 1]), st.lists(locations, max_size=4).map(tuple)),
        driver_cards(edition),
        st.builds(MultimediaEvent, dword, byte, byte, byte, byte),
        # Data of a medium without location begins with 0xff here: no BCD time, so it cannot pass for a location.
        st.builds(
            Multimedia,
            dword,
            byte,
            byte,
            byte,
            byte,
            media_location,
            st.binary(max_size=3000).map(lambda d: b"\xff" * 28 + d),
        ),
        st.builds(AttachmentInfo, ascii_text, labels, number, byte, files),
        st.builds(FileInfo, ascii_text, byte, dword),
        st.builds(FileDone, ascii_text, byte, dword),
        st.builds(GeneralReply, word, word, byte),
        st.builds(RegisterReply, word, byte, code),
        st.builds(ResendRequest, word, indexes),
        st.builds(TextMessage, short_text, byte, byte if edition is Edition.V2019 else st.just(1)),
        st.builds(MultimediaReply, dword, indexes),
        st.builds(AttachmentRequest, ascii_text, word, word, labels, number),
        st.builds(FileReply, ascii_text, byte, pairs),
    )
