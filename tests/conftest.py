"""Shape annotations of the torch wing are executed in tests, and only there."""

from __future__ import annotations

import os

# The tests share small machines: one thread each, and no spinning between operators.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
if "PYTEST_XDIST_WORKER" in os.environ:  # one of several on this machine
    os.environ.setdefault("OMP_NUM_THREADS", "1")

from jaxtyping import install_import_hook

_TORCH_WING = ["ops", "losses", "nn", "datasets", "models", "training", "recipes", "testing"]
_HOOK = install_import_hook([f"shapelift.{room}" for room in _TORCH_WING], "beartype.beartype")
