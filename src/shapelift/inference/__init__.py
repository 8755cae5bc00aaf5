"""A saved model at work: card, preprocessing, onnxruntime, and the representation it predicts."""

from shapelift.inference.assemble import predict
from shapelift.inference.card import DataSource, ModelCard
from shapelift.inference.hypotheses import Hypotheses
from shapelift.inference.model_folder import ModelFolder, find_model, open_model, read_card, shipped_models, write_card
from shapelift.inference.reconstruction import Reconstruction
from shapelift.inference.reconstructor import Reconstructor
from shapelift.inference.representations.kind import ModelOutput

__all__ = [
    "DataSource",
    "Hypotheses",
    "ModelCard",
    "ModelFolder",
    "ModelOutput",
    "Reconstruction",
    "Reconstructor",
    "find_model",
    "open_model",
    "predict",
    "read_card",
    "shipped_models",
    "write_card",
]
