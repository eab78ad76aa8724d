"""A small GeoReport v2 client in XML, written from the specification, over a real socket."""

from __future__ import annotations

import http.client
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from urllib.parse import urlencode

FORM = "application/x-www-form-urlencoded; charset=utf-8"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def xml(self) -> ElementTree.Element:
        assert self.headers["content-type"] == "text/xml; charset=utf-8"
        assert self.body.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
        return ElementTree.fromstring(self.body)

    def rows(self, name: str) -> list[dict[str, str | None]]:
        """The items of a list, each as its fields."""
        return [{field.tag: field.text for field in item} for item in self.xml.findall(name)]

    def errors(self) -> list[tuple[int, str]]:
        assert self.xml.tag == "errors"
        return [(int(row["code"] or 0), row["description"] or "") for row in self.rows("error")]


@dataclass(frozen=True)
class Client:
    port: int
    key: str = "a-long-random-key"

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=100)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, found, response.read())
        finally:
            connection.close()

    def get(self, path: str, **query: str) -> Reply:
        return self.request("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, fields: dict[str, str] | list[tuple[str, str]], form: str = "xml", **headers: str) -> Reply:
        pairs = list(fields.items()) if isinstance(fields, dict) else fields
        keyed = [("api_key", self.key), *pairs] if self.key else pairs
        body = urlencode(keyed).encode()
        return self.request("POST", f"/requests.{form}", body, {"Content-Type": FORM, **headers})

    def report(self, **fields: str) -> str:
        """The service_request_id of a new request for ice."""
        given = {"service_code": "ice", "lat": "37.87", "long": "112.55", **fields}
        (row,) = self.post(given).rows("request")
        assert row["service_request_id"]
        return row["service_request_id"]
