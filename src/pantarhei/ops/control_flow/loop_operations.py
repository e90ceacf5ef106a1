"""The operations that loops are made of, and the functions that make them.

`Enter` brings a tensor into a loop, `NextIteration` into its next round, `Exit` out of it;
`LoopCond` decides. Lowering implements a loop as a whole (lowering/loop_structure.py).
"""

from __future__ import annotations

from typing import Any

from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply, first_input_shape
from pantarhei.graph.definitions.shape_rules import with_rank
from pantarhei.graph.operation import Operation, Tensor


class PassesOn(OpDef, abstract=True):
    """Gives its input, which may be a reference to a variable."""

    takes_references = True
    pure = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return first_input_shape(op)

    def lower(self, b: Any, op: Operation, x: Any) -> Any:
        return x


class EnterFamily(PassesOn, abstract=True):
    """Brings a tensor into a loop."""

    def infer(self, op: Operation) -> list[TensorShape]:
        # A loop variable may change its shape from one iteration to the next.
        return first_input_shape(op) if op.attributes["is_constant"] else [unknown_shape()]

    def grad(self, op: Operation, g: Any) -> Any:
        here = op.graph._get_control_flow_context()
        if here is None or not here.back_prop or here.grad_state is None:
            return g
        return here.grad_state.through_enter(op, g)


class Enter(EnterFamily):
    """For values."""

    signature = (
        "data: T -> output: T | T: type | frame_name: string | is_constant: bool = False "
        "| parallel_iterations: int = 10"
    )

    def lower(self, b: Any, op: Operation, x: Any) -> Any:
        # An invariant may be a variable: then each iteration reads its latest value.
        is_variable = hasattr(x, "key") and op.inputs[0].dtype.name != "resource"
        return b.read(x) if is_variable and not op.attributes["is_constant"] else x


class RefEnter(EnterFamily):
    """For references to variables."""

    signature = (
        "data: Ref(T) -> output: Ref(T) | T: type | frame_name: string "
        "| is_constant: bool = False | parallel_iterations: int = 10"
    )


class ExitFamily(OpDef, abstract=True):
    """Brings the last value of a loop variable out of the loop."""

    pure = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return first_input_shape(op)

    def grad(self, op: Operation, g: Any) -> Any:
        here = op.graph._get_control_flow_context()
        if not here.back_prop:
            return None
        if op._get_control_flow_context().grad_state is not None:
            raise TypeError("Second-order gradient for while loops not supported.")
        return here.grad_state.through_exit(g)

    def lower(self, b: Any, op: Operation) -> Any:
        return b.leave(op)


class Exit(ExitFamily):
    """For values."""

    signature = "data: T -> output: T | T: type"


class RefExit(ExitFamily):
    """For references to variables."""

    signature = "data: Ref(T) -> output: Ref(T) | T: type"


class NextFamily(PassesOn, abstract=True):
    """Brings something into the next iteration."""

    def grad(self, op: Operation, g: Any) -> Any:
        return g


class NextIteration(NextFamily):
    """For values."""

    signature = "data: T -> output: T | T: type"
    takes_references = False


class RefNextIteration(NextFamily):
    """For references to variables."""

    signature = "data: Ref(T) -> output: Ref(T) | T: type"


class LoopCond(PassesOn):
    """Whether the loop goes on."""

    signature = "input: bool -> output: bool"
    takes_references = False
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank(op, 0, 0)
        return first_input_shape(op)


def enter(
    data: Any,
    frame_name: str,
    is_constant: bool = False,
    parallel_iterations: int = 10,
    use_input_shape: bool = True,
    name: str | None = None,
) -> Tensor:
    """`data` inside the loop of this name; the same in every iteration if `is_constant`."""
    data = convert_to_tensor(data, as_ref=True)
    result: Tensor = apply(
        "RefEnter" if data.dtype._is_ref_dtype else "Enter",
        data,
        frame_name=frame_name,
        is_constant=is_constant,
        parallel_iterations=parallel_iterations,
        name=name,
    )
    if use_input_shape:
        result.set_shape(data.shape)
    return result


def leave(data: Tensor, name: str | None = None) -> Tensor:
    """`data` outside the loop: what it is when the loop has ended."""
    result: Tensor = apply("RefExit" if data.dtype._is_ref_dtype else "Exit", data, name=name)
    return result


def next_iteration(data: Any, name: str | None = None) -> Tensor:
    """`data` in the next iteration."""
    data = convert_to_tensor(data, as_ref=True)
    kind = "RefNextIteration" if data.dtype._is_ref_dtype else "NextIteration"
    result: Tensor = apply(kind, data, name=name)
    return result


def loop_cond(condition: Tensor, name: str | None = None) -> Tensor:
    """The condition of a loop."""
    result: Tensor = apply("LoopCond", condition, name=name)
    return result
