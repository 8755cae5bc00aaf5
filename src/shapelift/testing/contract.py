"""The contract of a family, as a suite that anyone can run over a family of their own.

`FAMILY_CHECKS` are the promises that training, export and inference rely on, each a function of a `FamilyCase`: one
family, built from a small configuration, with what several checks need of it. With pytest every promise is a case:

    @pytest.fixture(scope="module")
    def case():
        with FamilyCase(my_config()) as case:
            yield case

    @pytest.mark.parametrize("check", FAMILY_CHECKS, ids=lambda check: check.__name__)
    def test_contract(case, check):
        check(case)

`check_family(config)` runs them all. A broken promise raises `ContractError`, saying which.
"""

from __future__ import annotations

import copy
import dataclasses
import tempfile
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from shapelift.datasets import ShapeDataset
from shapelift.errors import InputError
from shapelift.geometry import DepthMaps, ImplicitField, Mesh, PointCloud, Representation, VoxelGrid
from shapelift.imaging.preprocess import Preprocess
from shapelift.inference import ModelCard, Reconstruction, Reconstructor, write_card
from shapelift.inference.representations import REPRESENTATIONS
from shapelift.meshing import to_mesh
from shapelift.models.base import ExportGraph, ModelConfig, ReconstructionModel, Thresholded, config_from_json
from shapelift.models.export import example_inputs, export_graphs, read_weights
from shapelift.testing.example_data import write_example_data
from shapelift.training.targets import WeightedPoints
from shapelift.training.validation import weighted_iou

Tensors = Mapping[str, Tensor]

_BATCH = 3
"""Items of the batch that everything is checked with."""
_OVERFIT_STEPS = 160
"""Steps in which that batch is to be learned by heart."""
_GRADIENT_STEPS = 5
"""Within so many steps every parameter must have had a gradient: behind a layer that is zero at first there is none."""
OVERLAP, STAND_IN = 0.45, 0.3
"""Least mean IoU with the truth of the solid that was learned by heart: of a field or a grid, and of what stands in for
one where a family predicts a surface."""
_SYMMETRIC = 0.02
"""How much better a solid may fit when it is turned over: what is symmetric fits alike."""
_AGREEMENT = 0.75
"""Least IoU of the exported field or grid with `logits_at`."""
_MIRRORED = 0.02
"""By so much the IoU of its mirror image may be larger: cells and fields round differently."""
_ONNX_TOLERANCE = 1e-4
_NEIGHBOUR_TOLERANCE = 1e-4
_PRECISION_TOLERANCE = 0.1
"""Largest share by which a loss may be off in bfloat16."""
_SCORED_POINTS = 4096
"""Points that solids are compared at."""


class ContractError(AssertionError):
    """A family breaks a promise of the contract."""


class FamilyCase:
    """A family under examination: built once, learned by heart once, exported once.

    A context manager: its files are removed at the end.

    Args:
        config: A small configuration: an image of 32 px and a few thousand parameters are enough, and quick.
    """

    def __init__(self, config: ModelConfig) -> None:
        self.config = config
        self._folder = tempfile.TemporaryDirectory()
        self.folder = Path(self._folder.name)
        write_example_data(self.folder, size_px=config.image_size, lopsided=True, options=config.record_options())

    def __enter__(self) -> FamilyCase:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    @cached_property
    def batch(self) -> dict[str, Tensor]:
        """What the family asks for, and `scored` points (see `training.targets.WeightedPoints`) besides."""
        scored = {"scored": WeightedPoints(_SCORED_POINTS, self.config.world_frame)}
        return ShapeDataset(
            self.folder,
            "train",
            targets={**self.config.targets(), **scored},
            preprocess=Preprocess.from_mapping(self.config.preprocess),
        ).batch(0, _BATCH)

    def build(self) -> ReconstructionModel:
        """The network with fresh weights, the same every time."""
        torch.manual_seed(0)
        return self.config.build()

    @cached_property
    def fresh(self) -> ReconstructionModel:
        """The untrained network, in eval mode."""
        return self.build().eval()

    @cached_property
    def losses(self) -> list[float]:
        """The losses on the way to `trained`."""
        return self._overfitted[1]

    @property
    def trained(self) -> ReconstructionModel:
        """The network that knows the batch by heart, in eval mode."""
        return self._overfitted[0]

    @cached_property
    def prediction(self) -> Tensors:
        """What `trained` says of the batch."""
        return _predict(self.trained, self.batch)

    @cached_property
    @torch.enable_grad()  # whoever asks first
    def _overfitted(self) -> tuple[ReconstructionModel, list[float]]:
        model = self.build().train()
        optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
        losses = []
        for _ in range(_OVERFIT_STEPS):
            optimizer.zero_grad()
            loss = _loss(model, self.batch)
            losses.append(float(loss.detach()))
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        return _settled(model, self.batch), losses

    @cached_property
    def exported(self) -> Mapping[str, Path]:
        """The files of the graphs of `trained`."""
        (self.folder / "model").mkdir()
        return export_graphs(self.trained, self.folder / "model", weights="fp32")

    @cached_property
    def opened(self) -> Reconstructor:
        """The exported model, opened as a user would."""
        config = self.config
        card = ModelCard(
            name="contract",
            version="1",
            family=config.family,
            representation=config.representation,
            frame=config.frame,
            preprocess=Preprocess.from_mapping(config.preprocess),
            stochastic=config.stochastic,
        )
        write_card(self.folder / "model", card, [path.name for path in self.exported.values()])
        return Reconstructor.load(self.folder / "model", threads=1)

    def image(self, item: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_] | None]:
        """The image of an item of the batch `h w c`, and its mask where the image has it as a channel."""
        image = (self.batch["image"][item].permute(1, 2, 0).numpy() * 255.0).round().astype(np.uint8)
        return image, image[..., 3] > 127 if self.config.channels == "rgba" else None

    def reconstruction(self, item: int) -> Reconstruction:
        """What the exported model makes of an item of the batch."""
        image, mask = self.image(item)
        return self.opened.reconstruct(image, mask=mask)


