"""Figures of boards (看板数字)."""

from cityops.analysis.figures.declaration import FigureSpec, ReportedFigure

__all__ = ["FigureSpec", "ReportedFigure"]
