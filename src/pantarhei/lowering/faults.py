"""Public errors for faults of a run: those that primitives find, variables without value.

The class and the first words are TensorFlow's; the operation, its line and inputs are added here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from pantarhei.core import errors
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.program.ir import ProgramError, Type

# Cures, by words of the message; the first row that fits is used.
_CURES = (
    ("is not in [0,", "count from 0: the last index is the extent minus 1"),
    ("outside the valid range of [0,", "labels are class numbers: 0 to the number of logits - 1"),
    ("division by zero", "keep zeros out of the divisor, for example by tf.maximum(divisor, 1)"),
    (
        "had NaN",
        "look for log(0), 0/0 and too large learning rates; tf.clip_by_value bounds a tensor",
    ),
    ("had Inf", "look for x/0, exp of large numbers and too large learning rates"),
    ("Incompatible shapes", "shapes must be equal, or 1 where they differ, counted from the end"),
    (
        "Matrix size-incompatible",
        "columns of the first must be rows of the second; see transpose_b",
    ),
    ("Input to reshape", "let one extent be free, as in tf.reshape(x, [-1, 10])"),
    ("OOM when allocating", "use smaller batches or layers, or a smaller dtype"),
)


def operation_error(
    error: ProgramError, op: Operation, types: Sequence[Type | None] = ()
) -> errors.OpError:
    """The public error for a fault in the data of an operation.

    `types` are those that its inputs have in this run, where they are known.
    """
    kind: type[errors.OpError] = getattr(errors, error.kind)
    known = [*types, *[None] * (len(op.inputs) - len(types))]
    inputs = [
        f"{tensor.name} {tensor.shape if type is None else type}"
        for tensor, type in zip(op.inputs, known, strict=True)
    ]
    cause = f"what this run computed for {', '.join(inputs)}" if inputs else None
    cure = next((cure for words, cure in _CURES if words in error.message), None)
    return kind(None, op, error.message, cause=cause, cure=cure)  # type: ignore[call-arg]


def raise_dead(tensor: Tensor) -> NoReturn:
    """Raises TensorFlow's error for a fetch that has no value in this run."""
    raise errors.InvalidArgumentError(
        None,
        tensor.op,
        f"Retval[0] does not have value: {tensor.name}",
        cause="it is computed only in the branch of a condition that was not taken",
        cure="fetch the result of tf.cond instead",
    )


def raise_inside_loop(op: Operation, wanted: Sequence[Operation]) -> NoReturn:
    """Raises an error for a fetch that is inside a loop, which has a value in every iteration."""
    names = ", ".join(each.name for each in wanted[:3])
    raise errors.InvalidArgumentError(
        None,
        op,
        f"The node '{names}' has inputs from different frames, or is inside a while loop",
        cause="what is inside a loop has one value for every iteration, and none after it",
        cure="fetch a result of the loop; a tf.TensorArray collects values of all iterations",
    )


def raise_from_earlier_part(tensor: Tensor, op: Operation) -> NoReturn:
    """Raises an error for a stack or tensor array that an earlier part of a run has made."""
    raise errors.InvalidArgumentError(
        None,
        op,
        f"Resource {tensor.name} does not exist.",
        cause="an earlier part of this run in parts has made it, and it is gone with that part",
        cure="fetch in one part all that uses it",
    )


def raise_no_loop(op: Operation, message: str) -> NoReturn:
    """Raises an error for operations of loops that form no loop."""
    raise errors.InvalidArgumentError(
        None,
        op,
        f"Invalid loop structure: {message}",
        cause="the graph was written by hand, or cut in the middle of a loop",
        cure="import the whole loop, from its Enter to its Exit operations",
    )


def raise_uninitialized(
    variables: Mapping[str, tuple[Operation, Operation | None]],
) -> NoReturn:
    """Raises TensorFlow's error for the first variable, with all the others named too."""
    key, (op, reader) = next(iter(variables.items()))
    kind: Any = errors.FailedPreconditionError
    missing = f"Resource localhost/{key}/N10tensorflow3VarE does not exist."
    if op.outputs[0].dtype.name != "resource":
        message = f"Attempting to use uninitialized value {key}"
    elif reader is not None and reader.definition.writes:
        kind, message = errors.NotFoundError, missing
    else:
        message = (
            f"Error while reading resource variable {key} from Container: localhost. This could "
            f"mean that the variable was uninitialized. Not found: {missing}"
        )
    if len(variables) > 1:
        message += f"\nAll uninitialized values that this run reads: {', '.join(variables)}"
    raise kind(
        None,
        op,
        message,
        cause="a variable gets its initial value only when its initializer runs",
        cure="run `session.run(tf.global_variables_initializer())` first",
    )
