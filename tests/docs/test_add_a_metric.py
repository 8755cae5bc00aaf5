"""docs/how-to/add_a_metric.md, followed to the letter on a copy of the package: one file and one line."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "add_a_metric.md").read_text(encoding="utf-8")
DRIVER = """
from pathlib import Path
from types import SimpleNamespace
from rich.console import Console
from shapelift import evaluation
from shapelift.geometry import UNIT_BOX, ImplicitField
from shapelift.meshing import mesh_field
from shapelift.testing import write_example_data

write_example_data(Path("data"), shapes=4, size_px=32)
ball = ImplicitField(lambda points: 0.5 - (points**2).sum(axis=1) ** 0.5, UNIT_BOX)
answer = SimpleNamespace(representation=ball, mesh=lambda resolution: mesh_field(ball, resolution=resolution))
card = SimpleNamespace(name="ball", version="1", family="none", frame="object")
model = SimpleNamespace(card=card, reconstruct=lambda image: answer)
found = evaluation.evaluate(model, "data", split="train", limit=1, baselines=False, resolution=32, points=2000)
evaluation.write_report(found, "report")
for table in evaluation.tables(evaluation.summarize(found)):
    Console(width=120).print(table)
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_metric_of_the_page_is_one_file_and_one_line(tmp_path: Path) -> None:
    source = tmp_path / "src"
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("shipped", "__pycache__"))
    (block,) = blocks("python")
    first, _, rest = block.partition("\n")
    path = tmp_path / first.removeprefix("# ")
    assert not path.exists()
    path.write_text(rest, encoding="utf-8")
    (block,) = blocks("diff")
    head, context, added = block.splitlines()
    path = tmp_path / head.removeprefix("--- ")
    text = path.read_text(encoding="utf-8")
    assert text.count(context[1:] + "\n") == 1
    path.write_text(text.replace(context[1:] + "\n", f"{context[1:]}\n{added[1:]}\n"), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(source)}
    call = [sys.executable, "-c", DRIVER]
    done = subprocess.run(call, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "P@2%" in done.stdout
    (group,) = json.loads((tmp_path / "report" / "scores.json").read_text())["groups"].values()
    model = group["methods"]["model"]["overall"]
    assert 0.0 < model["precision_2"]["mean"] < 1.0
    floor = group["methods"]["sampling_floor"]["overall"]
    assert floor["precision_2"] == floor["recall_2"]
    precision, recall = model["precision_2"]["mean"], model["recall_2"]["mean"]
    assert model["fscore_2"]["mean"] == pytest.approx(2.0 * precision * recall / (precision + recall))
    with (tmp_path / "report" / "objects.csv").open() as file:
        row = next(csv.DictReader(file))
    assert float(row["precision_2"]) == pytest.approx(precision)
    assert list(row).index("precision_2") == list(row).index("recall_2") + 1
