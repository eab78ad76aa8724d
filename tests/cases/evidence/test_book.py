from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from PIL import Image
from sqlalchemy import func, insert, select
from tests.together import at_once

from cityops.access import Principal, Role, verify_audit
from cityops.cases.evidence import (
    EvidenceBook,
    EvidenceRole,
    EvidenceView,
    Kind,
    NewEvidence,
    PhoneFix,
    Rendition,
    Soundness,
    evidence_table,
)
from cityops.kit import (
    SHANGHAI,
    BusyError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    ManualClock,
    NotFoundError,
    to_ms,
)
from cityops.store import Files, Store

from .conftest import EXECUTABLE, film, pdf, photo, wav

ACCEPTOR = Principal("A-acceptor", "acceptor", "张受理", Role.ACCEPTOR)
OTHER = Principal("A-other", "other", "李受理", Role.ACCEPTOR)
DISTRICT = Principal("A-far", "far", "远区", Role.DISTRICT, area_codes=("140106",))
ANALYST = Principal("A-analyst", "analyst", "研判", Role.ANALYST)
BEFORE, AFTER, REPORT = EvidenceRole.BEFORE, EvidenceRole.AFTER, EvidenceRole.REPORT


def new(client_id: str, role: EvidenceRole = BEFORE, case_id: str | None = None, **more: object) -> NewEvidence:
    return NewEvidence(client_id, role, case_id, **more)  # type: ignore[arg-type]


def read(book: EvidenceBook, item: EvidenceView, rendition: Rendition, who: Principal = ACCEPTOR) -> bytes:
    return book.content(who, item.id, rendition).path.read_bytes()


def events(store: Store) -> list[str]:
    return [event.payload["evidence_id"] for event in store.events_after(0, 100, ["evidence.added"])]


