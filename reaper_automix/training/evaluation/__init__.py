"""One evaluation for every mixer that answers with levels: songs, splits, scores, intervals, table and picture."""

from reaper_automix.training.evaluation.evaluate import Evaluation, evaluate
from reaper_automix.training.evaluation.songs import Example, HeardSong, HeardTrack, MixSong, MixTrack, Predictor

__all__ = ["Evaluation", "Example", "HeardSong", "HeardTrack", "MixSong", "MixTrack", "Predictor", "evaluate"]
