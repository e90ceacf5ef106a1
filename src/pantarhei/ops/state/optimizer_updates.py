"""The operations by which optimizers change variables, each in four forms.

A row of the table at the end makes `Apply<Kind>` and `SparseApply<Kind>` for variables by
reference, and `ResourceApply<Kind>` and `ResourceSparseApply<Kind>` for resource variables. Sparse
forms change the rows that `indices` names, which must not repeat. What a kind does is its rule in
ops/state/update_rules.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pantarhei.core.shapes import TensorShape
from pantarhei.graph.definitions.opdef import OpDef, apply, register
from pantarhei.graph.definitions.shape_rules import merged, merged_extents, shown, with_rank
from pantarhei.graph.operation import Operation
from pantarhei.ops.state import update_rules
from pantarhei.ops.state.resource import held_shape
from pantarhei.ops.state.update_rules import TracedValue
from pantarhei.program.ir import ProgramError, Value

Shape = tuple[int, ...]


class DenseUpdate(OpDef, abstract=True):
    """An update of whole variables.

    Args:
      kind: what the types of the operations are made of.
      rule: the new values of the variable and its slots.
      variables: names of the inputs that are variables, the one to be trained first.
      inputs: names of the others.
      options: attributes that the rule takes, with their defaults.
      by_reference: whether it is the form for variables by reference.
    """

    pure = False
    writes = True
    differentiable = False
    sparse = False

    def __init__(
        self,
        kind: str,
        rule: Callable[..., update_rules.Rule],
        variables: Sequence[str],
        inputs: Sequence[str],
        options: dict[str, bool],
        by_reference: bool,
    ) -> None:
        self.rule = rule
        self.variables = variables
        self.names = self._names(inputs)
        self.options = options
        self.by_reference = by_reference
        sparse = "Sparse" if self.sparse else ""
        self.type = f"{'' if by_reference else 'Resource'}{sparse}Apply{kind}"
        self.signature = self._signature()  # type: ignore[misc]

    def _names(self, inputs: Sequence[str]) -> list[str]:
        return list(inputs)

    def _signature(self) -> str:
        kind = "Ref(T)" if self.by_reference else "resource"
        types = {"global_step": "int64", "indices": "Tindices"}
        arguments = [f"{each}: {kind}" for each in self.variables]
        arguments += [f"{each}: {types.get(each, 'T')}" for each in self.names]
        attributes = ["T: numeric", *(["Tindices: index"] if self.sparse else [])]
        attributes += ["use_locking: bool = False"]
        attributes += [f"{name}: bool = {default}" for name, default in self.options.items()]
        result = "out: Ref(T)" if self.by_reference else ""
        return f"{', '.join(arguments)} -> {result} | {' | '.join(attributes)}"

    @property
    def gradient(self) -> str:
        """The name of the input that has the variable's shape."""
        return "delta" if "delta" in self.names else "grad"

    def infer(self, op: Operation) -> list[TensorShape]:
        """The variable's shape, which slots and gradient must have, and the others none."""
        count = len(self.variables)
        shapes = [
            tensor.shape if self.by_reference else held_shape(tensor)
            for tensor in op.inputs[:count]
        ]
        shape = shapes[0]
        for slot in shapes[1:]:
            shape = merged(op, shape, slot)
        places = {name: count + index for index, name in enumerate(self.names)}
        for name, index in places.items():
            if name not in (self.gradient, "indices"):
                with_rank(op, index, 0)
        shape = self._merged_gradient(op, shape, places)
        return [shape] if self.by_reference else []

    def _merged_gradient(
        self, op: Operation, shape: TensorShape, places: dict[str, int]
    ) -> TensorShape:
        return merged(op, shape, op.inputs[places[self.gradient]].shape)

    def lower(self, b: Any, op: Operation, *inputs: Any) -> Any:
        """Reads the variables, applies the rule, writes the results."""
        count = len(self.variables)
        references = dict(zip(self.variables, inputs[:count], strict=True))
        given = dict(zip(self.names, inputs[count:], strict=True))
        current = {name: b.read(reference) for name, reference in references.items()}
        self._check(current, given)
        old, put_back = self._rows(b, current, given)
        options = {name: op.attributes[name] for name in self.options}
        numbers = {name: TracedValue(b, value) for name, value in {**old, **given}.items()}
        if "delta" in numbers:
            numbers["grad"] = numbers.pop("delta")
        results = self.rule(**numbers, **options)
        for name, result in zip(self.variables, results, strict=True):
            b.write(references[name], put_back(name, result.value))
        return inputs[0] if self.by_reference else None

    def _rows(
        self, b: Any, current: dict[str, Value], given: dict[str, Value]
    ) -> tuple[dict[str, Value], Callable[[str, Value], Value]]:
        """The values that the rule changes, and how the results get back into their variables."""
        return current, lambda name, new: new

    def _check(self, current: dict[str, Value], given: dict[str, Value]) -> None:
        """Raises ProgramError in TensorFlow's words if concrete shapes do not fit."""
        shape = current["var"].shape
        for name, value in current.items():
            if value.shape != shape:
                _raise_different(name, shape, value.shape)
        for name, value in given.items():
            if name not in (self.gradient, "indices") and value.shape:
                raise ProgramError(f"{name} is not a scalar: {shown(value.shape)}")
        self._check_gradient(shape, given)

    def _check_gradient(self, shape: Shape, given: dict[str, Value]) -> None:
        if given[self.gradient].shape != shape:
            _raise_different(self.gradient, shape, given[self.gradient].shape)


