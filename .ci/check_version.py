"""Whether a version is that of the package everywhere, and has its heading in the changelog.

Run: python .ci/check_version.py [VERSION]    without VERSION the places are compared with each other only
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def stated() -> dict[str, str]:
    """Place -> the version that it states."""
    package = (ROOT / "src" / "shapelift" / "_version.py").read_text(encoding="utf-8")
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    return {
        "pyproject.toml": tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"],
        "src/shapelift/_version.py": "".join(re.findall(r'^__version__ = "(.+)"$', package, re.MULTILINE)),
        "CITATION.cff": "".join(re.findall(r"^version: (.+)$", citation, re.MULTILINE)),
    }


def main(arguments: list[str]) -> int:
    """Print what does not agree."""
    found = stated()
    wanted = arguments[0] if arguments else found["pyproject.toml"]
    wrong = [f"{place} states {version}, not {wanted}" for place, version in found.items() if version != wanted]
    if arguments and f"## [{wanted}]" not in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"):
        wrong.append(f"CHANGELOG.md has no heading for {wanted}")
    sys.stdout.write("".join(f"{line}\n" for line in wrong))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
