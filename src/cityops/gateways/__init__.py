"""One folder a protocol (接入)."""
