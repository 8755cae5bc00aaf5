"""Score a reconstructor on a data set, next to baselines that look at the training split only."""

from shapelift.evaluation.report import check_folder, summarize, tables, write_report
from shapelift.evaluation.scores import METRICS, Evaluation, Score, evaluate, sampling_floor

__all__ = [
    "METRICS",
    "Evaluation",
    "Score",
    "check_folder",
    "evaluate",
    "sampling_floor",
    "summarize",
    "tables",
    "write_report",
]
