"""What a sender counts for Prometheus: each letter by its purpose, and nobody's name."""

from __future__ import annotations

from mail.letter import Purpose
from mail.sending import Happening, Kind, Metrics


def test_each_letter_is_counted_by_what_happened_and_what_it_was_for() -> None:
    metrics = Metrics()
    assert b'karipass_mail_letters_total{outcome="refused",purpose="notice"} 0.0' in metrics.page()
    metrics.happened(Happening(kind=Kind.TAKEN, purpose=Purpose.NOTICE, waited_s=1.5))
    metrics.happened(Happening(kind=Kind.REFUSED, purpose=Purpose.NOTICE, waited_s=0.5))
    metrics.happened(Happening(kind=Kind.EXPIRED, letters=3))
    page = metrics.page().decode()
    for line in (
        'karipass_mail_letters_total{outcome="taken",purpose="notice"} 1.0',
        'karipass_mail_letters_total{outcome="refused",purpose="notice"} 1.0',
        'karipass_mail_letters_total{outcome="expired",purpose="any"} 3.0',
        'karipass_mail_waited_seconds_sum{purpose="notice"} 1.5',
        'karipass_mail_waited_seconds_bucket{le="1.0",purpose="notice"} 0.0',
    ):
        assert line in page


def test_the_mail_server_is_asked_after_when_somebody_looks() -> None:
    metrics, up = Metrics(), [True]
    metrics.watch_server(lambda: up[0])
    assert b"karipass_mail_server_up 1.0" in metrics.page()
    up[0] = False
    assert b"karipass_mail_server_up 0.0" in metrics.page()
