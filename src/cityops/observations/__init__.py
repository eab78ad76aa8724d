"""Streams, durable log, history, latest state, devices (感知数据)."""
