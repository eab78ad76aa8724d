"""The relational store of the installation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cityops.bootstrap.product import Product, exclusive
from cityops.store import Store


@contextmanager
def open_store(product: Product) -> Iterator[Store]:
    """The relational store at its newest schema; one process migrates while the others wait."""
    with Store.open(product.settings.store_url, clock=product.clock) as store:
        with exclusive(product.settings.data_dir / "migrate.lock", wait=True):
            store.migrate()
        yield store
