"""Conformance tests: conditions, their recordings, and the receivers that are measured on them."""
