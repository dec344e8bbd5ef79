"""Networks of our own: who reaches whom, and what is left of them afterwards."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.lab.hosts.namespace import NetworkError
from ivr.lab.hosts.network import Network, missing
from tests import needs

pytestmark = [pytest.mark.slow, pytest.mark.needs("iproute2", "nftables")]
KILLED = """
import os, signal, subprocess
from ivr.lab.hosts.network import Network
network = Network(["a"]).__enter__()
sleeps = subprocess.Popen([*network.within("a"), "sleep", "60"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(network.namespace("a"), sleeps.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    if os.geteuid() != 0:
        needs.not_run("root is needed for networks of our own")
    with Network(["a", "b", "c"]) as network:
        yield network


@pytest.fixture(autouse=True)
def _healed(network: Network) -> Iterator[None]:
    yield
    network.heal()


def reach(network: Network, source: str, target: str, packets: int = 1) -> int:
    """Send packets from node to node; returns how many came."""
    with network.udp_socket(source) as sender, network.udp_socket(target) as receiver:
        receiver.settimeout(0.3)
        came = 0
        for _ in range(packets):
            sender.sendto(b"x", receiver.getsockname())
        try:
            while came < packets:
                came += len(receiver.recv(10))
        except TimeoutError:
            pass
        return came


def pairs(network: Network) -> set[str]:
    """Who reaches whom, of two nodes."""
    return {f"{one}{two}" for one in "abc" for two in "abc" if one != two and reach(network, one, two)}


def test_each_node_reaches_each_other(network: Network) -> None:
    assert pairs(network) == {"ab", "ac", "ba", "bc", "ca", "cb"}


def test_a_node_that_is_cut_reaches_nobody_until_it_is_healed(network: Network) -> None:
    assert reach(network, "a", "b")
    network.cut("a")
    assert pairs(network) == {"bc", "cb"}
    network.heal("a")
    assert reach(network, "a", "b")


def test_two_nodes_can_be_cut_from_each_other(network: Network) -> None:
    pairs(network)
    network.cut("a", "b")
    assert pairs(network) == {"ac", "ca", "bc", "cb"}


def test_one_way_can_be_cut(network: Network) -> None:
    pairs(network)  # the nodes know each other's hardware address from here on
    network.cut("a", "b", one_way=True)
    assert pairs(network) == {"ac", "ca", "ba", "bc", "cb"}


def test_a_share_of_the_packets_can_be_lost(network: Network) -> None:
    reach(network, "a", "b")
    network.lose(0.3, "a", "b", one_way=True)
    assert 100 < reach(network, "a", "b", 200) < 175
    assert reach(network, "b", "a", 50) == 50


def test_a_node_has_a_network_of_its_own(network: Network) -> None:
    done = subprocess.run([*network.within("b"), "ip", "-o", "address"], capture_output=True, text=True, check=True)
    assert f"inet {network.address('b')}/24" in done.stdout
    assert {line.split()[1] for line in done.stdout.splitlines()} == {"lo", "eth0"}
    assert {path.name for path in Path("/sys/class/net").iterdir()}.isdisjoint({"bridge", "a", "b", "c"})


def test_two_networks_live_side_by_side(network: Network) -> None:
    with Network(["a", "b"]) as other:
        other.cut("a")
        assert not reach(other, "a", "b")
        assert reach(network, "a", "b")
    assert reach(network, "a", "b")


def test_nothing_is_left_of_a_network_even_after_a_failure() -> None:
    failed = Network(["a"])

    def fail() -> None:
        with failed:
            words = [*failed.within("a"), "sh", "-c", "echo it runs; exec sleep 60"]
            started.append(subprocess.Popen(words, stdout=subprocess.PIPE))
            assert started[0].stdout is not None
            started[0].stdout.readline()
            raise ZeroDivisionError

    started: list[subprocess.Popen[bytes]] = []
    with pytest.raises(ZeroDivisionError):
        fail()
    assert not failed.namespace("a").exists()
    started[0].communicate(timeout=10)
    assert started[0].returncode != 0


def test_what_a_killed_run_has_left_is_removed_by_the_next() -> None:
    words = [sys.executable, "-c", KILLED]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    place, sleeps = done.stdout.split()
    assert Path(place).exists()
    with Network(["a"]):
        assert not Path(place).exists()
        assert "sleep" not in command_line(int(sleeps))


def command_line(pid: int) -> str:
    try:
        return Path("/proc", str(pid), "cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def test_another_user_is_told_in_one_line_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    reason = missing()
    assert reason is not None
    assert "root is needed" in reason
    assert "\n" not in reason


@pytest.mark.parametrize("name", ["switch", "A", "", "a" * 13, "a b", "1"])
def test_a_name_that_cannot_be_a_nodes_is_refused(name: str) -> None:
    with pytest.raises(NetworkError, match="cannot name a node"):
        Network([name])


def test_a_socket_at_a_node_is_bound_there(network: Network) -> None:
    with network.udp_socket("c") as there:
        assert there.getsockname()[0] == network.address("c")
        assert there.type == socket.SOCK_DGRAM


@pytest.mark.parametrize("overtaking", [False, True])
def test_what_comes_over_a_slow_wire_is_all_there_and_in_order_unless_it_may_overtake(
    network: Network, overtaking: bool
) -> None:
    with (
        network.slow("a", 0.02, overtaking=overtaking),
        network.udp_socket("a") as sender,
        network.udp_socket("b") as receiver,
    ):
        receiver.settimeout(2)
        sent = [bytes([number]) for number in range(100)]
        for packet in sent:
            sender.sendto(packet, receiver.getsockname())
        came = [receiver.recv(10) for _ in sent]
    assert sorted(came) == sent
    assert (came == sent) is not overtaking
    assert reach(network, "a", "b")
