"""Codes of public registers: unified social credit code, administrative division, vehicle plate."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from cityops.kit.errors import InvalidError, Text

_CREDIT_LETTERS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))
_ORGANISATION_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)


def _tidy(text: str) -> str:
    """Half-width capital letters without spaces: what people type and paste, brought to one form."""
    return "".join(unicodedata.normalize("NFKC", text).upper().split())


def _invalid(what_zh: str, what_en: str, code: str, todo: Text) -> InvalidError:
    kept = Text("未保存任何内容。", "Nothing was stored.")
    return InvalidError(what_zh, what_en, code=code, kept=kept, todo=todo)


def organisation_check_digit(body: str) -> str:
    """Check digit of an organisation code (GB 11714): weights 3 7 9 10 5 8 4 2, complement to 11; 10 is ``X``.

    Args:
        body: the eight characters before the check digit, digits and capital letters.

    Raises:
        ValueError: the body is not eight such characters.
    """
    if len(body) != 8:
        raise ValueError("an organisation code has eight characters before its check digit")
    total = sum(
        _ORGANISATION_LETTERS.index(letter) * weight for letter, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True)
    )
    return "0123456789X"[(11 - total % 11) % 11]


def credit_check_digit(body: str) -> str:
    """Check digit of a unified social credit code (GB 32100-2015): weights 3^n mod 31, complement to 31.

    Args:
        body: the 17 characters before the check digit, of the standard's 31 (no I, O, S, V, Z).

    Raises:
        ValueError: the body is not 17 such characters.
    """
    if len(body) != 17:
        raise ValueError("a credit code has 17 characters before its check digit")
    total = sum(_CREDIT_LETTERS.index(letter) * weight for letter, weight in zip(body, _CREDIT_WEIGHTS, strict=True))
    return _CREDIT_LETTERS[(31 - total % 31) % 31]


@dataclass(frozen=True, slots=True)
class CreditCode:
    """Unified social credit code (统一社会信用代码, GB 32100-2015): 18 characters, two of them check digits."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The code in ``text``; spaces, full-width and small letters are forgiven.

        Raises:
            InvalidError: ``code.credit``: wrong length or letters, or one of the two check digits does not fit.
        """
        tidy = _tidy(text)
        todo = Text("请对照营业执照核对后重新输入。", "Compare it with the business licence and enter it again.")
        if len(tidy) != 18 or any(letter not in _CREDIT_LETTERS for letter in tidy):
            raise _invalid(
                f"统一社会信用代码应为 18 位数字或大写字母（不含 I、O、S、V、Z）：{text!r}",
                f"a unified social credit code has 18 digits or capital letters (no I, O, S, V, Z): {text!r}",
                "code.credit",
                todo,
            )
        if organisation_check_digit(tidy[8:16]) != tidy[16]:
            raise _invalid(
                f"第 17 位（主体标识码校验位）不符：{tidy}",
                f"character 17, the check digit of the organisation part, does not fit: {tidy}",
                "code.credit",
                todo,
            )
        if credit_check_digit(tidy[:17]) != tidy[17]:
            raise _invalid(
                f"第 18 位（校验码）不符：{tidy}",
                f"character 18, the check digit, does not fit: {tidy}",
                "code.credit",
                todo,
            )
        return cls(tidy)

    @property
    def division(self) -> str:
        """The six digits of the division that registered the unit (登记管理机关行政区划码); may be out of use today."""
        return self.text[2:8]

    @property
    def organisation(self) -> str:
        """The nine characters of the organisation (主体标识码)."""
        return self.text[8:17]

    def __str__(self) -> str:
        return self.text


class DivisionLevel(StrEnum):
    """Level of a division (行政区划级别); GB/T 2260 has codes for the first three."""

    PROVINCE = "province"
    """省级."""
    CITY = "city"
    """地级."""
    DISTRICT = "district"
    """县级: 区、县、县级市."""
    STREET = "street"
    """乡级: 街道、镇、乡."""
    COMMUNITY = "community"
    """社区、村."""


_PROVINCES: Final = {
    "11": "北京市",
    "12": "天津市",
    "13": "河北省",
    "14": "山西省",
    "15": "内蒙古自治区",
    "21": "辽宁省",
    "22": "吉林省",
    "23": "黑龙江省",
    "31": "上海市",
    "32": "江苏省",
    "33": "浙江省",
    "34": "安徽省",
    "35": "福建省",
    "36": "江西省",
    "37": "山东省",
    "41": "河南省",
    "42": "湖北省",
    "43": "湖南省",
    "44": "广东省",
    "45": "广西壮族自治区",
    "46": "海南省",
    "50": "重庆市",
    "51": "四川省",
    "52": "贵州省",
    "53": "云南省",
    "54": "西藏自治区",
    "61": "陕西省",
    "62": "甘肃省",
    "63": "青海省",
    "64": "宁夏回族自治区",
    "65": "新疆维吾尔自治区",
    "71": "台湾省",
    "81": "香港特别行政区",
    "82": "澳门特别行政区",
}


@dataclass(frozen=True, slots=True)
class DivisionCode:
    """Administrative division code (行政区划代码, GB/T 2260): two digits each for province, city and county."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The code in ``text``. Checks the form and the province, not whether the county exists today.

        Raises:
            InvalidError: ``code.division``: not six digits, no such province, or a county without its city.
        """
        tidy = _tidy(text)
        form = re.fullmatch(r"[0-9]{6}", tidy)
        if form is None or tidy[:2] not in _PROVINCES or (tidy[2:4] == "00" and tidy[4:] != "00"):
            raise _invalid(
                f"行政区划代码应为 6 位数字，前两位是省级代码：{text!r}",
                f"a division code has six digits and begins with a province: {text!r}",
                "code.division",
                Text(
                    "请使用 GB/T 2260 的代码，例如太原市 140100。",
                    "Use a GB/T 2260 code, for example 140100 for Taiyuan.",
                ),
            )
        return cls(tidy)

    @property
    def level(self) -> DivisionLevel:
        """Province, city or district, by the zeros at the end."""
        if self.text.endswith("0000"):
            return DivisionLevel.PROVINCE
        return DivisionLevel.CITY if self.text.endswith("00") else DivisionLevel.DISTRICT

    @property
    def parent(self) -> DivisionCode | None:
        """The division one level up; None for a province."""
        if self.level is DivisionLevel.PROVINCE:
            return None
        return DivisionCode(self.text[:4] + "00" if self.level is DivisionLevel.DISTRICT else self.text[:2] + "0000")

    @property
    def province_name(self) -> str:
        """Name of the province, in Chinese."""
        return _PROVINCES[self.text[:2]]

    def contains(self, other: str) -> bool:
        """Whether ``other``, a division code or a longer street, community or grid code, lies in this division."""
        significant = {DivisionLevel.PROVINCE: 2, DivisionLevel.CITY: 4, DivisionLevel.DISTRICT: 6}[self.level]
        return other[:significant] == self.text[:significant]

    def __str__(self) -> str:
        return self.text


class PlateKind(StrEnum):
    """Kind of plate, as far as its letters tell (号牌种类)."""

    ORDINARY = "ordinary"
    """普通号牌: province, letter and five characters."""
    NEW_ENERGY_SMALL = "new_energy_small"
    """小型新能源: D or F, a letter or digit, four digits."""
    NEW_ENERGY_LARGE = "new_energy_large"
    """大型新能源: five digits, then D or F."""
    SUFFIXED = "suffixed"
    """学 (driving school), 警 (police), 挂 (trailer), 港, 澳, 领 (consulate)."""
    EMBASSY = "embassy"
    """使馆: six digits and 使."""


_PROVINCE_CHARACTERS: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_HEAD: Final = f"[{_PROVINCE_CHARACTERS}][A-HJ-NP-Z]"
_ANY: Final = "[A-HJ-NP-Z0-9]"
_PLATE_FORMS: Final = (
    (PlateKind.NEW_ENERGY_SMALL, re.compile(f"{_HEAD}[A-HJK]{_ANY}[0-9]{{4}}")),
    (PlateKind.NEW_ENERGY_LARGE, re.compile(f"{_HEAD}[0-9]{{5}}[A-HJK]")),
    (PlateKind.ORDINARY, re.compile(f"{_HEAD}{_ANY}{{5}}")),
    (PlateKind.SUFFIXED, re.compile(f"{_HEAD}{_ANY}{{4}}[学警挂港澳领]")),
    (PlateKind.EMBASSY, re.compile("[0-9]{6}使")),
)
_SEPARATORS: Final = re.compile(r"[\s·•・.\-_]")


@dataclass(frozen=True, slots=True)
class Plate:
    """A vehicle's number plate (车牌号), in one form: no separators, capital half-width letters."""

    text: str
    kind: PlateKind

    @classmethod
    def parse(cls, text: str) -> Self:
        """The plate in ``text``; separators, spaces, full-width and small letters are forgiven, I and O are not.

        Raises:
            InvalidError: ``code.plate``: no known form.
        """
        tidy = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text).upper())
        if re.fullmatch("使[0-9]{6}", tidy):
            tidy = tidy[1:] + "使"
        for kind, form in _PLATE_FORMS:
            if form.fullmatch(tidy):
                return cls(tidy, kind)
        raise _invalid(
            f"不是已知的车牌号格式：{text!r}",
            f"not a known form of number plate: {text!r}",
            "code.plate",
            Text(
                "格式为省份简称、字母和 5 位（新能源 6 位),不含字母 I、O,例如晋A12345。",
                "Write province, letter and 5 characters (6 for new energy) without I or O, for example 晋A12345.",
            ),
        )

    @property
    def province(self) -> str:
        """The character of the province (省份简称), or 使 on an embassy's plate."""
        return "使" if self.kind is PlateKind.EMBASSY else self.text[0]

    @property
    def new_energy(self) -> bool:
        """Whether this is a new-energy plate (新能源号牌)."""
        return self.kind in (PlateKind.NEW_ENERGY_SMALL, PlateKind.NEW_ENERGY_LARGE)

    @property
    def later_letter(self) -> bool:
        """A new-energy plate with a letter of the later series (A–C, E, G–K): valid, but worth a second look."""
        if not self.new_energy:
            return False
        return self.text[2 if self.kind is PlateKind.NEW_ENERGY_SMALL else -1] not in "DF"

    def masked(self) -> str:
        """The plate for people who may not read it: ``晋A·***12``; all but the last two characters starred."""
        head, serial = ("", self.text) if self.kind is PlateKind.EMBASSY else (self.text[:2] + "·", self.text[2:])
        return f"{head}{'*' * (len(serial) - 2)}{serial[-2:]}"

    def __str__(self) -> str:
        return self.text
