"""``cityops openapi``: the HTTP interface in words for machines."""

from __future__ import annotations

import argparse
import json

from cityops.api import openapi_document
from cityops.bootstrap.product import Product
from cityops.scenes import load_scenes, routers_of


def openapi(_: Product, __: argparse.Namespace) -> int:
    """Print the OpenAPI document."""
    print(json.dumps(openapi_document(routers_of(load_scenes().values())), ensure_ascii=False, indent=2))
    return 0
