"""Figures that are easy to compute with."""

from __future__ import annotations

from ivr.lab.sizing.figures import CallFigures, Figures, LoginFigures, NoticeFigures, TrailFigures

FIGURES = Figures(
    processors=2,
    memory_mib=8192.0,
    version="0.1.0",
    measured_at="2026-12-01",
    calls=CallFigures(
        carried=200,
        gave_way="clock",
        steady=100,
        lasts_s=40.0,
        exchange=0.002,
        service=0.002,
        database=0.0005,
        callers=0.0005,
        exchange_mib=80.0,
        service_mib=340.0,
    ),
    logins=LoginFigures(counted=300, each_second=15.0, site=0.05, database=0.005),
    notices=NoticeFigures(counted=1500, each_second=60.0, reader=0.004, sender=0.002, database=0.005),
    trail=TrailFigures(counted=9000, each_second=1000.0),
)
"""A host can use 200 x 0.005 = 1.0 of its processors."""
