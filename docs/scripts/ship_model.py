"""Put a trained, exported model into the package, with its scores, attributions and limits on the card.

Run: python docs/scripts/ship_model.py RUN/model NAME [--scores evaluation/scores.json] [--notes docs/shipped/NAME.toml]

RUN/model is what `shapelift train` wrote, scores.json what `shapelift evaluate` wrote; without it the scores stay that
training entered. What the run cannot know stands in the notes, one file per shipped model:

    limits = ["It has seen {shapes} shapes ..."]    # sentences; {field} stands for a field of `training` on the card
    version = "2"                                   # of the model; that of the run by default
    machine = "on a laptop"                         # where it was trained, for its page
    [attribution]
    "name of a data source" = "what its licence asks for"

Afterwards: docs/scripts/make_results.py and docs/scripts/make_model_page.py.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from page_tools import NOTES, command

from shapelift.errors import InputError
from shapelift.evaluation import for_card
from shapelift.inference import ModelCard, model_folder, open_model, write_card
from shapelift.inference.representations import REPRESENTATIONS

CONFIG_NAME = "config.json"


@dataclass(frozen=True)
class Notes:
    """What a card or a page says that no run knows; see above."""

    limits: tuple[str, ...] = ()
    version: str | None = None
    machine: str = ""
    attribution: Mapping[str, str] = field(default_factory=dict)

    def enter(self, card: ModelCard) -> ModelCard:
        """The card with limits, version and attributions.

        Raises:
            InputError: an attribution for a source that the card does not have, or a limit with an unknown field.
        """
        unknown = sorted(self.attribution.keys() - {source.name for source in card.data})
        if unknown:
            raise InputError(f"attribution: the model was not trained on {', '.join(unknown)}; check the name")
        try:
            limits = tuple(limit.format_map(card.training) for limit in self.limits)
        except (KeyError, ValueError, IndexError) as error:
            raise InputError(f"limits: {error} is no field of training on the card; check the braces") from error
        data = tuple(
            dataclasses.replace(source, note=self.attribution.get(source.name, source.note)) for source in card.data
        )
        return dataclasses.replace(card, limits=limits or card.limits, version=self.version or card.version, data=data)


def read_notes(path: Path) -> Notes:
    """Notes from a TOML file.

    Raises:
        InputError: no such file, not TOML, or something in it that is no note.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); a shipped model needs its notes") from error
    kinds: dict[str, Any] = {"limits": list, "version": str, "machine": str, "attribution": dict}
    for name, value in entries.items():
        if name not in kinds or not isinstance(value, kinds[name]):
            raise InputError(f"{path}: {name} is no note, or not of its kind; notes are {', '.join(kinds)}")
    if not all(
        isinstance(text, str) for text in (*entries.get("limits", ()), *entries.get("attribution", {}).values())
    ):
        raise InputError(f"{path}: limits and attributions are texts")
    return Notes(**{**entries, "limits": tuple(entries.get("limits", ()))})


def ship(run: Path, name: str, notes: Notes, scores: Path | None = None) -> ModelCard:
    """Copy the graphs and the configuration of a model into the package under `name`, whole or not at all.

    Raises:
        InputError: a damaged model, scores of another one, or no scores of the test split at all.
    """
    model = open_model(run)  # every file agrees with its checksum
    card = model.card
    if scores is not None:
        card = dataclasses.replace(card, scores={**card.scores, "test": _test_scores(scores, card)})
    if "test" not in card.scores:
        raise InputError(f"{run}: its card has no scores of the test split; give --scores")
    card = dataclasses.replace(notes.enter(card), name=name)
    files = [f"{graph}.onnx" for graph in REPRESENTATIONS[card.representation].graphs]
    files += [CONFIG_NAME] if CONFIG_NAME in card.files else []
    target = model_folder.SHIPPED / name
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the folder of all models, where nothing looks for one.
    with tempfile.TemporaryDirectory(dir=target.parents[1], prefix=".shipping.") as temporary:
        fresh = Path(temporary) / "fresh"
        fresh.mkdir()
        for file in files:
            shutil.copyfile(run / file, fresh / file)
        card = write_card(fresh, card, files)
        if target.exists():
            target.rename(Path(temporary) / "former")
        fresh.rename(target)
    return card


def _test_scores(path: Path, card: ModelCard) -> dict[str, Any]:
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
        scored, split = summary["model"], summary["data"]["split"]
        found = for_card(summary)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: is not what `shapelift evaluate` writes ({error!r}); give its scores.json"
        ) from error
    if (scored["family"], scored["frame"], split) != (card.family, card.frame, "test"):
        raise InputError(
            f"{path}: scores of a model of family {scored['family']} in frame {scored['frame']} on the split {split}, "
            f"not of this one ({card.family}, {card.frame}) on the test split"
        )
    return found


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = command(__doc__)
    parser.add_argument("run", type=Path, help="model folder that training wrote")
    parser.add_argument("name", help="what the shipped model is called")
    parser.add_argument("--scores", type=Path, help="scores.json of `shapelift evaluate`")
    parser.add_argument("--notes", type=Path, help="default: docs/shipped/NAME.toml")
    options = parser.parse_args(arguments)
    try:
        card = ship(
            options.run, options.name, read_notes(options.notes or NOTES / f"{options.name}.toml"), options.scores
        )
    except (InputError, ValueError) as error:  # ValueError: a name that no card may have
        print(f"ship_model: {error}", file=sys.stderr)
        return 2
    folder = model_folder.SHIPPED / options.name
    for file in ("card.json", *card.files):
        print(f"{(folder / file).stat().st_size:>12,}  {folder / file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