def test_photo_keeps_what_was_sent_and_shows_copies_without_exif(
    book: EvidenceBook, store: Store, opened: Callable[[], str], clock: ManualClock
) -> None:
    content = photo(640, 320, orientation=6, taken="2026:11:20 08:30:00", gps=True)
    fix = PhoneFix(112.6, 37.9, clock.now_ms())
    case_id = opened()
    item = book.add(ACCEPTOR, new("phone-0001", BEFORE, case_id, name="/sdcard/冰柱.exe", phone=fix), [content])

    assert (item.kind, item.media_type, item.name) == (Kind.PHOTO, "image/jpeg", "冰柱.jpg")
    assert (item.sha256, item.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert (item.width, item.height) == (320, 640)  # upright
    assert (item.lon, item.lat, item.position_source) == (112.555, 37.87, "exif")
    assert item.taken_ms == to_ms(datetime(2026, 11, 20, 8, 30, tzinfo=SHANGHAI))
    assert item.claims["phone"] == {"at_ms": clock.now_ms(), "lon": 112.6, "lat": 37.9}
    assert read(book, item, Rendition.ORIGINAL) == content
    view = Image.open(io.BytesIO(read(book, item, Rendition.VIEW)))
    assert view.size == (320, 640)
    top, bottom = view.getpixel((160, 40)), view.getpixel((160, 600))  # turned a quarter clockwise: left becomes top
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > 200 > 60 > top[2]
    assert bottom[2] > 200 > 60 > bottom[0]
    thumbnail = Image.open(io.BytesIO(read(book, item, Rendition.THUMBNAIL)))
    assert thumbnail.size == (160, 320)
    for copy in (view, thumbnail):
        assert dict(copy.getexif()) == {}
    assert b"Secret Camera" in content
    assert b"Secret Camera" not in read(book, item, Rendition.VIEW)
    assert events(store) == [item.id]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_upright(book: EvidenceBook, orientation: int) -> None:
    """The camera's stored corners, by EXIF 2.3 table of orientation: where the red half is when upright."""
    red_side = {1: "left", 2: "right", 3: "right", 4: "left", 5: "top", 6: "top", 7: "bottom", 8: "bottom"}
    item = book.add(ACCEPTOR, new("orient-0001"), [photo(200, 100, orientation=orientation)])
    image = Image.open(io.BytesIO(read(book, item, Rendition.VIEW)))
    width, height = image.size
    points = {
        "left": (10, height // 2),
        "right": (width - 10, height // 2),
        "top": (width // 2, 10),
        "bottom": (width // 2, height - 10),
    }
    reds = {}
    for side, point in points.items():
        pixel = image.getpixel(point)
        assert isinstance(pixel, tuple)
        reds[side] = pixel[0]
    wanted = red_side[orientation]
    opposite = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}[wanted]
    assert reds[wanted] > 200
    assert reds[opposite] < 60


def test_time_of_the_camera_with_its_own_zone(book: EvidenceBook) -> None:
    item = book.add(ACCEPTOR, new("zone-00001"), [photo(taken="2026:11:20 08:30:00", offset="+06:00")])
    assert item.taken_ms == to_ms(datetime.fromisoformat("2026-11-20T02:30:00+00:00"))


def test_phone_position_is_used_when_the_photo_has_none(book: EvidenceBook) -> None:
    item = book.add(ACCEPTOR, new("fix-000001", phone=PhoneFix(112.6, 37.9)), [photo()])
    assert (item.lon, item.lat, item.position_source) == (112.6, 37.9, "phone")
    for wrong in (PhoneFix(112.6, float("nan")), PhoneFix(181, 0), PhoneFix(112.6, 37.9, 2**70), PhoneFix(0, 0, -1)):
        with pytest.raises(InvalidError):
            book.add(ACCEPTOR, new("fix-000002", phone=wrong), [photo()])


def test_the_same_upload_again_is_the_same_item(book: EvidenceBook, store: Store, opened: Callable[[], str]) -> None:
    case_id = opened()
    first = book.add(ACCEPTOR, new("retry-0001", BEFORE, case_id), [photo()])
    assert book.add(ACCEPTOR, new("retry-0001", BEFORE, case_id), [photo()]) == first
    with pytest.raises(ConflictError):
        book.add(ACCEPTOR, new("retry-0001", BEFORE, case_id), [photo(80, 80)])
    with pytest.raises(ConflictError):
        book.add(ACCEPTOR, new("retry-0001", BEFORE, opened()), [photo()])
    assert book.add(OTHER, new("retry-0001", BEFORE, case_id), [photo()]).id != first.id  # another phone
    assert len(events(store)) == 2


def test_two_retries_at_the_same_time_make_one_item(book: EvidenceBook, opened: Callable[[], str]) -> None:
    case_id = opened()
    with ThreadPoolExecutor(4) as pool:
        items = list(pool.map(lambda _: book.add(ACCEPTOR, new("race-00001", BEFORE, case_id), [photo()]), range(8)))
    assert len({item.id for item in items}) == 1
    assert len(book.of_case(ACCEPTOR, case_id)) == 1


def test_the_bound_of_a_case_holds_when_many_add_at_once(
    book: EvidenceBook, store: Store, opened: Callable[[], str]
) -> None:
    case_id = opened()

    def adding(number: int) -> Callable[[], EvidenceView]:
        return lambda: book.add(ACCEPTOR, new(f"many-{number:05}", BEFORE, case_id), [photo(16 + number)])

    added = at_once(store, *map(adding, range(6)))
    assert sum(isinstance(one, EvidenceView) for one in added) == 4
    assert [one.code for one in added if not isinstance(one, EvidenceView)] == ["evidence.full"] * 2
    assert len(book.of_case(ACCEPTOR, case_id)) == 4


def test_a_photo_that_another_is_compared_with_is_not_taken_back(book: EvidenceBook) -> None:
    before = book.add(ACCEPTOR, new("photo-0001", BEFORE), [photo()])
    after = book.add(ACCEPTOR, new("photo-0002", AFTER, before_id=before.id), [photo(70)])
    with pytest.raises(ConflictError, match="compared with"):
        book.take_back(ACCEPTOR, before.id)
    for item in (after, before):
        book.take_back(ACCEPTOR, item.id)
    with pytest.raises(NotFoundError):
        book.take_back(ACCEPTOR, before.id)


@pytest.mark.parametrize("client_id", ["", "short", "x" * 65, "with space1", "semi;colon"])
def test_a_wrong_client_id_is_refused(book: EvidenceBook, client_id: str) -> None:
    with pytest.raises(InvalidError, match="client_id"):
        book.add(ACCEPTOR, new(client_id), [photo()])


def test_refused_content_leaves_nothing(book: EvidenceBook, store: Store, files: Files) -> None:
    with pytest.raises(InvalidError) as caught:
        book.add(ACCEPTOR, new("evil-00001", name="photo.jpg"), [EXECUTABLE])
    assert caught.value.kept is not None
    with store.read() as conn:
        assert conn.execute(select(func.count()).select_from(evidence_table)).scalar_one() == 0
    with pytest.raises(NotFoundError):
        files.open(hashlib.sha256(EXECUTABLE).hexdigest())


def test_before_and_after(book: EvidenceBook, opened: Callable[[], str], clock: ManualClock) -> None:
    case_id = opened()
    before = book.add(ACCEPTOR, new("pair-00001", BEFORE, case_id), [photo()])
    clock.advance(60)
    after = book.add(ACCEPTOR, new("pair-00002", AFTER, case_id, before_id=before.id), [photo(70, 70)])
    clock.advance(60)
    lone = book.add(ACCEPTOR, new("pair-00003", BEFORE, case_id), [photo(90, 90)])
    book.add(ACCEPTOR, new("pair-00004", EvidenceRole.DOCUMENT, case_id), [pdf()])
    pairs = [(pair.before and pair.before.id, pair.after and pair.after.id) for pair in book.pairs(ACCEPTOR, case_id)]
    assert pairs == [(before.id, after.id), (lone.id, None)]
    with pytest.raises(NotFoundError):
        book.add(ACCEPTOR, new("pair-00005", AFTER, opened(), before_id=before.id), [photo()])
    with pytest.raises(InvalidError, match="after photo"):
        book.add(ACCEPTOR, new("pair-00006", BEFORE, case_id, before_id=before.id), [photo()])


def test_somebody_else_s_unfiled_photo_is_no_pair(book: EvidenceBook) -> None:
    theirs = book.add(OTHER, new("pair-00007"), [photo()])
    with pytest.raises(NotFoundError):
        book.add(ACCEPTOR, new("pair-00008", AFTER, before_id=theirs.id), [photo()])
    assert book.add(OTHER, new("pair-00009", AFTER, before_id=theirs.id), [photo()]).before_id == theirs.id


def test_one_of_each_is_a_pair(book: EvidenceBook, opened: Callable[[], str]) -> None:
    case_id = opened()
    before = book.add(ACCEPTOR, new("pair-00001", BEFORE, case_id), [photo()])
    after = book.add(ACCEPTOR, new("pair-00002", AFTER, case_id), [photo()])
    (pair,) = book.pairs(ACCEPTOR, case_id)
    assert (pair.before, pair.after) == (before, after)


def test_voice_note_and_film(book: EvidenceBook, opened: Callable[[], str]) -> None:
    case_id = opened()
    voice = book.add(ACCEPTOR, new("voice-0001", REPORT, case_id), [wav()])
    shot = book.add(ACCEPTOR, new("film-00001", REPORT, case_id), [film()])
    assert (voice.kind, shot.kind, voice.has_copies) == (Kind.AUDIO, Kind.VIDEO, False)
    served = book.content(ACCEPTOR, voice.id, Rendition.ORIGINAL)
    assert served.path.read_bytes() == wav()
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    with pytest.raises(NotFoundError):
        book.content(ACCEPTOR, voice.id, Rendition.VIEW)


def test_bounds_overflow_loudly(book: EvidenceBook, opened: Callable[[], str]) -> None:
    case_id = opened()
    for number in range(4):
        book.add(ACCEPTOR, new(f"full-0000{number}", BEFORE, case_id), [photo()])
    with pytest.raises(BusyError, match="bound of 4"):
        book.add(ACCEPTOR, new("full-00009", BEFORE, case_id), [photo()])
    assert book.add(ACCEPTOR, new("full-00001", BEFORE, case_id), [photo()]).client_id == "full-00001"  # a retry
    for number in range(2):
        book.add(ACCEPTOR, new(f"free-0000{number}"), [photo()])
    with pytest.raises(BusyError, match="bound of 2"):
        book.add(ACCEPTOR, new("free-00009"), [photo()])


def test_who_may_add_and_see(book: EvidenceBook, store: Store, opened: Callable[[], str]) -> None:
    case_id = opened()
    item = book.add(ACCEPTOR, new("scope-0001", BEFORE, case_id), [photo()])
    with pytest.raises(ForbiddenError):
        book.add(ANALYST, new("scope-0002", BEFORE, case_id), [photo()])
    attempts: list[Callable[[], object]] = [
        lambda: book.of_case(DISTRICT, case_id),
        lambda: book.content(DISTRICT, item.id, Rendition.VIEW),
        lambda: book.add(ACCEPTOR, new("scope-0003", BEFORE, "no-such-case"), [photo()]),
    ]
    for attempt in attempts:
        with pytest.raises(NotFoundError):
            attempt()
    unfiled = book.add(OTHER, new("scope-0004"), [photo()])
    with pytest.raises(NotFoundError):
        book.content(ANALYST, unfiled.id, Rendition.VIEW)
    book.content(ACCEPTOR, item.id, Rendition.ORIGINAL)
    with store.read() as conn:
        assert verify_audit(conn).ok


def test_unfiled_items_go_to_the_case_that_is_filed(
    book: EvidenceBook, store: Store, opened: Callable[[], str]
) -> None:
    mine, report = book.add(ACCEPTOR, new("file-00001"), [photo()]), "R" * 26
    reported = book.add_to_report(report, new("file-00002"), [photo()])
    case_id, other = opened(), opened()
    store.write(lambda conn: book.attach(conn, ACCEPTOR, [mine.id, mine.id], case_id))
    assert store.write(lambda conn: book.attach_report(conn, report, case_id)) == 1
    assert {item.id for item in book.of_case(ACCEPTOR, case_id)} == {mine.id, reported.id}
    with pytest.raises(ConflictError):
        store.write(lambda conn: book.attach(conn, ACCEPTOR, [mine.id], other))
    with pytest.raises(NotFoundError):
        store.write(lambda conn: book.attach(conn, OTHER, [mine.id], case_id))
    assert book.add(ACCEPTOR, new("file-00001"), [photo()]).case_id == case_id  # a late retry from before the filing


def test_report_bound(book: EvidenceBook) -> None:
    for number in range(2):
        book.add_to_report("R" * 26, new(f"rep-000{number}0"), [photo()])
    with pytest.raises(BusyError):
        book.add_to_report("R" * 26, new("rep-000090"), [photo()])


def test_tip_off_photo_keeps_nothing_that_leads_to_the_person(
    book: EvidenceBook, store: Store, files: Files, clock: ManualClock
) -> None:
    content = photo(640, 320, taken="2026:11:20 08:30:00", gps=True)
    item = book.add_to_tip_off("T" * 26, [content])
    assert book.add_to_tip_off("T" * 26, [content]) == item
    with pytest.raises(NotFoundError):
        files.open(hashlib.sha256(content).hexdigest())
    day_ms = to_ms(datetime(2026, 11, 22, tzinfo=SHANGHAI))  # the city's midnight: another would tell half the day
    assert (item.taken_ms, item.lon, item.lat, item.claims) == (None, None, None, {})
    assert (item.uploaded_ms, item.uploader_name, item.name) == (day_ms, "匿名", "file.jpg")
    path = files.path(item.sha256)
    for touched in (path, path.parent, path.parent.parent / ".partial"):
        assert touched.stat().st_mtime_ns == day_ms * 1_000_000
    assert b"Secret Camera" not in files.path(item.sha256).read_bytes()
    assert store.events_after(0, 100) == []
    for other in (wav(), film(), pdf()):
        with pytest.raises(InvalidError, match="photos only"):
            book.add_to_tip_off("T" * 26, [other])


def test_verify_finds_what_was_changed_or_removed(book: EvidenceBook, files: Files) -> None:
    sound = book.add(ACCEPTOR, new("hash-00001"), [photo()])
    changed = book.add(ACCEPTOR, new("hash-00002"), [wav()])
    missing = book.add(OTHER, new("hash-00003"), [pdf()])
    path = files.path(changed.sha256)
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    files.path(missing.sha256).unlink()
    assert book.verify() == [
        (sound.id, Soundness.SOUND),
        (changed.id, Soundness.CHANGED),
        (missing.id, Soundness.MISSING),
    ]
    assert book.verify(after_id=changed.id) == [(missing.id, Soundness.MISSING)]


def test_a_stored_type_outside_the_list_is_sent_as_bytes(book: EvidenceBook, store: Store) -> None:
    item = book.add(ACCEPTOR, new("type-00001"), [pdf()])
    with store.read() as conn:
        row = dict(conn.execute(select(evidence_table)).mappings().one())
    row |= {"id": "X" * 26, "client_id": "type-00002", "media_type": "text/html"}
    store.write(lambda conn: conn.execute(insert(evidence_table), [row]))
    assert item.media_type == "application/pdf"
    headers = book.content(ACCEPTOR, "X" * 26, Rendition.ORIGINAL).headers
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"] == "attachment; filename*=UTF-8''file.bin"
