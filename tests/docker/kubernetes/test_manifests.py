"""The manifests for Kubernetes: their form, and that containers may no more than they need."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ivr.host.settings import Settings
from tests.repository import ROOT

MANIFESTS = ROOT / "docker" / "kubernetes"
FILES = sorted(path.name for path in MANIFESTS.glob("*.yaml"))
OLDEST_VERSION = "1.33"


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name each workload, with what its pods are."""
    for name in FILES:
        for document in yaml.safe_load_all((MANIFESTS / name).read_text(encoding="utf-8")):
            if document["kind"] in ("Deployment", "DaemonSet"):
                yield document["metadata"]["name"], document["spec"]["template"]["spec"]


PODS = dict(pods())


@pytest.mark.parametrize("name", FILES)
def test_kubernetes_knows_every_field(name: str) -> None:
    program = Path(sys.executable).with_name("kubernetes-validate")
    words = [str(program), "-k", OLDEST_VERSION, "--strict", str(MANIFESTS / name)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", PODS)
def test_each_container_is_fenced_in(name: str) -> None:
    pod = PODS[name]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert pod.get("hostNetwork", False) is (name == "calls")
    for container in [*pod["containers"], *pod.get("initContainers", [])]:
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}


@pytest.mark.parametrize("name", PODS)
def test_each_container_that_goes_on_is_watched(name: str) -> None:
    for container in PODS[name]["containers"]:
        assert {"startupProbe", "livenessProbe"} <= container.keys()


def test_a_pod_of_calls_may_let_them_end() -> None:
    assert PODS["calls"]["terminationGracePeriodSeconds"] > Settings.model_fields["stop_s"].default


def test_no_secret_is_in_a_manifest() -> None:
    for name in FILES:
        text = (MANIFESTS / name).read_text(encoding="utf-8")
        assert not any(
            word in text for word in ("_SECRET:", "_PASSWORD", "DATABASE_URL", "KARIPASS_KEY", "kind: Secret")
        )
