"""The images, started by the compose file: a call, a login and a mail through them, and what they are not allowed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.callers.media import BRISK, duration_s
from tests.live.callers.phone import Caller, EndedBy, SippPhone
from tests.live.callers.subscribers import from_trunk, typed
from tests.live.containers.one_host import (
    ADDITIONAL,
    ADDRESS,
    CARRIER_HOST,
    CONTRACT,
    SERVICES,
    TRUNK_HOST,
    OneHost,
    one_host,
)
from tests.live.containers.podman import PACKAGES
from tests.live.house import new_password
from tests.live.notice.ringing_phone import Behaviour, RingingPhone
from tests.portal.visitor import Visitor, said

pytestmark = [pytest.mark.alone, pytest.mark.long, pytest.mark.needs(*PACKAGES)]

INSTALLED = """
import importlib.metadata as m, json
print(json.dumps({each.name: each.version for each in m.distributions()}))
"""
PACKAGE = "${Package} ${Version}\\n"
ACCESS_NUMBER = "0363044747"
PHONE_HOST = "127.0.0.6"
USERS = {"database": "10003:10003", "asterisk": "10002:10001"}
OURS = "10001:10001"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneHost]:
    with (
        RingingPhone(Behaviour(rings_after_s=0.2, then_after_s=1.0), PHONE_HOST) as phone,
        one_host(tmp_path_factory.mktemp("containers"), phone.address) as host,
    ):
        host.ivr("lines", "add", CONTRACT)
        host.ivr("lines", "add", ADDITIONAL, "--to", CONTRACT)
        yield host


def test_a_temporary_password_that_a_caller_sets_opens_the_settings_site(host: OneHost) -> None:
    password = new_password()
    presses = typed("1", password, password)
    trunk = SippPhone(exchange=("127.0.0.1", host.sip_port), access_number=ACCESS_NUMBER, host=TRUNK_HOST)
    result = trunk.call(from_trunk(CONTRACT), presses, hang_up_after_s=duration_s(presses, BRISK) + 6)
    assert (result.status, result.ended_by) == (200, EndedBy.PHONE), host.logs(["asterisk", "serve"])

    with Visitor(host.portal, follow_redirects=True) as browser:
        assert browser.log_in(CONTRACT, new_password()).status_code == 403
        answer = browser.log_in(CONTRACT, password)
        assert answer.status_code == 200
        assert "new password" in said(answer).lower()


def test_a_call_to_a_subscriber_is_mailed(host: OneHost) -> None:
    host.want_notices(ADDITIONAL)
    carrier = SippPhone(exchange=("127.0.0.1", host.sip_port), access_number=ADDITIONAL, host=CARRIER_HOST)
    result = carrier.call(Caller(number="0459876543"), hang_up_after_s=4.0)
    assert result.status == 200
    mail = host.mails.first(within_s=20)
    assert mail["To"] == ADDRESS
    assert "045-987-6543" in mail.get_content()


def test_no_container_can_more_than_it_needs(host: OneHost) -> None:
    for service in SERVICES:
        [container] = host.podman.inspected(host.container(service))
        limits = container["HostConfig"]
        assert container["Config"]["User"] == USERS.get(service, OURS), service
        assert limits["ReadonlyRootfs"] is True, service
        assert limits["Privileged"] is False, service
        assert container["EffectiveCaps"] in (None, []), service
        assert container["BoundingCaps"] in (None, []), service
        assert any("no-new-privileges" in option for option in limits["SecurityOpt"]), service
        assert container["State"]["Status"] == "running", service
        assert container["RestartCount"] == 0, service
        processes = host.podman.podman("exec", host.container(service), "cat", "/proc/1/status")
        fields = dict(line.split(":\t", 1) for line in processes.splitlines() if ":\t" in line)
        assert "0" not in fields["Uid"].split(), service
        assert {fields[name] for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb", "CapInh")} == {"0" * 16}, service
        assert fields["NoNewPrivs"] == "1", service


def test_no_secret_is_in_what_podman_tells_of_a_container(host: OneHost) -> None:
    secrets = host.secrets()
    assert len(secrets) == 5
    for service in (*SERVICES, "prepare"):
        told = host.podman.podman("inspect", host.container(service))
        told += host.podman.logs(host.container(service))
        assert not any(secret in told for secret in secrets), service


def test_the_bills_of_an_image_name_all_that_is_in_it(host: OneHost, tmp_path: Path) -> None:
    host.podman.bill("karipass", tmp_path)
    python, debian = (
        {part["name"]: part["version"] for part in json.loads(path.read_text(encoding="utf-8"))["components"]}
        for path in (tmp_path / "karipass.python.cdx.json", tmp_path / "karipass.debian.cdx.json")
    )
    installed = json.loads(host.podman.podman("exec", host.container("serve"), "python", "-c", INSTALLED))
    del installed["karipass"]  # it is what the bill is of
    assert python == installed
    packages = host.podman.podman("exec", host.container("serve"), "dpkg-query", "--show", "--showformat", PACKAGE)
    assert dict(line.split() for line in packages.splitlines()).items() <= debian.items()
