"""A corrector of somebody else's: what a file could make onnxruntime do is not done."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from haoma.errors import BadInput
from haoma.watch.residual import Model
from haoma.watch.residual.network import network, written

if os.environ.get("CI"):
    import onnx  # its absence is a failure there
    import onnxruntime  # noqa: F401
    import torch  # noqa: F401
else:
    onnx = pytest.importorskip("onnx", reason="pip install 'haoma[lstm]'")
    pytest.importorskip("onnxruntime", reason="pip install 'haoma[lstm]'")
    pytest.importorskip("torch", reason="sh tests/peers/torch.sh installs it")


def test_what_is_another_graph_than_ours_is_not_run(tmp_path: Path) -> None:
    model = written(network(1))

    def outside(one: onnx.ModelProto) -> None:
        weights = next(each for each in one.graph.initializer if each.name == "first_W")
        weights.data_location = onnx.TensorProto.EXTERNAL
        weights.external_data.add(key="location", value="secret.bin")

    def endless(one: onnx.ModelProto) -> None:
        one.graph.node.append(onnx.helper.make_node("ConstantOfShape", ["steps"], ["much"]))

    def wide(one: onnx.ModelProto) -> None:
        next(each for each in one.graph.initializer if each.name == "last").dims[1] = 1 << 20

    def other(one: onnx.ModelProto) -> None:
        one.graph.node[0].domain = "elsewhere"

    def fixed(one: onnx.ModelProto) -> None:
        next(each for each in one.graph.initializer if each.name == "flat").raw_data = bytes(8)

    path = tmp_path / "changed.onnx"
    path.write_bytes(model)
    assert Model(path).digest
    (tmp_path / "secret.bin").write_bytes(bytes(1 << 16))
    for change in (outside, endless, wide, other, fixed):
        changed = onnx.load_model_from_string(model)
        change(changed)
        path.write_bytes(changed.SerializeToString())
        with pytest.raises(BadInput, match="no corrector"):
            Model(path)


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "large.onnx"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(BadInput, match="no corrector"):
        Model(path)
