"""QR codes of objects (二维码) as SVG, and label sheets of A4 to be printed and stuck to the things."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any, Final

from cityops.registers import RegisterObject

LABELS_MAX: Final = 600
_QUIET: Final = 4
"""Modules of white around the code, as ISO/IEC 18004 asks."""
_STYLE: Final = """
@page { size: A4; margin: 10mm }
* { box-sizing: border-box }
body { font: 9pt/1.35 "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif;
  color: #000; margin: 0 auto; max-width: 190mm }
main { display: grid; grid-template-columns: repeat(3, 1fr); gap: 3mm }
figure { display: grid; grid-template-columns: 26mm 1fr; gap: 2mm; align-items: center; margin: 0; padding: 2mm;
  border: 0.2mm solid #999; break-inside: avoid; overflow-wrap: anywhere }
figcaption b { display: block; font-size: 10pt }
svg { width: 26mm; height: 26mm }
"""


def qr_svg(words: str) -> str:
    """A QR code (error correction M) as one SVG path, a unit a module."""
    from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel  # imported when first needed

    code: Any = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(words)
    code.make()
    count = code.getModuleCount()
    dark = (
        f"M{column + _QUIET} {row + _QUIET}h1v1h-1z"
        for row in range(count)
        for column in range(count)
        if code.isDark(row, column)
    )
    size = count + 2 * _QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path d="{"".join(dark)}"/></svg>'
    )


def object_link(public_url: str, object_id: str) -> str:
    """What an object's code opens: the field app at this object."""
    return f"{public_url.rstrip('/')}/field?object={object_id}"


def label_sheet(title: str, objects: Iterable[RegisterObject], public_url: str) -> str:
    """A print-ready page of labels: code, name, QR."""
    labels = "".join(_label(one, public_url) for one in objects)
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><main>{labels}</main></body></html>"
    )


def _label(one: RegisterObject, public_url: str) -> str:
    picture = qr_svg(object_link(public_url, one.id))
    return f"<figure>{picture}<figcaption><b>{escape(one.title)}</b>{escape(one.code)}</figcaption></figure>"
