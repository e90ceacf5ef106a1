"""`Layer`: what all layers share: names and scopes, variables, losses, updates, checks of inputs.

A layer makes its variables when it is first called (`build`) and its operations at every call. It
makes variables only through `get_variable`, and is independent of what a layer computes.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable
from typing import Any

from pantarhei.core import dtypes
from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape, as_shape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import get_collection_ref, name_scope
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.shapes import shape as shape_of
from pantarhei.ops.control_flow.cond import cond
from pantarhei.variables.collections import global_variables, trainable_variables
from pantarhei.variables.scope import VariableScope
from pantarhei.variables.scope_entry import variable_scope
from pantarhei.variables.store import get_variable

_NAMES_KEY = ("__layer_names",)


class InputSpec:
    """What a layer requires of its input; `axes` maps an axis to its extent.

    Example:
      >>> import pantarhei as tf
      >>> tf.layers.InputSpec(min_ndim=2, axes={-1: 3}).axes
      {-1: 3}
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
    ) -> None:
        self.dtype = dtype
        self.shape = shape
        self.ndim = len(shape) if shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = axes or {}

    def shape_error(self, x: Tensor) -> str:
        """What keeps `x` from being the input; empty where nothing does."""
        ranks = (self.ndim, self.max_ndim, self.min_ndim)
        rank = x.shape.ndims
        if rank is None:
            if any(each is not None for each in ranks):
                return "its rank is undefined, but the layer requires a defined rank."
            return ""
        extents = x.shape.as_list()
        if self.ndim is not None and rank != self.ndim:
            return f"expected ndim={self.ndim}, found ndim={rank}. Full shape received: {extents}"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"expected max_ndim={self.max_ndim}, found ndim={rank}"
        if self.min_ndim is not None and rank < self.min_ndim:
            return (
                f": expected min_ndim={self.min_ndim}, found ndim={rank}. "
                f"Full shape received: {extents}"
            )
        if self.dtype is not None and x.dtype != self.dtype:
            return f"expected dtype={self.dtype}, found dtype={x.dtype}"
        for axis, extent in self.axes.items():
            if extent is not None and extents[axis] not in (extent, None):
                return (
                    f"expected axis {axis} of input shape to have value {extent} but received "
                    f"input with shape {extents}"
                )
        if self.shape is not None and not x.shape.is_compatible_with(self.shape):
            return f"expected shape={self.shape}, found shape={extents}"
        return ""


def smart_cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """The branch that holds, where that is known now; else `tf.cond`."""
    known = known_truth(pred)
    if known is None:
        return cond(pred, true_fn, false_fn)
    return true_fn() if known else false_fn()


def known_truth(pred: Any) -> bool | None:
    """Whether a Python bool, 0 or 1, or tensor holds; None where it is known only at run time."""
    if isinstance(pred, Tensor):
        value = constant_value(pred)
        return None if value is None else bool(value)
    if isinstance(pred, (bool, int)) and pred in (0, 1):
        return bool(pred)
    if hasattr(pred, "_as_tensor"):  # a variable
        return None
    raise TypeError(f"`pred` must be a Tensor, or a Python bool, or 1 or 0. Found instead: {pred}")


