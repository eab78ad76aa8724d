"""The HTTP interface (接口)."""
