"""Matter codes and component identifiers: written and read back, wrong ones named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.cases.catalogue import ComponentId, MatterCode
from cityops.kit import InvalidError

divisions = st.sampled_from(["140105", "110101", "330102", "659001", "140100"])
classes = st.integers(1, 99).map(lambda number: f"{number:02d}")
subclasses = st.one_of(st.integers(0, 999).map(lambda n: f"{n:03d}"), st.integers(0, 99).map(lambda n: f"{n:02d}"))


@given(divisions, classes, subclasses)
def test_a_matter_code_reads_back(division: str, class_code: str, subclass_code: str) -> None:
    code = MatterCode(division, class_code, subclass_code)
    assert len(str(code)) == (10 if code.older else 11)
    assert MatterCode.parse(str(code)) == code


@given(divisions, classes, subclasses, st.integers(1, 999_999))
def test_a_component_identifier_reads_back(division: str, class_code: str, subclass: str, sequence: int) -> None:
    component = ComponentId(division, class_code, subclass, sequence)
    assert len(str(component)) == (16 if component.older else 17)
    assert ComponentId.parse(str(component)) == component


@given(st.text(max_size=20).filter(lambda text: not 10 <= len("".join(text.split())) <= 17))
def test_another_length_is_refused_in_words(text: str) -> None:
    for parse in (MatterCode.parse, ComponentId.parse):
        with pytest.raises(InvalidError) as raised:
            parse(text)
        assert raised.value.text.zh
        assert raised.value.todo is not None


def test_the_parts_of_a_lamp_cover_in_xiaodian() -> None:
    component = ComponentId.parse("140105 01 006 000123")
    assert (component.division, component.code, component.sequence, component.older) == (
        "140105", "01006", 123, False,
    )  # fmt: skip
    older = ComponentId.parse("1401050106000123")
    assert (older.class_code, older.subclass_code, older.sequence, older.older) == ("01", "06", 123, True)
    assert MatterCode.parse("１４０１０５０６０１０").code == "06010"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1401050601", None),
        ("14010506010", None),
        ("140105060100", "code.matter"),
        ("1401050601x", "code.matter"),
        ("99010506010", "code.division"),
        ("", "code.matter"),
    ],
)
def test_matter_codes_that_people_type(text: str, code: str | None) -> None:
    if code is None:
        assert str(MatterCode.parse(text)) == text
        return
    with pytest.raises(InvalidError) as raised:
        MatterCode.parse(text)
    assert raised.value.code == code


def test_there_is_no_component_number_nought() -> None:
    with pytest.raises(InvalidError, match="1 to 999999"):
        ComponentId.parse("14010501006000000")
