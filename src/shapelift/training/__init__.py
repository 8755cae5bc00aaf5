"""Training: the loop, and what it needs to be stopped, continued, watched and shared between machines."""

from shapelift.training.config import SGD, AdamW, Muon, Start, TrainConfig, Validation
from shapelift.training.distributed import World, join_world
from shapelift.training.loop import Status, TrainResult, train
from shapelift.training.schedule import WarmupCosine, parse_duration_s

__all__ = [
    "SGD",
    "AdamW",
    "Muon",
    "Start",
    "Status",
    "TrainConfig",
    "TrainResult",
    "Validation",
    "WarmupCosine",
    "World",
    "join_world",
    "parse_duration_s",
    "train",
]
