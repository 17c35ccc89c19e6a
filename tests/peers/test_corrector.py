"""A corrector beside torch: what onnxruntime serves is what was learnt, and its card tells what that is worth."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from haoma.cli.main import run
from haoma.errors import BadInput
from haoma.watch.model import Tuning
from haoma.watch.residual import Model, Quarters, Trained, train
from haoma.watch.residual.network import network, written
from haoma.watch.residual.window import BOUND, FEATURES, STEPS, Window
from haoma.watch.running.fleet import Fleet, Known

if os.environ.get("CI"):
    import onnxruntime  # noqa: F401 - its absence is a failure there
    import torch
else:
    pytest.importorskip("onnxruntime", reason="pip install 'haoma[lstm]'")
    torch = pytest.importorskip("torch", reason="sh tests/peers/torch.sh installs it")
HOTLINES = 7


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that says something: its last layer is drawn at random."""
    net = network(1)
    torch.nn.init.normal_(net.last.weight)
    path = tmp_path_factory.mktemp("model") / "drawn.onnx"
    path.write_bytes(written(net))
    return path


def test_onnxruntime_says_what_torch_says(model: Path) -> None:
    net, window, rng = network(1), Window(HOTLINES), np.random.default_rng(2)
    torch.nn.init.normal_(net.last.weight)
    for _ in range(STEPS):
        window.add(rng.poisson(40, HOTLINES).astype(np.float64), np.full(HOTLINES, 40.0))
    ahead, free = np.full(HOTLINES, 600), np.zeros(HOTLINES, dtype=bool)
    with torch.no_grad():
        wanted = np.exp(net(torch.from_numpy(window.features(ahead, free))).numpy())
    said = Model(model).corrections(window, ahead, free)
    assert said == pytest.approx(wanted, rel=1e-5)
    assert np.ptp(said) > 0
    assert np.abs(np.log(said)).max() <= BOUND


def test_a_fleet_goes_on_to_the_bit_after_a_restart_and_takes_in_more_hotlines(model: Path) -> None:
    rng, since, served = np.random.default_rng(3), 29_630_400, Model(model)
    hotlines = list(range(HOTLINES))
    history = rng.poisson(300, (HOTLINES, 8 * 7 * 96, 2)).astype(np.float64)
    counts = rng.poisson(20, (HOTLINES, 90, 2)).astype(np.float64)
    counts[-1, :30] = np.nan

    def fleets() -> tuple[Fleet, Fleet]:
        known = Known(dict.fromkeys(hotlines, ""), {}, model=served)
        one = Fleet(Tuning(), known, since + 8 * 7 * 1440 - 1, {})
        one.learn(hotlines[:-1], since, history[:-1])
        one.judge(hotlines, counts[:, :50], {})
        return one, Fleet.resumed(Tuning(), known, one.kept(), one.standing)

    one, other = fleets()
    for fleet in (one, other):
        fleet.judge(hotlines, counts[:, 50:], {})
    assert one.kept() == other.kept()
    plain = Fleet(Tuning(), Known(dict.fromkeys(hotlines, ""), {}), since + 8 * 7 * 1440 - 1, {})
    plain.learn(hotlines[:-1], since, history[:-1])
    plain.judge(hotlines, counts, {})
    assert plain.newest(0)[0][0] != one.newest(0)[0][0]
    assert plain.newest(0)[0][0] == pytest.approx(one.newest(0)[0][0], rel=np.expm1(BOUND))


def test_what_is_no_corrector_is_told(tmp_path: Path) -> None:
    for name, content in (("empty", b""), ("words", b"no model"), ("picture", b"\x89PNG" * 100)):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(BadInput):
            Model(path)


def test_training_writes_a_model_that_can_be_served_and_its_card(tmp_path: Path) -> None:
    model = tmp_path / "small.onnx"
    asked = ["--simulated", "--weeks", "5", "--held-weeks", "1", "--hotlines", "2", "--epochs", "1", "-o", str(model)]
    assert run(["watch", "train", *asked]) == 0
    assert run(["watch", "train", *asked]) == 1  # it is there
    card = json.loads(model.with_suffix(".json").read_text(encoding="utf-8"))
    assert card["simulated"] is True
    assert card["examples"] > 500
    assert card["layers"] == [128, 64]
    assert set(card["error"]) == {"without", "with"}
    assert "| median" not in model.with_suffix(".md").read_text(encoding="utf-8").splitlines()[0]
    assert Model(model).digest == card["sha256"]
    assert (STEPS, FEATURES) == (16, 5)


def test_it_learns_what_is_to_be_learnt(tmp_path: Path) -> None:
    rng, quarters, hotlines = np.random.default_rng(5), 1200, 12
    phase = rng.integers(8, size=hotlines)
    wave = 0.2 * np.where((np.arange(quarters)[:, None] + phase) % 8 < 4, 1.0, -1.0)
    expected = np.full((quarters, hotlines), 300.0)
    found = Quarters(
        np.arange(quarters) * 15, np.zeros(quarters, dtype=bool), rng.poisson(expected * np.exp(wave)) * 1.0, expected
    )
    *_, trained = train(found, epochs=6, examples=4000)
    assert isinstance(trained, Trained)
    path = tmp_path / "wave.onnx"
    path.write_bytes(trained.model)
    window = Window(hotlines)
    for at in range(quarters - STEPS - 1, quarters - 1):
        window.add(found.came[at], expected[at])
    ahead = np.full(hotlines, (quarters - 1) * 15)
    said = np.log(Model(path).corrections(window, ahead, np.zeros(hotlines, dtype=bool)))
    assert np.abs(said - wave[-1]).max() < 0.15


def test_too_short_a_series_teaches_nothing() -> None:
    nothing = np.zeros((96, 3))
    with pytest.raises(BadInput, match="nothing to learn"):
        list(train(Quarters(np.arange(96) * 15, np.zeros(96, dtype=bool), nothing, nothing)))
