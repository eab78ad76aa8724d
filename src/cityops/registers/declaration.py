"""What a register is declared as (台账声明): fields, states, geometry, who reads and who writes.

Forms, tables, filters, xlsx sheets, map layers and checks of every register come from here; no register has code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from cityops.access import Role
from cityops.kit import Data, Name, Words, refusal

FieldKind = Literal[
    "text", "long_text", "integer", "number", "boolean", "date", "choice", "choices", "object", "phone", "web"
]
"""Kinds of fields. ``choices``: several of the options; ``object``: the code of an object of another register."""

Geometry = Literal["none", "point", "line", "area", "shape"]
"""What an object is on the map: ``shape`` is a line or an area. Beside it every object may have a point (lon, lat)."""

RESERVED: Final = frozenset(
    {"id", "code", "title", "unit", "unit_id", "supervisor", "supervisor_id", "area", "area_code", "lon", "lat"}
    | {"state", "version", "geometry", "created_ms", "updated_ms", "q", "page", "page_size", "register", "sort"}
)
"""Names that every object has already; no field may be called so."""

ARCHIVED: Final = "archived"
"""The state of an object that is no longer there; every register has it without declaring it."""


class FieldOption(Data):
    """One value of a choice."""

    value: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]{0,39}$")]
    title: Words


class RegisterField(Data):
    """A field of a register's objects.

    ``unit``: of a number, in words (米, 元, 人). ``listed``: a column of the table and of the phone's card; every field
    is on the object's page and in the sheet. ``filter``: the table can be narrowed by it. ``personal``: shown to those
    who may read contacts only, and erased after the register's retention. ``register``: where an ``object`` is found.
    ``not_before``: another date of the object; this one is the same day or later when both are there.
    """

    name: Name
    title: Words
    kind: FieldKind = "text"
    required: bool = False
    options: tuple[FieldOption, ...] = ()
    unit: Words | None = None
    least: float | None = None
    most: float | None = None
    register_name: Annotated[Name | None, Field(alias="register")] = None
    not_before: Name | None = None
    help: Words | None = None
    listed: bool = False
    filter: bool = False
    personal: bool = False

    @model_validator(mode="after")
    def _parts_fit_the_kind(self) -> Self:
        numeric = self.kind in ("integer", "number")
        if self.name in RESERVED:
            raise refusal(f"“{self.name}”是每个对象已有的名称", f"{self.name} is a name that every object has already")
        if (self.kind in ("choice", "choices")) != bool(self.options):
            raise refusal("选项属于且仅属于单选或多选", "options belong to a choice, and a choice needs them")
        if len({option.value for option in self.options}) != len(self.options):
            raise refusal("有两个选项的值相同", "two options have the same value")
        if (self.kind == "object") != (self.register_name is not None):
            raise refusal(
                "register 属于且仅属于 object 字段", "register belongs to an object field, and an object field needs it"
            )
        if not numeric and (self.unit, self.least, self.most) != (None, None, None):
            raise refusal("unit、least、most 只属于数值", "unit, least and most belong to a number")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise refusal("least 大于 most", "least is over most")
        if self.not_before is not None and self.kind != "date":
            raise refusal("not_before 只属于日期", "not_before belongs to a date")
        if self.filter and self.kind not in ("choice", "choices", "boolean", "object"):
            raise refusal(
                "只有单选、多选、布尔和对象字段可筛选", "a table is narrowed by choices, booleans and objects"
            )
        return self


class RegisterState(Data):
    """A state of an object.

    ``tone``: how it is shown. ``idle``: nothing is inspected while it lasts (停用、放假). ``next``: the states that may
    follow it (left out: any; an empty list: none); ``archived`` always may. ``needs``: fields filled in while it
    lasts.
    """

    title: Words
    tone: Literal["good", "warning", "bad", "neutral"] = "neutral"
    idle: bool = False
    next: tuple[Name, ...] | None = None
    needs: tuple[Name, ...] = ()


_ACTIVE: Final = {"active": RegisterState(title=Words(zh="在用", en="In use"), tone="good")}
_ARCHIVED: Final = RegisterState(title=Words(zh="已注销", en="Archived"), idle=True)


class RegisterSpec(Data):
    """A register (台账): typed objects with a code, a title, a unit that answers for them, a place and a state.

    Args:
        code_title: what the code is called (编号、许可证号、车牌).
        code_pattern: regular expression that a code matches as a whole.
        geometry: what the objects are on the map.
        fields: what this register adds.
        states: besides ``archived``; the first is that of a new object.
        read, write: roles; a role that writes reads too.
        scope: ``own``: people of units see what their unit answers for (主体责任) or supervises (监管), districts what
            lies in their areas; ``city``: everybody who reads sees all.
        private: not in the generic lists and pages: no free search (vehicles and their plates).
        restricted: the roles named and nobody else, not even who keeps all registers (only a programme's own people).
        retention_days: personal fields of an archived object are erased after so many days.
        layer: shown on the map as a layer of its own.
    """

    name: Name
    title: Words
    description: Words | None = None
    code_title: Words = Words(zh="编号", en="Code")
    title_title: Words = Words(zh="名称", en="Name")
    code_pattern: str | None = None
    geometry: Geometry = "point"
    fields: tuple[RegisterField, ...] = ()
    states: Annotated[dict[Name, RegisterState], Field(min_length=1)] = Field(default_factory=lambda: dict(_ACTIVE))
    read: tuple[Role, ...] = ()
    write: tuple[Role, ...] = ()
    scope: Literal["own", "city"] = "own"
    private: bool = False
    restricted: bool = False
    retention_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    layer: bool = False

    @model_validator(mode="after")
    def _sound(self) -> Self:
        names = [field.name for field in self.fields]
        if len(set(names)) != len(names):
            raise refusal("有两个字段同名", "two fields have the same name")
        if ARCHIVED in self.states:
            raise refusal(f"状态 {ARCHIVED} 无需声明", f"the state {ARCHIVED} is there without being declared")
        if any(field.personal for field in self.fields) != (self.retention_days is not None):
            raise refusal(
                "有个人信息字段才需要、也必须有 retention_days",
                "personal fields need retention_days, and nothing else does",
            )
        self._known_names()
        return self

    def _known_names(self) -> None:
        dates = {field.name for field in self.fields if field.kind == "date"}
        for field in self.fields:
            if field.not_before is not None and field.not_before not in dates - {field.name}:
                raise refusal(
                    f"“{field.name}”不早于的“{field.not_before}”不是另一日期字段",
                    f"{field.not_before}, which {field.name} is not before, is no other date field",
                )
        for name, state in self.states.items():
            for wanted in set(state.next or ()) - set(self.states):
                raise refusal(
                    f"状态“{name}”之后的“{wanted}”没有声明", f"{wanted}, which may follow {name}, is no state"
                )
            for wanted in state.needs:
                if self.field(wanted) is None:
                    raise refusal(f"状态“{name}”所需的“{wanted}”不是字段", f"{wanted}, which {name} needs, is no field")

    @property
    def initial(self) -> str:
        """The state of a new object."""
        return next(iter(self.states))

    @property
    def all_states(self) -> Mapping[str, RegisterState]:
        """The declared states and ``archived``."""
        return {**self.states, ARCHIVED: _ARCHIVED}

    def field(self, name: str) -> RegisterField | None:
        """The field of this name, or ``None``."""
        return next((field for field in self.fields if field.name == name), None)

    def may_follow(self, before: str, after: str) -> bool:
        """Whether an object may go from one state to the other; staying is no step."""
        state = self.states.get(before)
        return after in (before, ARCHIVED) or state is None or state.next is None or after in state.next

    def may_read(self, role: Role) -> bool:
        """Whether somebody of this role reads the register at all; which objects, the scope decides."""
        return role in self.read or role in self.write

    def may_write(self, role: Role) -> bool:
        """Whether somebody of this role writes it."""
        return role in self.write


class Condition(Data):
    """A condition on an object: its ``state`` or one of its fields, by value or by bounds (both included)."""

    field: Name
    any_of: tuple[str | bool, ...] = ()
    least: float | None = None
    most: float | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if bool(self.any_of) == (self.least is not None or self.most is not None):
            raise refusal("条件写 any_of，或写 least、most", "a condition has any_of, or least and most")
        return self

    def holds(self, state: str, data: Mapping[str, Any]) -> bool:
        """Whether it holds for an object; a missing value fulfils none, 0 is not ``false``."""
        value = state if self.field == "state" else data.get(self.field)
        if self.any_of:
            given = value if isinstance(value, list) else [value]
            return any(one == wanted and type(one) is type(wanted) for one in given for wanted in self.any_of)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


def unknown_fields(conditions: Iterable[Condition], register: RegisterSpec) -> list[str]:
    """Fields that conditions name and the register does not have."""
    return [one.field for one in conditions if one.field != "state" and register.field(one.field) is None]
