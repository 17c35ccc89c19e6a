"""The network: two layers of LSTM (Hochreiter, Schmidhuber 1997) with 128 and 64 cells, and one number at the end.

Rules held here:
- What it says is bounded: a correction is never larger than `BOUND`, whatever it has learnt.
- It is learnt with torch and written as ONNX by the operators' own definition (ONNX operator LSTM, opset 14), so that
  whoever serves it needs no torch.
- What is served is that graph and no other one, whatever its weights are: a model can name other files, and operators
  that take all memory or never end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoma.errors import BadInput
from haoma.watch.residual.window import BOUND, FEATURES, STEPS, Singles

if TYPE_CHECKING:
    import onnx
    import torch

__all__ = ["CELLS", "INPUT", "OUTPUT", "is_written", "network", "written"]

CELLS = (128, 64)
INPUT, OUTPUT = "quarters", "correction"
_FIXED = {"bound", "steps", "side", "flat"}
_OPSET = 14
_IR = 8


def network(seed: int) -> torch.nn.Module:
    """A network that has learnt nothing, and corrects nothing. Raises BadInput where torch is missing."""
    try:
        import torch
    except ImportError:
        raise BadInput("training needs torch", hint="pip install torch==2.13.0") from None
    torch.manual_seed(seed)

    class Residual(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.LSTM(FEATURES, CELLS[0], batch_first=True)
            self.second = torch.nn.LSTM(CELLS[0], CELLS[1], batch_first=True)
            self.last = torch.nn.Linear(CELLS[1], 1)
            torch.nn.init.zeros_(self.last.weight)
            torch.nn.init.zeros_(self.last.bias)

        def forward(self, quarters: torch.Tensor) -> torch.Tensor:
            """Corrections in nats, [hotlines]."""
            found, _ = self.first(quarters)
            found, _ = self.second(found)
            return BOUND * torch.tanh(self.last(found[:, -1])[:, 0])

    return Residual()


def written(net: torch.nn.Module) -> bytes:
    """The network as an ONNX model from `INPUT` [hotlines, STEPS, FEATURES] to `OUTPUT` [hotlines].

    Raises BadInput where onnx is missing.
    """
    model = _model({name: value.detach().numpy() for name, value in net.state_dict().items()})
    from onnx import checker

    checker.check_model(model)
    return bytes(model.SerializeToString())


def is_written(content: bytes) -> bool:
    """Whether these bytes are a model as `written` makes them; raises BadInput where onnx is missing."""
    wanted = _model({name: np.zeros(shape, np.float32) for name, shape in _shapes().items()})
    try:
        found = type(wanted).FromString(content)
    except Exception:  # noqa: BLE001 - whatever the library raises for what is no message
        return False
    return _bare(found) == _bare(wanted)


def _bare(model: onnx.ModelProto) -> bytes:
    """All of a model but the values that are learnt."""
    for one in model.graph.initializer:
        if one.name not in _FIXED:
            one.ClearField("raw_data")
    return bytes(model.SerializeToString(deterministic=True))


def _shapes() -> dict[str, tuple[int, ...]]:
    """What is learnt, as torch calls it."""
    shapes: dict[str, tuple[int, ...]] = {"last.weight": (1, CELLS[1]), "last.bias": (1,)}
    for name, given, cells in (("first", FEATURES, CELLS[0]), ("second", *CELLS)):
        shapes |= {f"{name}.weight_ih_l0": (4 * cells, given), f"{name}.weight_hh_l0": (4 * cells, cells)}
        shapes |= {f"{name}.bias_ih_l0": (4 * cells,), f"{name}.bias_hh_l0": (4 * cells,)}
    return shapes


def _model(kept: dict[str, Singles]) -> onnx.ModelProto:
    """The network with these values."""
    try:
        from onnx import TensorProto, helper, numpy_helper
    except ImportError:
        raise BadInput("a model is written and looked at with onnx", hint="pip install 'haoma[lstm]'") from None

    weights = {"bound": np.float32(BOUND), "steps": np.array([1]), "side": np.array([0]), "flat": np.array([-1])}
    weights |= {"last": kept["last.weight"].T.copy(), "shift": kept["last.bias"]}
    nodes = [helper.make_node("Transpose", [INPUT], ["steps_first"], perm=[1, 0, 2])]
    came = "steps_first"
    for name, cells in zip(("first", "second"), CELLS, strict=True):
        weights |= {f"{name}_{kind}": value for kind, value in _gates(kept, name).items()}
        given = [came, *(f"{name}_{kind}" for kind in "WRB")]
        nodes.append(helper.make_node("LSTM", given, [f"{name}_all", f"{name}_end"], hidden_size=cells))
        nodes.append(helper.make_node("Squeeze", [f"{name}_all", "steps"], [f"{name}_out"]))
        came = f"{name}_out"
    for kind, given, found in (
        ("Squeeze", ["second_end", "side"], "end"),
        ("MatMul", ["end", "last"], "product"),
        ("Add", ["product", "shift"], "sum"),
        ("Tanh", ["sum"], "bounded"),
        ("Mul", ["bounded", "bound"], "nats"),
        ("Reshape", ["nats", "flat"], OUTPUT),
    ):
        nodes.append(helper.make_node(kind, given, [found]))
    graph = helper.make_graph(
        nodes,
        "residual",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["hotlines", STEPS, FEATURES])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["hotlines"])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR, producer_name="haoma"
    )


def _gates(kept: dict[str, Singles], name: str) -> dict[str, Singles]:
    """Weights of a layer as ONNX has them: gates in the order i, o, f, c, where torch has i, f, g, o."""

    def ordered(value: Singles) -> Singles:
        into, forget, cell, out = np.split(value, 4)
        return np.concatenate([into, out, forget, cell])

    both = np.concatenate([ordered(kept[f"{name}.bias_ih_l0"]), ordered(kept[f"{name}.bias_hh_l0"])])
    return {
        "W": ordered(kept[f"{name}.weight_ih_l0"])[None],
        "R": ordered(kept[f"{name}.weight_hh_l0"])[None],
        "B": both[None],
    }
