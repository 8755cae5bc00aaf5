"""The scripts in docs/scripts can be imported, as they import each other when they run."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "docs" / "scripts"))
