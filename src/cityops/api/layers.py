"""The base map's layers, encoded once."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass

import msgspec

from cityops.kit import NotFoundError
from cityops.places import LAYER_NAMES, City


@dataclass(frozen=True)
class Layer:
    """A GeoJSON feature collection as bytes, with its entity tag."""

    content: bytes
    etag: str


class Layers:
    """Encodes a layer when it is first asked for and keeps it: a city does not change while the product runs."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._lock = threading.Lock()
        self._encoded: dict[str, Layer] = {}

    def get(self, name: str) -> Layer:
        """The layer ``name``; ``NotFoundError`` for another name."""
        if name not in LAYER_NAMES:
            raise NotFoundError(f"没有图层 {name}。", f"There is no layer {name}.", code="map.no_layer")
        with self._lock:
            if name not in self._encoded:
                content = msgspec.json.encode(self._city.layer(name))
                etag = f'"{hashlib.sha256(content).hexdigest()[:24]}"'
                self._encoded[name] = Layer(content, etag)
            return self._encoded[name]
