"""Conformance tests: conditions, their recordings, and receivers that are measured on them."""