def check_family(config: ModelConfig) -> None:
    """Hold a family to its contract: all of `FAMILY_CHECKS`, the first broken one raises.

    Args:
        config: A small configuration of it.

    Raises:
        ContractError: a promise is broken; the message says which.
    """
    with FamilyCase(config) as case:
        for check in FAMILY_CHECKS:
            check(case)


# -- the promises -----------------------------------------------------------------------------------------------------


def configuration_is_json(case: FamilyCase) -> None:
    """The configuration survives JSON, and is a dataclass."""
    config = case.config
    again = config_from_json(config.to_json(), {config.family: type(config)})
    _require(again == config, "the configuration must survive JSON unchanged")
    _require(dataclasses.replace(config) == config, "the configuration must be a dataclass that can be copied")


def threshold_moves_the_surface(case: FamilyCase) -> None:
    """Where the surface is drawn at a probability, a lower one makes the solid larger, by the difference of logits."""
    config = case.config
    if not isinstance(config, Thresholded):
        return
    model, points = case.fresh, case.batch["scored"]
    prediction = _predict(model, case.batch)
    for threshold in (0.25, 0.6):
        moved = config.at_threshold(threshold)
        _require(isinstance(moved, Thresholded), "at_threshold must return a configuration with a level")
        level = float(np.log(threshold / (1.0 - threshold)))
        _require(abs(moved.level - level) < 1e-6, f"the level at probability {threshold} must be {level:.4f}")  # type: ignore[attr-defined]
        other = moved.build().eval()
        other.load_state_dict(model.state_dict())
        with torch.no_grad():
            change = other.logits_at(prediction, points) - model.logits_at(prediction, points)
        off = float((change - (config.level - level)).abs().max())
        _require(off < 1e-3, "logits_at must follow at_threshold, its surface at 0")


def gradients_reach_every_parameter(case: FamilyCase) -> None:
    """Every parameter gets a gradient that is finite and not zero, but for those that the configuration exempts."""
    model = case.build().train()
    exempt = case.config.without_gradient
    known = dict(model.named_parameters())
    for name, reason in exempt.items():
        _require(name in known and reason, f"{name} is exempt from gradients: it must exist, and a reason be given")
    left = set(known) - set(exempt)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(_GRADIENT_STEPS):
        optimizer.zero_grad()
        _loss(model, case.batch).backward()  # type: ignore[no-untyped-call]
        for name, parameter in known.items():
            gradient = parameter.grad
            _require(gradient is not None or name in exempt, f"parameter {name} must get a gradient")
            if gradient is None:
                continue
            _require(bool(gradient.isfinite().all()), f"the gradient of {name} must be finite")
            if bool(gradient.any()):
                left.discard(name)
        optimizer.step()
    _require(not left, f"the gradient of {min(left, default='')} must not be zero")


def loss_learns_a_batch_by_heart(case: FamilyCase) -> None:
    """The loss on one batch halves, at least."""
    first, last = case.losses[0], case.losses[-1]
    message = f"the loss on one batch must halve in {_OVERFIT_STEPS} steps; it went from {first:.4g} to {last:.4g}"
    _require(last < 0.5 * first, message)


