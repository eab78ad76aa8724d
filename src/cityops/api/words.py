"""The user's words for fields and for what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cityops.kit import Text

_FIELDS: Final[Mapping[str, Text]] = {
    "username": Text("用户名", "user name"),
    "password": Text("密码", "password"),
    "display_name": Text("姓名", "name"),
    "role": Text("角色", "role"),
    "reason": Text("原因", "reason"),
    "lon": Text("经度", "longitude"),
    "lat": Text("纬度", "latitude"),
    "from": Text("开始时间", "from"),
    "to": Text("结束时间", "to"),
    "from_at": Text("开始时间", "from"),
    "to_at": Text("结束时间", "to"),
    "plate": Text("车牌号码", "plate"),
    "vehicle_class": Text("车辆类别", "vehicle class"),
    "unit_id": Text("单位", "unit"),
    "purpose": Text("查询目的", "purpose"),
    "case_id": Text("案件", "case"),
    "version": Text("版本", "version"),
    "comment": Text("意见", "comment"),
    "form": Text("表单", "form"),
    "on": Text("上班", "on shift"),
    "page": Text("页码", "page"),
    "page_size": Text("每页条数", "page size"),
    "state": Text("状态", "state"),
    "severity": Text("等级", "severity"),
    "q": Text("查询词", "search words"),
    "body": Text("请求内容", "request body"),
    "area_codes": Text("辖区", "areas"),
    "coordinate_system": Text("坐标系", "coordinate system"),
}


def field_title(name: str) -> Text:
    """A field's title; its own name where the product has no better word."""
    return _FIELDS.get(name.rsplit(".", 1)[-1], Text(name, name))
