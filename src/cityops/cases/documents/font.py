"""The Chinese font of a pdf: embedded where Debian's is installed, else named only.

Adobe's STSong-Light is a name (a CID font): the file carries no letters and a reader shows it with the Song font that
it has, or blanks where it has none. With ``fonts-wqy-zenhei`` on the machine that makes the document, the letters that
occur in it are in the file, and every reader shows the same. ReportLab cannot embed fonts with PostScript outlines
(Noto CJK), and shows ``fonts-arphic-uming`` with the punctuation of Taiwan.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import getRegisteredFontNames, registerFont
from reportlab.pdfbase.ttfonts import TTFont

NAMED: Final = "STSong-Light"
PLACES: Final = (Path("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc"),)
"""Where Debian puts a font that can be embedded."""


def font_file(places: Sequence[Path] = PLACES) -> Path | None:
    """The font that pdf documents carry, or ``None``: they only name one."""
    return next((path for path in places if path.is_file()), None)


def chinese_font(places: Sequence[Path] = PLACES) -> str:
    """The name of the font to set documents in, registered."""
    path = font_file(places)
    name = NAMED if path is None else path.stem
    if name not in getRegisteredFontNames():
        registerFont(UnicodeCIDFont(NAMED) if path is None else TTFont(name, str(path), subfontIndex=0))
    return name
