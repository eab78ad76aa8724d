"""Catalogue (部件和事项目录), filing and closing conditions (立结案条件), routing (派遣规则)."""

from cityops.cases.catalogue.catalogue import NATIONAL, OLDER, Catalogue
from cityops.cases.catalogue.codes import ComponentId, MatterCode
from cityops.cases.catalogue.items import CatalogueItem, ItemKey, Kind, Standard
from cityops.cases.catalogue.search import CatalogueSearch

__all__ = [
    "NATIONAL",
    "OLDER",
    "Catalogue",
    "CatalogueItem",
    "CatalogueSearch",
    "ComponentId",
    "ItemKey",
    "Kind",
    "MatterCode",
    "Standard",
]
