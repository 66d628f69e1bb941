"""Play a real plug-in in a process of its own: ``play_plugin.py PLUGIN RATE JOBS.npz OUT.npz``.

dawdreamer may crash or hang where plug-ins come and go, so that there is one plug-in per process, and a new job sets
the knobs of the same one. JOBS.npz holds ``jobs``, a JSON list of {"knobs": {name: 0..1}, "audio": key, "outputs":
[[channel, ...], ...], "quiet": {name: 0..1}, "quiet_s": seconds}, and the audio by its key, float32 (n_channels,
n_samples). Between two jobs the plug-in plays silence with the knobs ``quiet``. OUT.npz gets, for job i, ``audio_i``
(one row per list of outputs, which are added up) and ``shown``, a JSON list of {name: [value, text, unit]}.
"""

from __future__ import annotations

import json
import sys

import dawdreamer
import numpy as np

N_CHANNELS = 64


def main(plugin: str, rate_hz: int, jobs_path: str, out_path: str) -> None:
    with np.load(jobs_path) as loaded:
        audio = dict(loaded)
    engine = dawdreamer.RenderEngine(rate_hz, 512)
    processor = engine.make_plugin_processor("plugin", plugin)
    source = engine.make_playback_processor("source", np.zeros((N_CHANNELS, rate_hz), np.float32))
    engine.load_graph([(source, []), (processor, ["source"])])
    numbers = {p["name"]: p["index"] for p in processor.get_parameters_description()}

    def turn(knobs: dict[str, float]) -> None:
        for name, position in knobs.items():
            processor.set_parameter(numbers[name], position)

    def play(samples: np.ndarray) -> np.ndarray:
        padded = np.zeros((N_CHANNELS, samples.shape[1]), np.float32)
        padded[: len(samples)] = samples
        source.set_data(padded)
        engine.render(samples.shape[1] / rate_hz)
        return engine.get_audio()[:, : samples.shape[1]]

    found, shown = {}, []
    for i, job in enumerate(json.loads(str(audio["jobs"]))):
        turn(job["quiet"])
        play(np.zeros((1, int(job["quiet_s"] * rate_hz)), np.float32))
        turn(job["knobs"])
        units = {p["name"]: p["label"] for p in processor.get_parameters_description()}
        shown.append(
            {
                name: [processor.get_parameter(n), processor.get_parameter_text(n), units[name]]
                for name, n in numbers.items()
            }
        )
        output = play(audio[job["audio"]])
        found[f"audio_{i}"] = np.stack([output[list(channels)].sum(axis=0) for channels in job["outputs"]])
    np.savez(out_path, shown=json.dumps(shown), **found)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])
