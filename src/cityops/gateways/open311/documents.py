"""Documents of GeoReport v2 (文档): one tree of plain values, written as XML or as JSON.

A tree is a dict (fields in order), a list (``(item name, items)``), or a leaf: str, bool, int, float, None. XML wraps
list items in their name; JSON leaves the names of wrappers away (the Spark convention).
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from cityops.cases.reports import Attribute, PublicReport, Receipt, ReportUpdate, Service
from cityops.gateways.open311.service import SPECIFICATION, Open311Settings
from cityops.kit import from_ms

MEDIA_TYPES: Final = {"xml": "text/xml; charset=utf-8", "json": "application/json; charset=utf-8"}
_ILLEGAL: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Items:
    """A list whose elements are called ``name`` in XML."""

    name: str
    items: Sequence[Node]


Node: TypeAlias = "dict[str, Node] | Items | str | bool | int | float | None"


def write(root: str, node: Node, form: str) -> bytes:
    """The document in UTF-8; ``root`` names the outermost element of XML."""
    if form == "json":
        return json.dumps(_plain(node), ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    element = ElementTree.Element(root)
    _fill(element, node)
    body = ElementTree.tostring(element, encoding="unicode")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + body.encode()


def moment(at_ms: int | None) -> str | None:
    """W3C date and time with its zone, to the second: ``2026-11-22T09:00:00+08:00``."""
    return None if at_ms is None else from_ms(at_ms).isoformat(timespec="seconds")


def errors(faults: Sequence[tuple[int, str]]) -> Node:
    """The array of errors: code and description of each."""
    return Items("error", [{"code": code, "description": words} for code, words in faults])


def discovery(settings: Open311Settings) -> Node:
    """The service discovery file: where which API is spoken in which formats."""
    formats: list[Node] = ["text/xml", "application/json"]
    endpoint: dict[str, Node] = {
        "specification": SPECIFICATION,
        "url": settings.url,
        "changeset": settings.changed_at,
        "type": "production" if settings.production else "test",
        "formats": Items("format", formats),
    }
    return {
        "changeset": settings.changed_at,
        "contact": settings.contact,
        "key_service": settings.key_service,
        "endpoints": Items("endpoint", [endpoint]),
    }


def services(found: Sequence[Service]) -> Node:
    """The list of services."""
    return Items(
        "service",
        [
            {
                "service_code": service.code,
                "service_name": service.name,
                "description": service.description,
                "metadata": bool(service.attributes),
                "type": service.type.value,
                "keywords": ", ".join(service.keywords),
                "group": service.group,
            }
            for service in found
        ],
    )


def definition(service: Service) -> Node:
    """The attributes of a service."""
    attributes = [_attribute(order, attribute) for order, attribute in enumerate(service.attributes, start=1)]
    return {"service_code": service.code, "attributes": Items("attribute", attributes)}


def receipt(given: Receipt) -> Node:
    """The answer to a new request: its number or its token, never both. The follow-up code stands in the notice."""
    number: dict[str, Node] = {}
    if given.report_id is not None:
        number = {"service_request_id": given.report_id}
    elif given.token is not None:
        number = {"token": given.token}
    code = f"查询码 / follow-up code: {given.code}" if given.code else ""
    notice = " ".join(part for part in (given.notice, code) if part)
    return Items("request", [{**number, "service_notice": notice, "account_id": None}])


def token(report_id: str, given: str) -> Node:
    """The number behind a token."""
    return Items("request", [{"service_request_id": report_id, "token": given}])


def requests(found: Sequence[PublicReport]) -> Node:
    """Requests as everybody may see them."""
    return Items(
        "request",
        [
            {
                "service_request_id": report.id,
                "status": report.status.value,
                "status_notes": report.status_notes,
                "service_name": report.service_name,
                "service_code": report.service_code,
                "description": report.description,
                "agency_responsible": report.agency,
                "service_notice": report.service_notice,
                "requested_datetime": moment(report.requested_ms),
                "updated_datetime": moment(report.updated_ms),
                "expected_datetime": moment(report.expected_ms),
                "address": report.address,
                "address_id": report.address_id,
                "zipcode": None,
                "lat": report.lat,
                "long": report.lon,
                "media_url": report.media_url,
            }
            for report in found
        ],
    )


def updates(found: Sequence[ReportUpdate]) -> Node:
    """Updates of requests, as FixMyStreet reads them."""
    return Items(
        "request_update",
        [
            {
                "update_id": update.id,
                "service_request_id": update.report_id,
                "status": update.status.value,
                "updated_datetime": moment(update.at_ms),
                "description": update.text,
                "media_url": None,
            }
            for update in found
        ],
    )


def said(update_id: str) -> Node:
    """The answer to words of a sender: the id of the update."""
    return Items("request_update", [{"update_id": update_id}])


def _attribute(order: int, attribute: Attribute) -> Node:
    fields: dict[str, Node] = {
        "variable": attribute.variable,
        "code": attribute.code,
        "datatype": attribute.datatype.value,
        "required": attribute.required,
        "datatype_description": attribute.datatype_description or None,
        "order": order,
        "description": attribute.description,
    }
    if attribute.choices:
        fields["values"] = Items("value", [{"key": one.key, "name": one.name} for one in attribute.choices])
    return fields


def _plain(node: Node) -> object:
    if isinstance(node, Items):
        return [_plain(item) for item in node.items]
    if isinstance(node, dict):
        return {name: _plain(value) for name, value in node.items()}
    return node


def _fill(element: ElementTree.Element, node: Node) -> None:
    if isinstance(node, Items):
        for item in node.items:
            _fill(ElementTree.SubElement(element, node.name), item)
    elif isinstance(node, dict):
        for name, value in node.items():
            _fill(ElementTree.SubElement(element, name), value)
    elif node is not None:
        words = str(node).lower() if isinstance(node, bool) else str(node)
        element.text = _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", words)
