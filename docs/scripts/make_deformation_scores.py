"""Deformation models on held-out images, as approximations and as meshes: a table of docs/explanation/deformation.md.

Run: python docs/scripts/make_deformation_scores.py DATA NAME=MODEL ... [--limit 100] [--write]

DATA is a folder of `shapelift synthesize`, MODEL a model folder of the family `deform`. What is measured is the mesh as
it is predicted, before anything is done to it for printing.
"""

from __future__ import annotations

from pathlib import Path

from experiments.template_fit import Figures, figures, mean_figures
from make_deformation_pictures import PAGE, figures_table
from page_tools import command, named, put

from shapelift import Reconstructor
from shapelift.evaluation.dataset import read_entries, read_samples
from shapelift.geometry import Mesh

BEGIN, END = "<!-- scores: docs/scripts/make_deformation_scores.py -->\n", "<!-- end of scores -->\n"


def scores(model: Reconstructor, data: Path, split: str, limit: int | None) -> Figures:
    """Means over one image of every shape."""
    rows = []
    for sample in read_samples(read_entries(data, split, limit), model.card.result_frame):
        mesh = model.reconstruct(sample.rgba).representation
        if not isinstance(mesh, Mesh):
            raise SystemExit(f"{model.card.name} predicts no mesh; give models of the family deform")
        rows.append(figures(mesh, sample.surface))
    return mean_figures(rows)


def main() -> None:
    """Measure, print, and write the table into the page where asked to."""
    parser = command(__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("models", nargs="+", metavar="NAME=MODEL")
    parser.add_argument("--split", default="test")
    parser.add_argument("--limit", type=int, help="so many shapes; all by default")
    parser.add_argument("--write", action="store_true", help="put the table into the page")
    options = parser.parse_args()
    found: dict[str, Figures] = {}
    for name, path in named(options.models).items():
        found[name] = scores(Reconstructor.load(path), options.data, options.split, options.limit)
        print(name, found[name], flush=True)
    print(figures_table(found))
    if options.write:
        put(PAGE, BEGIN, f"{figures_table(found)}\n", END)


if __name__ == "__main__":
    main()
