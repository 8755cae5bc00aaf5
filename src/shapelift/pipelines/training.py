"""From a folder of meshes, or a data set, to a model folder with scores."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shapelift.errors import InputError
from shapelift.evaluation import evaluate, for_card, summarize, write_report
from shapelift.inference import Reconstructor, read_card
from shapelift.io.cores import available_cores
from shapelift.io.manifest import FILE_NAME, PROCEDURAL, Manifest, read_manifest
from shapelift.io.splits import FEW_SHAPES, FEWEST_SHAPES, is_variant, splits_of
from shapelift.pipelines.progress import Progress, Silent, Update
from shapelift.recipes import find_recipe
from shapelift.recipes.fine_tuning import MIXED, VARIANTS, fine_tuned, is_tuned
from shapelift.synthesis.options import SynthesisOptions
from shapelift.synthesis.procedural import CATEGORIES
from shapelift.synthesis.sources import open_source
from shapelift.synthesis.writer import lacks, synthesize
from shapelift.training import Status, TrainConfig, TrainResult, parse_duration_s, train
from shapelift.training.distributed import World, join_world
from shapelift.training.export import add_scores
from shapelift.training.loop import find_run
from shapelift.training.start import find_start, shipped_start, start_at

__all__ = ["DataOptions", "TrainedModel", "configured", "train_from"]

NOTHING = "none"
"""What `start_from` calls fresh weights, and `mix` the shapes of the run alone."""
TEST_LIMIT = 200
"""At most so many test shapes are scored for the card; `shapelift.evaluation.evaluate` scores all of them."""

_TOO_FEW = f"{{source}}: {{shapes}} are too few to train on and to judge by; give at least {FEWEST_SHAPES}"


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """How a data set is made, where the source is none yet.

    Attributes:
        views: Images per shape.
        count: Number of shapes, None for all.
        variants: Stretched and mirrored variants of every training shape; None for as many as suit the run: some where
            it goes on from trained weights with few meshes, else none.
        mix: Source or data set of shapes that are trained on besides and never evaluated on, or `none`; None for what
            suits the run: procedural shapes of the same categories, if there are any and it goes on with few meshes.
        mix_count: Number of shapes of `mix`, where they are made; None for three times that of the training shapes.
        workers: Processes, None for one per core.
        up_axis: Which axis of the mesh files points up, see `synthesis.sources.open_source`.
    """

    views: int = 12
    count: int | None = None
    variants: int | None = None
    mix: str | None = None
    mix_count: int | None = None
    workers: int | None = None
    up_axis: str | None = None


@dataclass(frozen=True)
class TrainedModel:
    """What came of it.

    Attributes:
        config: The run as it was, with what it began with.
        result: What the session left behind; its `model_folder` is None where it was interrupted.
        scores: The scores on the test split as they stand on the card; None where there are none.
        is_main: Whether this is the process that writes and speaks, of the several of a run.
    """

    config: TrainConfig
    result: TrainResult
    scores: dict[str, Any] | None
    is_main: bool


def configured(
    recipe: str,
    *,
    budget: str | None = None,
    steps: int | None = None,
    seed: int = 0,
    threads: int | None = None,
    workers: int | None = None,
    feed: str = "auto",
) -> TrainConfig:
    """The run of a recipe.

    Args:
        recipe: Its name.
        budget: Time to train, `30m` or `1h30m`, export included; None for that of the recipe.
        steps: Steps to train, instead of a time.
        seed: Of all randomness.
        threads: CPU threads per process, None for all cores.
        workers: Processes that load data, None for what suits the machine.
        feed: Batches from data packed in memory, or from the records: `auto`, `packed` or `records`.

    Raises:
        InputError: no such recipe, or an argument that cannot be used.
    """
    if budget is not None and steps is not None:
        raise InputError("`budget` and `steps` both say how long to train; give one of them")
    config = find_recipe(recipe)
    if feed not in ("auto", "packed", "records"):
        raise InputError(f"`feed` '{feed}' is unknown; use auto, packed or records")
    changes: dict[str, Any] = {"seed": seed}
    if feed != "auto":
        changes["feed"] = feed
    if budget is not None:
        changes |= {"steps": None, "budget_s": parse_duration_s(budget)}
    if steps is not None:
        changes |= {"steps": steps, "budget_s": None}
    if threads is not None:
        changes["threads"] = threads
    if workers is not None:
        changes["workers"] = workers
    return dataclasses.replace(config, **changes)


def train_from(
    source: str | Path,
    output: str | Path,
    config: TrainConfig,
    *,
    start_from: str | None = None,
    data: DataOptions | None = None,
    length_given: bool = True,
    score: bool = True,
    device: str = "auto",
    progress: Progress | None = None,
) -> TrainedModel:
    """Train a model of one's own: data, training, scores and model card. Interrupted, the same call goes on.

    Started by `torchrun`, every process calls this alike.

    Args:
        source: Folder or zip archive of meshes, mesh file, file of packed meshes, `procedural:chair` and the like, or a
                data set.
        output: Folder of the run; continued where it holds one.
        config: The run, such as a recipe of `shapelift.recipes`. It is changed where few shapes fine-tune a model.
        start_from: Name or folder of the model whose weights the run begins with; `none` for fresh weights, None for
            the shipped model of the recipe where there is one.
        data: How data are made.
        length_given: Whether the length of the run was asked for; else few shapes get a shorter one.
        score: Whether the model is scored on the test split.
        device: `auto`, `cpu` or `cuda`.
        progress: Who is told.

    Raises:
        InputError: the source, the start or the folder cannot be used.
    """
    output, making = Path(output), data or DataOptions()
    with join_world(device) as world:
        told = (progress or Silent()) if world.is_main else Silent()
        config, start, beginning = _started(config, start_from)
        run = _Run(str(source), output, config, making, length_given, world, told)
        folder = run.data()
        told.say(_place(world, asked=device))
        told.say(beginning)
        shapes = _training_shapes(folder)
        config = run.tuned(shapes)
        mixed = run.mixed(folder, shapes)
        with told.stage("training") as update:
            result = train(
                config,
                folder,
                output,
                world=world,
                mixed=mixed,
                start_from=start,
                report=lambda status: _show(status, config, told, update),
            )
        scores = None
        if result.model_folder is not None and score and world.is_main:
            scores = _scored(result.model_folder, folder, output, config.threads, told)
    return TrainedModel(config, result, scores, world.is_main)


def _started(config: TrainConfig, start_from: str | None) -> tuple[TrainConfig, Path | None, str]:
    """The run with the weights it begins with, their folder, and what to say: one without is refused at once."""
    if start_from == NOTHING:
        return config, None, "starting with fresh weights"
    if start_from is not None:
        folder = find_start(start_from)
        return start_at(config, folder), folder, f"starting with the weights of {start_from}"
    shipped, reason = shipped_start(config)
    if shipped is None:
        reason = reason or f"no shipped model is of the recipe {config.recipe}"
        return config, None, f"starting with fresh weights: {reason}"
    said = f"starting with the weights of the shipped model '{shipped.name}'; `start_from` {NOTHING} for fresh ones"
    return start_at(config, shipped), shipped, said


@dataclass(frozen=True)
class _Run:
    """The data of a run, made by its first process."""

    source: str
    output: Path
    config: TrainConfig
    making: DataOptions
    length_given: bool
    world: World
    told: Progress

    def tuned(self, shapes: int) -> TrainConfig:
        """The run, once the number of its training shapes is known."""
        return fine_tuned(self.config, shapes, length_given=self.length_given)

    def data(self) -> Path:
        """The data set: the source itself if it is one, else made from it in `<output>/data`."""
        if (Path(self.source) / FILE_NAME).is_file():
            return Path(self.source)
        folder = self.output / "data"
        if self.world.is_main:
            # A bad source leaves no folder behind.
            items = open_source(self.source, self.making.count, self.config.seed, self.making.up_axis).items()
            if len(items) < FEWEST_SHAPES:
                given = "" if self.making.count is None else f" (`count` {self.making.count})"
                raise InputError(_TOO_FEW.format(source=self.source, shapes=f"{len(items)} shapes{given}"))
            splits = splits_of(item.shape_id for item in items)
            made = (folder / FILE_NAME).is_file()
            shapes = _training_shapes(folder) if made else list(splits.values()).count("train")
            find_run(self.output, self.tuned(shapes))  # another run is refused before hours of rendering
            self._make(self.source, folder, self._options(self._variants(shapes)), "making data")
            made_of = read_manifest(folder)
            _check_enough(self.source, made_of)
            if made_of.duplicates:
                self.told.say(
                    f"duplicates of other shapes: {len(made_of.duplicates)}, each in the split of the one it equals"
                )
        self.world.wait()
        return folder

    def mixed(self, data: Path, shapes: int) -> list[Path]:
        """The data sets to be mixed in: one of their own, made in `<output>/mixed` if it is none yet, or none."""
        source = self.making.mix
        if source is None and data != Path(self.source) and self._few_meshes(shapes):
            source = _of_their_kind(data)
        if source is None or source == NOTHING:
            return []
        if (Path(source) / FILE_NAME).is_file():
            return [Path(source)]
        folder = self.output / "mixed"
        if self.world.is_main:
            views = int(read_manifest(data).parameters.get("views", self.making.views))
            count = self.making.mix_count or MIXED * shapes
            self.told.say(f"{count} shapes of {source} are trained on besides; `mix` {NOTHING} for none")
            options = dataclasses.replace(self._options(0), views=views, count=count, up_axis=None)
            self._make(source, folder, options, "making shapes to mix in")
        self.world.wait()
        return [folder]

    def _few_meshes(self, shapes: int) -> bool:
        """Whether it goes on from trained weights with so few meshes that more are made of them and beside them."""
        return is_tuned(self.config, shapes) and not self.source.startswith(PROCEDURAL)

    def _variants(self, shapes: int) -> int:
        if self.making.variants is not None:
            return self.making.variants
        if not self._few_meshes(shapes):
            return 0
        self.told.say(f"few meshes: {VARIANTS} variants of each are made to train on besides; `variants` 0 for none")
        return VARIANTS

    def _options(self, variants: int) -> SynthesisOptions:
        return SynthesisOptions(
            views=self.making.views,
            size_px=self.config.model.image_size,
            seed=self.config.seed,
            count=self.making.count,
            variants=variants,
            workers=self.making.workers,
            up_axis=self.making.up_axis,
            **self.config.model.record_options(),
        )

    def _make(self, source: str, folder: Path, options: SynthesisOptions, title: str) -> None:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{folder.parent}: cannot be made ({error.strerror}); choose another `output`") from error
        with self.told.stage(title) as update:
            manifest = synthesize(
                source, folder, options, lambda now: update(now.done, now.total, f"{now.rejected} rejected")
            )
        lacking = lacks(manifest)
        if lacking is not None:
            self.told.say(f"warning: {lacking}")
        if not manifest.shapes:
            raise InputError(f"{source}: gives no usable shape (see {folder / FILE_NAME}); check the meshes")


def _of_their_kind(data: Path) -> str | None:
    """Procedural shapes of the categories of the training shapes of a data set, None where there are none of these."""
    kinds = {entry.category.lower() for entry in read_manifest(data).split("train")}
    known = [name for name in CATEGORIES if kinds & {name, f"{name}s", f"{name}es"}]
    return PROCEDURAL + ",".join(known) if known else None


def _check_enough(source: str, manifest: Manifest) -> None:
    """Raises InputError where there are too few different shapes to train on and to judge by."""
    shapes = sum(not is_variant(entry.shape_id) for entry in manifest.shapes) - len(manifest.duplicates)
    if shapes < FEWEST_SHAPES:
        raise InputError(_TOO_FEW.format(source=source, shapes=f"{shapes} different usable shapes"))


def _training_shapes(data: Path) -> int:
    """How many shapes of a data set are trained on, their variants not counted."""
    return sum(not is_variant(entry.shape_id) for entry in read_manifest(data).split("train"))


def _place(world: World, asked: str) -> str:
    """Where this run computes, in one line."""
    if world.device.type == "cuda":
        import torch

        return f"training on {torch.cuda.get_device_name(world.device)}"
    return "training on the processor" + (": no CUDA GPU is to be had here" if asked == "auto" else "")


def _show(status: Status, config: TrainConfig, told: Progress, update: Update) -> None:
    loss = "" if math.isnan(status.loss) else f"loss {status.loss:.4f}  "
    iou = "" if status.best_iou is None else f"IoU {status.best_iou:.3f}  "
    note = f"{loss}{iou}{status.images_per_s:.0f} images/s  {duration(status.remaining_s)} left"
    update(status.progress, 1.0, note if status.activity == "training" else status.activity)
    if status.activity == "validated":
        told.say(f"step {status.step}: {loss}validation IoU {status.iou:.4f} (best {status.best_iou:.4f})")
    if status.activity == "stopping early":
        checks = config.validation.patience
        told.say(f"step {status.step}: validation has not risen {checks} times in a row; stopping early")


def _scored(model: Path, data: Path, output: Path, threads: int | None, told: Progress) -> dict[str, Any] | None:
    """The scores on the test split, on the card and in `<output>/evaluation`; those that are there are kept."""
    known = read_card(model).scores.get("test")
    if known is not None:
        return dict(known)
    manifest = read_manifest(data)
    if not manifest.split("test"):
        told.say("no shape falls into the test split: the card states the validation IoU only")
        return None
    with told.stage("evaluating") as update:
        found = evaluate(
            Reconstructor.load(model, threads=threads),
            data,
            limit=TEST_LIMIT,
            views_per_shape=views_to_score(manifest),
            workers=threads or available_cores(),
            progress=lambda stage, done, total: update(done, total, stage),
        )
    write_report(found, output / "evaluation")
    scores = for_card(summarize(found))
    add_scores(model, "test", scores)
    return scores


def views_to_score(manifest: Manifest) -> int:
    """All views of the test shapes where there are few of them, else one of each."""
    shapes = sum(not is_variant(entry.shape_id) for entry in manifest.shapes)
    return max(int(manifest.parameters.get("views", 1)), 1) if shapes < FEW_SHAPES else 1


def duration(seconds: float) -> str:
    """A time in words: `40 s`, `3 min 05 s`, `2 h 10 min`, `?` where it is not known."""
    if math.isinf(seconds):
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
