"""Logs of every process of ours."""