class Layer:
    """Base of layers. Override `build`, which makes variables with `add_weight`, and `call`.

    Args:
      trainable: whether optimizers change the variables.
      name: name of the layer, the prefix of its variables.
      dtype: of the variables; that of the first input by default.
      activity_regularizer: function of the output; its mean over the batch becomes a loss.

    Attributes:
      built: whether the variables have been made.
      input_spec: the requirements on the input, an `InputSpec`.

    Example:
      >>> import pantarhei as tf
      >>> class Scale(tf.layers.Layer):
      ...     def build(self, input_shape):
      ...         self.factor = self.add_weight("factor", [], initializer=tf.ones_initializer())
      ...         self.built = True
      ...     def call(self, inputs):
      ...         return inputs * self.factor
      >>> Scale(name="scale")(tf.constant([1.0, 2.0])).name
      'scale/mul:0'
    """

    def __init__(
        self,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
        activity_regularizer: Callable[[Tensor], Any] | None = None,
        **kwargs: Any,
    ) -> None:
        scope = kwargs.pop("_scope", None)
        self._reuse = kwargs.pop("_reuse", None)
        for unknown in kwargs:
            raise TypeError("Keyword argument not understood:", unknown)
        self.trainable = trainable
        self.built = False
        self.input_spec: InputSpec | None = None
        self._dtype = None if dtype is None else dtypes.as_dtype(dtype)
        self._activity_regularizer = activity_regularizer
        self._trainable_weights: list[Any] = []
        self._non_trainable_weights: list[Any] = []
        self._losses: list[Tensor] = []
        self._updates: list[Operation] = []
        self._base_name = name or _snake_case(type(self).__name__)
        self._name = name or _numbered(self._base_name)
        self._scope: VariableScope | None = None
        self._current_scope: VariableScope | None = None
        if scope:
            with variable_scope(scope) as captured:
                self._scope = captured

    @property
    def name(self) -> str:
        """The name of the layer."""
        return self._name

    @property
    def dtype(self) -> DType | None:
        """The dtype of the variables; None before the first call if it was not given."""
        return self._dtype

    @property
    def scope_name(self) -> str:
        """The name of the variable scope of the layer.

        Raises:
          ValueError: before the first call.
        """
        if self._scope is None:
            raise ValueError(
                f'No name available for layer scope because the layer "{self._name}" has not been '
                "used yet. The scope name is determined the first time the layer instance is "
                "called. You must therefore call the layer before querying `scope_name`."
            )
        return self._scope.name

    @property
    def activity_regularizer(self) -> Callable[[Tensor], Any] | None:
        """The function of the output that becomes a loss."""
        return self._activity_regularizer

    @property
    def trainable_weights(self) -> list[Any]:
        """The variables that optimizers change."""
        return list(self._trainable_weights) if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The variables that optimizers leave alone."""
        if self.trainable:
            return list(self._non_trainable_weights)
        return self._trainable_weights + self._non_trainable_weights

    @property
    def weights(self) -> list[Any]:
        """All variables, the trainable ones first."""
        return self.trainable_weights + self.non_trainable_weights

    @property
    def variables(self) -> list[Any]:
        """The same as `weights`."""
        return self.weights

    @property
    def trainable_variables(self) -> list[Any]:
        """The same as `trainable_weights`."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Any]:
        """The same as `non_trainable_weights`."""
        return self.non_trainable_weights

    @property
    def losses(self) -> list[Tensor]:
        """Losses that regularizers and `add_loss` have made."""
        return list(self._losses)

    @property
    def updates(self) -> list[Operation]:
        """Operations to run with each training step, also in `UPDATE_OPS`; none if it is frozen."""
        return list(self._updates) if self.trainable else []

    def build(self, input_shape: TensorShape) -> None:
        """Makes the variables for inputs of a shape; called once, before the first `call`."""
        self.built = True

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Makes the operations of the layer; returns its output."""
        return inputs

    def count_params(self) -> int:
        """How many numbers the variables hold.

        Raises:
          ValueError: before the first call.
        """
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on {self.name}, but the layer isn't built."
            )
        return sum(math.prod(each.shape.as_list()) for each in self.weights)

    def add_weight(
        self,
        name: str,
        shape: Any,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Callable[[Any], Any] | None = None,
        trainable: bool = True,
        constraint: Callable[[Any], Any] | None = None,
        use_resource: bool | None = None,
        partitioner: Any = None,
        **arguments: Any,
    ) -> Any:
        """Makes a variable of the layer, or finds it where the layer is reused.

        Args:
          name: its name in the layer.
          shape: its shape.
          dtype: the layer's by default.
          initializer: the variable scope's by default.
          regularizer: function of the variable that becomes a regularization loss.
          trainable: whether optimizers change it (if the layer is trainable).
          constraint: function that optimizers apply to it after each step.
          use_resource: whether to make a resource variable; as the scope says by default.
          partitioner: makes the variable in parts.
          **arguments: further ones of `tf.get_variable`.
        """
        before = set(map(id, global_variables()))
        self._set_scope(None)
        assert self._scope is not None
        reuse = self.built or self._reuse
        trained = trainable and self.trainable
        with variable_scope(self._scope, reuse=reuse, auxiliary_name_scope=False) as scope:
            self._current_scope = scope
            with name_scope(scope.original_name_scope):
                variable = get_variable(
                    name,
                    shape=shape,
                    dtype=dtypes.as_dtype(dtype or self._dtype or dtypes.float32),
                    initializer=initializer,
                    trainable=trained,
                    constraint=constraint,
                    use_resource=use_resource or scope.use_resource,
                    partitioner=partitioner,
                    **arguments,
                )
                parts = list(variable) if hasattr(variable, "_get_variable_list") else [variable]
                if regularizer is not None and not any(id(part) in before for part in parts):
                    self._regularize(name, parts, regularizer)
        known = set(map(id, trainable_variables()))
        for part in parts:
            taught = trained and id(part) in known
            weights = self._trainable_weights if taught else self._non_trainable_weights
            weights.append(part)
        return variable

    def add_variable(self, *args: Any, **kwargs: Any) -> Any:
        """The same as `add_weight`."""
        return self.add_weight(*args, **kwargs)

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Adds tensors to the layer's losses and to the collection `REGULARIZATION_LOSSES`."""
        for loss in losses if isinstance(losses, (list, tuple)) else [losses]:
            loss = loss() if callable(loss) else loss
            if loss is not None:
                loss = convert_to_tensor(loss)
                self._losses.append(loss)
                _add_once(GraphKeys.REGULARIZATION_LOSSES, loss)

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Adds operations, or functions that make them, to the updates."""
        for update in updates if isinstance(updates, (list, tuple)) else [updates]:
            made = update() if callable(update) else update
            self._updates.append(made if isinstance(made, Operation) else made.op)

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Makes the variables if this is the first call, then the operations."""
        self._set_scope(kwargs.pop("scope", None))
        assert self._scope is not None
        reuse = True if self.built else self._reuse
        with variable_scope(self._scope, reuse=reuse, auxiliary_name_scope=False) as scope:
            self._current_scope = scope
            if "scope" in inspect.signature(self.call).parameters:
                kwargs["scope"] = scope
            inputs = _as_tensors(inputs)
            with name_scope(scope.original_name_scope):
                self._check(inputs)
                self._build_for(inputs)
                outputs = self.call(inputs, *args, **kwargs)
                self._regularize_activity(outputs)
        for update in self.updates:
            _add_once(GraphKeys.UPDATE_OPS, update)
        return outputs

    def apply(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The same as calling the layer."""
        return self(inputs, *args, **kwargs)

    def _set_scope(self, scope: Any) -> None:
        """Opens the layer's variable scope, the first time, under a name of its own if not
        reused."""
        if self._scope is not None:
            return
        if self._reuse:
            opened = variable_scope(scope if scope is not None else self._base_name)
        else:
            opened = variable_scope(scope, default_name=self._base_name)
        with opened as captured:
            self._scope = captured

    def _check(self, inputs: Any) -> None:
        if self.input_spec is None or not isinstance(inputs, Tensor):
            return
        problem = self.input_spec.shape_error(inputs)
        if problem:
            raise ValueError(
                f"Input 0 of layer {self.name} is incompatible with the layer: {problem}"
            )

    def _build_for(self, inputs: Any) -> None:
        if self.built:
            return
        many = isinstance(inputs, (list, tuple))
        tensors = list(inputs) if many else [inputs]
        if self._dtype is None and tensors and isinstance(tensors[0], Tensor):
            self._dtype = tensors[0].dtype.base_dtype
        shapes: Any = [each.shape for each in tensors]
        self.build(shapes if many else shapes[0])
        self.built = True

    def _regularize(self, name: str, parts: list[Any], regularizer: Callable[[Any], Any]) -> None:
        for part in parts:
            with name_scope(f"{name}/Regularizer"):
                loss = regularizer(part)
            if loss is not None:
                self.add_loss(loss)

    def _regularize_activity(self, outputs: Any) -> None:
        if self._activity_regularizer is None:
            return
        with name_scope("ActivityRegularizer"):
            for output in outputs if isinstance(outputs, (list, tuple)) else [outputs]:
                loss = self._activity_regularizer(output)
                self.add_loss(loss / cast(shape_of(output)[0], loss.dtype))


def _as_tensors(inputs: Any) -> Any:
    if isinstance(inputs, (list, tuple)):
        return type(inputs)(map(convert_to_tensor, inputs))
    return convert_to_tensor(inputs)


def _add_once(key: str, element: Any) -> None:
    collection = get_collection_ref(key)
    if not any(each is element for each in collection):
        collection.append(element)


def _snake_case(name: str) -> str:
    words = re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    words = re.sub("([a-z])([A-Z])", r"\1_\2", words).lower()
    return words if words[0] != "_" else f"private{words}"


def _numbered(base: str) -> str:
    """A name that no layer of the graph has; the first gets a number too."""
    held = get_default_graph().get_collection_ref(_NAMES_KEY)
    if not held:
        held.append({})
    held[0][base] = held[0].get(base, 0) + 1
    return f"{base}_{held[0][base]}"


def known_extent(shape: Any, axis: int) -> int | None:
    """The extent of an axis; None where it, or the rank, is unknown."""
    given = as_shape(shape)
    return None if given.ndims is None else given.as_list()[axis]
