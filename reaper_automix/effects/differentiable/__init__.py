"""The processors once more, in torch: batches of audio, settings as tensors, gradients for both.

Needs the extra ``deep``. Each module mirrors the one of the same name in ``effects`` and plays the same to 1e-4 of full
scale. Audio is (batch, n_channels, n_samples); a knob is (batch,), or (batch, n_bands) for an equaliser, in the unit of
its settings. The work is done in double precision on the processor of the computer, whatever device the tensors come
from; results go back to it, in the type of the audio. Gradients are exact, and of the first order only.
"""
