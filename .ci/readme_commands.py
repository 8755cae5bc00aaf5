"""Print the commands that README.md marks for CI, one a line.

A marked command is the fenced block that follows the line `<!-- ci -->`; its lines are joined with `&&`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

text = Path(sys.argv[1]).read_text(encoding="utf-8")
for block in re.findall(r"<!-- ci -->\s*```(?:bash|sh|console)?\n(.*?)```", text, re.DOTALL):
    lines = [line.strip() for line in block.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    sys.stdout.write(" && ".join(lines) + "\n")
