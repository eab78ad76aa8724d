"""Figures of boards (看板数字)."""

from cityops.analysis.figures.board import Figure, Figures, NewReported, Reported
from cityops.analysis.figures.declaration import FigureSpec, ReportedFigure

__all__ = ["Figure", "FigureSpec", "Figures", "NewReported", "Reported", "ReportedFigure"]
