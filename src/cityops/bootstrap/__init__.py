"""The composition root: the only room that reads settings and knows every other room."""

from cityops.bootstrap.data import backup, import_city, restore, users
from cityops.bootstrap.doctor import doctor
from cityops.bootstrap.gateway import gateway
from cityops.bootstrap.product import Product, product
from cityops.bootstrap.running import replay, run, simulate
from cityops.bootstrap.serving import openapi, serve

__all__ = [
    "Product",
    "backup",
    "doctor",
    "gateway",
    "import_city",
    "openapi",
    "product",
    "replay",
    "restore",
    "run",
    "serve",
    "simulate",
    "users",
]