def solid_is_the_true_one(case: FamilyCase) -> None:
    """`logits_at`, which chooses the best weights, says inside what is inside, once a batch is known by heart."""
    batch = case.batch
    points, weights = batch["scored"], batch["scored_weight"]
    with torch.no_grad():
        logits = case.trained.logits_at(case.prediction, points)
    shape = tuple(points.shape[:2])
    _require(logits.shape == shape, f"logits_at must return a logit per point, {shape}, not {tuple(logits.shape)}")
    _require(bool(logits.isfinite().all()), "logits_at must return finite numbers")
    found = float(weighted_iou(logits > 0.0, batch["scored_occupancy"] > 0.5, weights).mean())
    least = OVERLAP if REPRESENTATIONS[case.config.representation].is_solid else STAND_IN
    _require(found > least, f"the solid of logits_at must be the one that was learned: IoU {found:.2f}, not {least}")
    for axis, name in enumerate("xyz"):
        turned = points.clone()
        turned[..., axis] *= -1.0
        with torch.no_grad():
            mirrored = case.trained.logits_at(case.prediction, turned) > 0.0
        other = float(weighted_iou(mirrored, batch["scored_occupancy"] > 0.5, weights).mean())
        message = (
            f"the solid of logits_at must not be mirrored in {name}: IoU {found:.2f}, and {other:.2f} if turned over"
        )
        _require(found > other - _SYMMETRIC, message)


def exported_solid_is_that_of_training(case: FamilyCase) -> None:
    """A field or a grid of the exported model has its inside where `logits_at` has it."""
    if not REPRESENTATIONS[case.config.representation].is_solid:
        return
    points = case.batch["scored"]
    with torch.no_grad():
        expected = case.trained.logits_at(case.prediction, points) > 0.0
    for item in range(_BATCH):
        shape = case.reconstruction(item).representation
        weight, wanted = case.batch["scored_weight"][item : item + 1], expected[item : item + 1]

        agreement = _agreement(shape, points[item], wanted, weight)
        _require(agreement > _AGREEMENT, f"the exported solid must be that of logits_at: IoU {agreement:.2f}")
        # What is nearly symmetric agrees with its mirror image too, but no better than with itself.
        for axis, sign in zip("xyz", 1.0 - 2.0 * torch.eye(3), strict=True):
            mirrored = _agreement(shape, points[item] * sign, wanted, weight)
            _require(
                mirrored < agreement + _MIRRORED,
                f"the exported solid must be that of logits_at, not mirrored along {axis}: IoU {mirrored:.2f} against "
                f"{agreement:.2f}",
            )


def answers_are_the_same_twice(case: FamilyCase) -> None:
    """Nothing is random in eval mode."""
    first, second = _predict(case.fresh, case.batch), _predict(case.fresh, case.batch)
    for name, value in first.items():
        _require(torch.equal(value, second[name]), f"prediction {name} must be the same twice in eval mode")


def items_are_independent(case: FamilyCase) -> None:
    """What is said of an item does not depend on its neighbours in the batch; a batch of one is answered."""
    together = case.prediction
    alone = _predict(case.trained, {name: value[:1] for name, value in case.batch.items()})
    for name, value in together.items():
        close = torch.allclose(value[:1], alone[name], rtol=_NEIGHBOUR_TOLERANCE, atol=_NEIGHBOUR_TOLERANCE)
        _require(close, f"prediction {name} of an item must not depend on its neighbours in the batch")


def a_batch_of_one_is_learned_from(case: FamilyCase) -> None:
    """The last batch of a small set may hold one item: its loss and its gradients are finite."""
    model = case.build().train()
    loss = _loss(model, {name: value[:1] for name, value in case.batch.items()})
    loss.backward()  # type: ignore[no-untyped-call]
    gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    finite = bool(loss.isfinite()) and all(bool(gradient.isfinite().all()) for gradient in gradients)
    _require(finite, "loss and gradients of a batch of one must be finite")