class SparseUpdate(DenseUpdate, abstract=True):
    """An update of the rows that `indices` names."""

    sparse = True

    def _names(self, inputs: Sequence[str]) -> list[str]:
        names = ["grad" if each == "delta" else each for each in inputs]
        names.insert(names.index("grad") + 1, "indices")
        return names

    def _merged_gradient(
        self, op: Operation, shape: TensorShape, places: dict[str, int]
    ) -> TensorShape:
        grad = op.inputs[places["grad"]].shape
        indices = with_rank(op, places["indices"], 1).as_list()
        if grad.ndims is None:
            return shape
        merged_extents(op, indices[0], grad.as_list()[0] if grad.ndims else None)
        return merged(op, shape, TensorShape([None, *grad.as_list()[1:]]))

    def _check_gradient(self, shape: Shape, given: dict[str, Value]) -> None:
        grad, indices = given["grad"].shape, given["indices"].shape
        if not shape:
            raise ProgramError("var must be at least 1 dimensional")
        if len(indices) != 1:
            raise ProgramError("indices must be one-dimensional")
        for axis in range(1, len(shape)):
            if len(grad) != len(shape) or grad[axis] != shape[axis]:
                raise ProgramError(f"var and grad must match in dimension {axis}")
        if grad[:1] != indices:
            raise ProgramError("grad must be the same size as indices in the first dimension.")

    def _rows(
        self, b: Any, current: dict[str, Value], given: dict[str, Value]
    ) -> tuple[dict[str, Value], Callable[[str, Value], Value]]:
        indices = b.check_range(
            given.pop("indices"),
            limit=current["var"].shape[0],
            message="Index {wrong} at offset {offset} in indices is out of range",
        )
        positions = b.reshape(indices, shape=(*indices.shape, 1))

        def put_back(name: str, rows: Value) -> Value:
            result: Value = b.scatter(current[name], positions, rows, combine="set")
            return result

        return {name: b.gather(value, indices, axis=0) for name, value in current.items()}, put_back


def _raise_different(name: str, expected: Shape, found: Shape) -> None:
    raise ProgramError(f"var and {name} do not have the same shape{shown(expected)} {shown(found)}")


_ACCUM = "var accum"
_FTRL = "var accum linear"
_DUAL = "var gradient_accumulator gradient_squared_accumulator"
_RMS = "lr rho momentum epsilon grad"
_ADAM = "beta1_power beta2_power lr beta1 beta2 epsilon grad"
_PROXIMAL = "alpha l1 l2 delta"
_NESTEROV = {"use_nesterov": False}

# Kind, rule, variables, other inputs, options. The first two have no sparse form: a sparse step of
# gradient descent is a scatter, and one of Adam is made of other operations, since all rows of its
# slots change.
_DENSE_ONLY: list[tuple[str, Callable[..., update_rules.Rule], str, str, dict[str, bool]]] = [
    ("GradientDescent", update_rules.gradient_descent, "var", "alpha delta", {}),
    ("Adam", update_rules.adam, "var m v", _ADAM, _NESTEROV),
]
_BOTH: list[tuple[str, Callable[..., update_rules.Rule], str, str, dict[str, bool]]] = [
    ("Momentum", update_rules.momentum, _ACCUM, "lr grad momentum", _NESTEROV),
    ("Adagrad", update_rules.adagrad, _ACCUM, "lr grad", {"update_slots": True}),
    ("Adadelta", update_rules.adadelta, "var accum accum_update", "lr rho epsilon grad", {}),
    ("RMSProp", update_rules.rms_prop, "var ms mom", _RMS, {}),
    ("CenteredRMSProp", update_rules.centered_rms_prop, "var mg ms mom", _RMS, {}),
    ("Ftrl", update_rules.ftrl, _FTRL, "grad lr l1 l2 lr_power", {}),
    ("FtrlV2", update_rules.ftrl_v2, _FTRL, "grad lr l1 l2 l2_shrinkage lr_power", {}),
    ("ProximalGradientDescent", update_rules.proximal_gradient_descent, "var", _PROXIMAL, {}),
    ("ProximalAdagrad", update_rules.proximal_adagrad, _ACCUM, "lr l1 l2 grad", {}),
    ("AdagradDA", update_rules.adagrad_da, _DUAL, "grad lr l1 l2 global_step", {}),
]
for _row in (*_DENSE_ONLY, *_BOTH):
    for _form in (DenseUpdate, SparseUpdate) if _row in _BOTH else (DenseUpdate,):
        for _by_reference in (True, False):
            _kind, _rule, _variables, _inputs, _options = _row
            register(
                _form(_kind, _rule, _variables.split(), _inputs.split(), _options, _by_reference)
            )


def update(
    kind: str,
    variables: Sequence[Any],
    inputs: Sequence[Any],
    resource: bool,
    sparse: bool,
    **attributes: Any,
) -> Operation:
    """The operation that changes a variable and its slots.

    Args:
      kind: what the operation's type is made of, such as `Adam`.
      variables: the variable to be trained and its slots, in the order of the table.
      inputs: the other inputs; in the sparse form the indices follow the gradient.
      resource: whether the variables are resource variables.
      sparse: whether only some rows change.
      **attributes: `use_locking` and the options of the kind.

    Raises:
      ValueError: shapes do not fit. TypeError: dtypes do not fit.
    """
    form = f"{'Resource' if resource else ''}{'Sparse' if sparse else ''}Apply{kind}"
    current = [each.handle for each in variables] if resource else variables
    result = apply(form, *current, *inputs, **attributes)
    op: Operation = result if resource else result.op
    return op
