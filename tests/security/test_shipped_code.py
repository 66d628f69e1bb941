"""Nothing that ships can run data as code, reach the network or run programs, but for the few places that say why."""

from __future__ import annotations

import pytest
from security.shipped_code import NEVER, REPOSITORY, SOME_PLACES, findings, shipped_files

PLANTED = [
    ("import pickle\n", "pickle"),
    ("from pickle import loads\n", "pickle"),
    ("import marshal as m\nm.loads(b'')\n", "marshal"),
    ("import shelve\n", "shelve"),
    ("import dill\n", "dill"),
    ("import joblib\nmodel = joblib.load('x')\n", "joblib"),
    ("eval(text)\n", "eval"),
    ("run = eval\n", "eval"),
    ("exec(text, {})\n", "exec"),
    ("code = compile(text, 'x', 'exec')\n", "compile"),
    ("__import__(name)\n", "__import__"),
    ("import os\nos.system('ls')\n", "os.system"),
    ("from os import system as quietly\nquietly('ls')\n", "os.system"),
    ("import os as o\nhand_over = o.popen\n", "os.popen"),
    ("import os\nos.startfile(path)\n", "os.startfile"),
    ("import os\nos.execv(path, [path])\n", "os.execv"),
    ("import subprocess\n", "not on the list"),
    ("from subprocess import run\n", "not on the list"),
    ("import numpy as np\nnp.load(file)\n", "allow_pickle"),
    ("import numpy as np\nnp.load(file, allow_pickle=True)\n", "allow_pickle"),
    ("import numpy as np\nnp.load(file, allow_pickle=trusted)\n", "allow_pickle"),
    ("from numpy.lib import format as npy\nnpy.read_array(file)\n", "allow_pickle"),
    ("import torch\ntorch.load(file)\n", "weights_only"),
    ("import torch\ntorch.load(file, weights_only=False)\n", "weights_only"),
    ("import yaml\nyaml.load(text)\n", "yaml.load"),
    ("from yaml import unsafe_load\nunsafe_load(text)\n", "yaml.unsafe_load"),
    ("from xml.etree import ElementTree\n", "not on the list"),
    ("import xml.sax\n", "xml.sax"),
    ("from xml.dom import minidom\n", "xml.dom"),
    ("import lxml.etree\n", "lxml"),
    ("import socket\n", "not on the list"),
    ("import urllib.request\n", "not on the list"),
    ("from urllib import request\n", "not on the list"),
    ("import http.server\n", "not on the list"),
    ("import requests\n", "requests"),
    ("import asyncio\n", "not on the list"),
    ("import socketserver\n", "socketserver"),
    ("import tempfile\ntempfile.mktemp()\n", "tempfile.mktemp"),
    ("import zipfile\n", "not on the list"),
    ("archive.extractall(folder)\n", "filter"),
    ("archive.extractall(folder, filter='fully_trusted')\n", "filter"),
    ("import ctypes\n", "not on the list"),
    ("import importlib\n", "not on the list"),
    ("import runpy\n", "runpy"),
    ("def quietly():\n    import pickle\n", "pickle"),
]

RUNNING = [
    ("import subprocess\nsubprocess.run('ls -l')\n", "something else than a list"),
    ("import subprocess\nsubprocess.run(f'ls {name}')\n", "something else than a list"),
    ("import subprocess\nsubprocess.Popen(command)\n", "something else than a list"),
    ("import subprocess\ncommand = 'ls'\nsubprocess.Popen(command)\n", "something else than a list"),
    ("import subprocess\nsubprocess.run(['ls'], shell=True)\n", "shell="),
    ("import subprocess\nsubprocess.run(['ls'], shell=False)\n", "shell="),
    ("import subprocess\nsubprocess.getoutput('ls')\n", "subprocess.getoutput"),
]

FINE = [
    "import re\npattern = re.compile('x')\n",
    "network.eval()\n",
    "import numpy as np\nnp.load(file, allow_pickle=False)\n",
    "import torch\ntorch.load(file, weights_only=True)\n",
    "import yaml\nyaml.safe_load(text)\n",
    "archive.extractall(folder, filter='data')\n",
    "from tempfile import mkstemp, TemporaryDirectory\n",
]


def test_nothing_that_ships_does_what_it_must_not() -> None:
    files = list(shipped_files())
    assert len(files) > 300
    found = []
    for path in files:
        found += findings(path.read_text("utf-8"), path.relative_to(REPOSITORY).as_posix())
    assert found == []


@pytest.mark.parametrize(("source", "what"), PLANTED)
def test_each_rule_finds_what_it_is_for(source: str, what: str) -> None:
    found = findings(source, "reaper_automix/planted.py")
    assert any(what in finding.what for finding in found), found


@pytest.mark.parametrize(("source", "what"), RUNNING)
def test_who_may_run_programs_may_not_run_a_shell(source: str, what: str) -> None:
    found = findings(source, "reaper_automix/reascript/worker_process.py")
    assert any(what in finding.what for finding in found), found


@pytest.mark.parametrize("source", FINE)
def test_what_is_fine_is_not_found(source: str) -> None:
    assert findings(source, "reaper_automix/planted.py") == []


def test_lists_and_arguments_that_are_lists_may_be_run() -> None:
    source = "import subprocess\ncommand = ['ps']\nsubprocess.run(command)\nsubprocess.run(['ps', '-A'])\n"
    taken = "import subprocess\ndef run(command: list[str]) -> None:\n    subprocess.run(command)\n"
    for text in (source, taken):
        assert findings(text, "reaper_automix/installation/running.py") == []


def test_the_list_of_places_is_not_longer_than_what_is_used() -> None:
    """A place that needs its exception no more would let the next one in unseen."""
    sources = {path.relative_to(REPOSITORY).as_posix(): path.read_text("utf-8") for path in shipped_files()}
    for module, places in SOME_PLACES.items():
        for place, why in places.items():
            assert why, (module, place)
            assert any(
                f"import {module}" in line or f"from {module}" in line for line in sources[place].splitlines()
            ), (
                module,
                place,
            )


def test_every_rule_says_why() -> None:
    assert all(why for why in NEVER.values())