def half_precision_is_enough(case: FamilyCase) -> None:
    """Under autocast to bfloat16 the loss is about the same, and the solid is."""
    batch = case.batch
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        prediction = case.trained(batch)
        loss = float(_sum(case.trained.loss(prediction, batch)))
        logits = case.trained.logits_at(prediction, batch["scored"]).float()
    with torch.no_grad():
        exact = float(_sum(case.trained.loss(case.prediction, batch)))
        expected = case.trained.logits_at(case.prediction, batch["scored"])
    message = f"the loss must be about the same in bfloat16: {loss:.4g}, and {exact:.4g} in single precision"
    _require(abs(loss - exact) <= _PRECISION_TOLERANCE * (abs(exact) + case.losses[0]), message)
    same = float(weighted_iou(logits > 0.0, expected > 0.0, batch["scored_weight"]).mean())
    _require(same > 1.0 - _PRECISION_TOLERANCE, f"the solid must be about the same in bfloat16: IoU {same:.2f}")


def noise_is_what_the_configuration_says(case: FamilyCase) -> None:
    """Noise goes in where the configuration says stochastic, only there, and changes the shape, not the features."""
    config, model = case.config, case.trained
    takers = {name for name, graph in model.graphs().items() if "noise" in graph.inputs}
    first = REPRESENTATIONS[config.representation].graphs[0]
    _require(takers == ({first} if config.stochastic else set()), "noise is an input of the first graph if stochastic")
    if not config.stochastic:
        return
    graph = model.graphs()[first]
    fixed = graph.inputs["noise"][1:]
    _require(len(fixed) == 1 and isinstance(fixed[0], int), "noise must have shape (b, z) with a fixed z")
    inputs = dict(zip(graph.inputs, example_inputs(graph), strict=True))
    with torch.no_grad():
        one, same = (_named(graph, inputs) for _ in range(2))
        other = _named(graph, inputs | {"noise": inputs["noise"] + 1.0})
        without = model({"image": inputs["image"]})
    for name, value in one.items():
        _require(torch.equal(value, same[name]), f"{name} must be the same for the same noise")
    if "features" in one:
        _require(torch.equal(one["features"], other["features"]), "features must not depend on the noise")
    differs = any(not torch.equal(value, other[name]) for name, value in one.items())
    _require(differs, "the answer must depend on the noise")
    finite = all(bool(value.isfinite().all()) for value in without.values())
    _require(finite, "a batch without noise must be answered too")


def weights_survive_a_file(case: FamilyCase) -> None:
    """Saved and loaded, the network says the same to the bit."""
    from safetensors.torch import load_file, save_file

    path = case.folder / "model.safetensors"
    save_file({name: value.contiguous() for name, value in case.fresh.state_dict().items()}, path)
    torch.manual_seed(1)
    other = case.config.build()
    other.load_state_dict(load_file(path))
    before, after = _predict(case.fresh, case.batch), _predict(other.eval(), case.batch)
    for name, value in before.items():
        _require(torch.equal(value, after[name]), f"prediction {name} must be the same bits after saving and loading")


def graphs_equal_the_network(case: FamilyCase) -> None:
    """The exported graphs hold all weights, and compute what the network does, for one image and for three."""
    files, graphs = case.exported, case.trained.graphs()
    _require(files.keys() == graphs.keys(), "every graph must be exported")
    stored, state = read_weights(path.read_bytes() for path in files.values()), case.trained.state_dict()
    _require(stored.keys() == state.keys(), "the graphs must hold every parameter and buffer")
    for name, value in state.items():
        _require(torch.equal(stored[name], value), f"the graphs must hold {name} as it is")
    for name, graph in graphs.items():
        for batch_size in (1, 3):
            _compare(name, graph, files[name], batch_size)


def exported_model_makes_closed_meshes(case: FamilyCase) -> None:
    """The exported model yields what the configuration declares, and a closed mesh of it."""
    result = case.reconstruction(0)
    kind = REPRESENTATIONS[case.config.representation].value
    name = type(result.representation).__name__
    _require(isinstance(result.representation, kind), f"the model must yield a {kind.__name__}, not a {name}")
    mesh = to_mesh(result.representation, resolution=32)
    edges = np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]])
    _require(len(edges) and np.isfinite(mesh.vertices).all(), "the mesh must have faces and finite vertices")
    paired = {tuple(edge) for edge in edges.tolist()} == {tuple(edge) for edge in edges[:, ::-1].tolist()}
    _require(paired, "the mesh must be closed: every edge once in each direction")


def several_answers_only_where_stochastic(case: FamilyCase) -> None:
    """Two answers where the card says stochastic, and else a clear refusal."""
    config, opened = case.config, case.opened
    image, mask = case.image(0)
    try:
        found = opened.hypotheses(image, 2, seed=1, mask=mask)
    except InputError:
        _require(not config.stochastic, "a stochastic model must give two answers to one image")
        return
    _require(config.stochastic, "a deterministic model must refuse to give two answers")
    again = opened.hypotheses(image, 2, seed=1, mask=mask)
    clouds = [_values(one.representation) for one in (*found, *again)]
    _require(np.array_equal(clouds[0], clouds[2]) and np.array_equal(clouds[1], clouds[3]), "a seed must be an answer")
    _require(not np.array_equal(clouds[0], clouds[1]), "two answers of one seed must differ")


