"""Print how much of the package the tests run through, from the `.coverage` that pytest-cov left here.

Run: python .ci/coverage_report.py [LOW]    files with less than LOW percent (70) are listed
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import coverage

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str]) -> None:
    """Print the total and what is low."""
    low = float(arguments[0]) if arguments else 70.0
    measured = coverage.Coverage(data_file=ROOT / ".coverage", config_file=ROOT / "pyproject.toml")
    measured.load()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "coverage.json"
        total = measured.json_report(outfile=str(file))
        files = json.loads(file.read_text(encoding="utf-8"))["files"]
    shares = sorted((entry["summary"]["percent_covered"], name) for name, entry in files.items())
    sys.stdout.write(f"tests run through {total:.1f} % of the lines of {len(shares)} files\n")
    sys.stdout.write("".join(f"{share:5.1f} %  {name}\n" for share, name in shares if share < low))


if __name__ == "__main__":
    main(sys.argv[1:])
