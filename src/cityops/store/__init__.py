"""The relational store (关系库)."""
