"""Score a reconstructor on a data set, next to baselines that look at the training split only."""

from shapelift.evaluation.report import check_folder, for_card, summarize, tables, write_report
from shapelift.evaluation.scores import Evaluation, Score, evaluate
from shapelift.evaluation.surfaces import find_protocols, sampling_floor

__all__ = [
    "Evaluation",
    "Score",
    "check_folder",
    "evaluate",
    "find_protocols",
    "for_card",
    "sampling_floor",
    "summarize",
    "tables",
    "write_report",
]
