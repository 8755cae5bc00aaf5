"""How the tests run: shape annotations of the torch wing are executed, threads are few, slow files are the first."""

from __future__ import annotations

import os

# The tests share small machines: one thread each, and no spinning between operators.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
if "PYTEST_XDIST_WORKER" in os.environ:  # one of several on this machine
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from jaxtyping import install_import_hook

_TORCH_WING = ["ops", "losses", "nn", "datasets", "models", "training", "recipes", "testing"]
_HOOK = install_import_hook([f"shapelift.{room}" for room in _TORCH_WING], "beartype.beartype")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow files first: at the end no worker is left alone with one."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
