"""Disputes (矛盾纠纷多元化解): three levels, mediation, residents' council and reception day. See README.md here."""

from cityops.scenes.disputes.entry import Disputes, scene

__all__ = ["Disputes", "scene"]