FAMILY_CHECKS: tuple[Callable[[FamilyCase], None], ...] = (
    configuration_is_json,
    threshold_moves_the_surface,
    gradients_reach_every_parameter,
    loss_learns_a_batch_by_heart,
    solid_is_the_true_one,
    answers_are_the_same_twice,
    items_are_independent,
    a_batch_of_one_is_learned_from,
    half_precision_is_enough,
    noise_is_what_the_configuration_says,
    weights_survive_a_file,
    graphs_equal_the_network,
    exported_model_makes_closed_meshes,
    exported_solid_is_that_of_training,
    several_answers_only_where_stochastic,
)
"""All promises, those first that tell most of what is wrong."""


# -- details ----------------------------------------------------------------------------------------------------------


def _require(promise: object, message: str) -> None:
    if not promise:
        raise ContractError(message)


def _settled(model: ReconstructionModel, batch: Tensors) -> ReconstructionModel:
    """The network in eval mode, the running statistics of its normalisations being those of the batch."""
    settled = copy.deepcopy(model)
    for module in settled.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):  # noqa: SLF001
            module.reset_running_stats()
            module.momentum = None
    with torch.no_grad():
        settled(batch)
    return settled.eval()


def _agreement(shape: Representation, points: Tensor, wanted: Tensor, weight: Tensor) -> float:
    """IoU of an exported solid at points `n 3` with labels `1 n` of weight `1 n`."""
    return float(weighted_iou(torch.from_numpy(_inside(shape, points.numpy()))[None], wanted, weight))


def _inside(shape: Representation, points: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    if isinstance(shape, ImplicitField):
        return np.asarray(shape(points) > 0.0)
    if not isinstance(shape, VoxelGrid):
        raise TypeError(f"a {type(shape).__name__} says of no point whether it is inside")
    return np.asarray(shape.read(points) > 0.5)


def _sum(terms: Mapping[str, Tensor]) -> Tensor:
    _require(terms and all(value.dim() == 0 for value in terms.values()), "loss() must return named scalars")
    return torch.stack(list(terms.values())).sum()


def _loss(model: ReconstructionModel, batch: Tensors) -> Tensor:
    return _sum(model.loss(model(batch), batch))


@torch.no_grad()
def _predict(model: ReconstructionModel, batch: Tensors) -> Tensors:
    return model(batch)  # type: ignore[no-any-return]


def _values(shape: Representation) -> npt.NDArray[np.float32]:
    if isinstance(shape, PointCloud):
        return shape.points
    if isinstance(shape, Mesh):
        return shape.vertices
    if isinstance(shape, VoxelGrid):
        return shape.occupancy
    if isinstance(shape, DepthMaps):
        return shape.depth
    if not isinstance(shape, ImplicitField):
        raise TypeError(f"no model yields a {type(shape).__name__}")
    return shape(np.random.default_rng(0).uniform(-0.5, 0.5, (500, 3)).astype(np.float32))


def _named(graph: ExportGraph, inputs: Tensors) -> Tensors:
    outputs = graph.module.eval()(*inputs.values())
    return dict(zip(graph.outputs, outputs if isinstance(outputs, tuple) else (outputs,), strict=True))


def _compare(name: str, graph: ExportGraph, file: Path, batch_size: int) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    inputs = tuple(_resized(value, batch_size) for value in example_inputs(graph))
    with torch.no_grad():
        expected = graph.module.eval()(*inputs)
    expected = expected if isinstance(expected, tuple) else (expected,)
    feed = {key: value.numpy() for key, value in zip(graph.inputs, inputs, strict=True)}
    for key, want, got in zip(graph.outputs, expected, session.run(list(graph.outputs), feed), strict=True):
        scale = max(float(want.abs().max()), 1.0)
        error = float(np.abs(want.numpy() - got).max()) / scale
        _require(want.shape == got.shape, f"graph {name}: {key} must have shape {tuple(want.shape)}, not {got.shape}")
        _require(
            error < _ONNX_TOLERANCE, f"graph {name}: {key} must equal torch to {_ONNX_TOLERANCE}, off by {error:.2g}"
        )


def _resized(value: Tensor, batch_size: int) -> Tensor:
    return value[:1].expand(batch_size, *value.shape[1:]).contiguous()
