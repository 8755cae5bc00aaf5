"""docs/how-to/add_a_metric.md, followed to the letter on a copy of the package: one file and one line."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

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


def test_the_metric_of_the_page_is_one_file_and_one_line(tmp_path: Path, package_copy: Any) -> None:
    done = package_copy(tmp_path, PAGE).run(DRIVER)
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
