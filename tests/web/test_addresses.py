"""The client's address of a request that comes through proxies."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.limits.origin import origin_of
from web.addresses import client_address

PROXIES = [ip_network("10.0.0.0/8"), ip_network("192.0.2.7"), ip_network("fd00::/8")]
CLIENT, PROXY, FARTHER = "203.0.113.5", "10.0.0.1", "192.0.2.7"


@pytest.mark.parametrize(
    ("peer", "forwarded", "told"),
    [
        (CLIENT, [], CLIENT),
        (CLIENT, ["198.51.100.1"], CLIENT),  # not a proxy of ours: a client may write anything
        (PROXY, [], PROXY),
        (PROXY, [CLIENT], CLIENT),
        (PROXY, [f"{CLIENT}, {FARTHER}"], CLIENT),
        (PROXY, [CLIENT, FARTHER], CLIENT),
        (PROXY, [f"198.51.100.1, {CLIENT}"], CLIENT),  # what the client itself wrote
        (PROXY, [f"{FARTHER}, {CLIENT}"], CLIENT),
        (PROXY, ["10.9.9.9, 10.0.0.2"], "10.9.9.9"),  # a client in the proxies' own network
        (PROXY, ["unknown"], PROXY),
        (PROXY, [""], PROXY),
        (PROXY, [f"{CLIENT}, unknown"], PROXY),
        (PROXY, [f"{CLIENT}, not an address, {FARTHER}"], FARTHER),
        (PROXY, [f"{CLIENT}:51000"], CLIENT),
        (PROXY, ["[2001:db8::5]:443"], "2001:db8::5"),
        ("fd00::1", ["2001:DB8:0::5"], "2001:db8::5"),
        ("::ffff:10.0.0.1", ["::ffff:203.0.113.5"], CLIENT),
        ("", [CLIENT], ""),
        ("testclient", [CLIENT], "testclient"),
    ],
)
def test_the_last_address_that_is_none_of_a_trusted_proxy_is_the_clients(
    peer: str, forwarded: list[str], told: str
) -> None:
    assert client_address(peer, forwarded, PROXIES) == told


@given(st.text(), st.lists(st.text() | st.sampled_from([CLIENT, PROXY, ",", "::1"])))
def test_any_header_is_read_and_none_is_believed_without_trusted_proxies(peer: str, forwarded: list[str]) -> None:
    assert client_address(CLIENT, forwarded, PROXIES) == CLIENT
    assert client_address(PROXY, forwarded, []) == PROXY
    client_address(PROXY, forwarded, PROXIES)
    origin_of(peer)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("203.0.113.5", "203.0.113.6", False),
        ("203.0.113.5", "::ffff:203.0.113.5", True),
    ],
)
def test_an_ipv6_network_is_one_source_and_an_ipv4_address_too(one: str, other: str, same: bool) -> None:
    assert (origin_of(one) == origin_of(other)) is same
