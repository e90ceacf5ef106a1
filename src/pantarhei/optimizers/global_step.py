"""The global step: the variable `global_step` of a graph, which counts training steps."""

from __future__ import annotations

from typing import Any

from pantarhei.core import dtypes
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.graph import Graph
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.operation import Tensor
from pantarhei.platform.logging import error
from pantarhei.variables.initializers import Zeros
from pantarhei.variables.modes import VariableAggregation
from pantarhei.variables.store import get_variable
from pantarhei.variables.variable import Variable


def global_step(sess: Any, global_step_tensor: Any) -> int:
    """The number of steps, as a Python integer.

    Args:
      sess: a session in which it has a value.
      global_step_tensor: the variable or tensor that counts.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> count = tf.train.create_global_step()
      >>> session = tf.Session()
      >>> session.run(tf.global_variables_initializer())
      >>> tf.train.global_step(session, count)
      0
    """
    return int(sess.run(global_step_tensor))


def get_global_step(graph: Graph | None = None) -> Any:
    """The global step of a graph, or None if it has none.

    Args:
      graph: the default graph by default.

    Raises:
      TypeError: what is there is no integer scalar.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> tf.train.get_global_step() is None
      True
    """
    graph = graph or get_default_graph()
    found = graph.get_collection(GraphKeys.GLOBAL_STEP)
    if len(found) > 1:
        error("Multiple tensors in global_step collection.")
        return None
    if found:
        step = found[0]
    else:
        try:
            step = graph.get_tensor_by_name("global_step:0")
        except KeyError:
            return None
    assert_global_step(step)
    return step


def create_global_step(graph: Graph | None = None) -> Any:
    """A new global step: an int64 scalar variable that starts at zero and is not trained.

    Args:
      graph: the default graph by default.

    Raises:
      ValueError: the graph has one already.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> tf.train.create_global_step()
      <tf.Variable 'global_step:0' shape=() dtype=int64_ref>
    """
    graph = graph or get_default_graph()
    if get_global_step(graph) is not None:
        raise ValueError('"global_step" already exists.')
    with graph.as_default(), graph.name_scope(None):
        return get_variable(
            GraphKeys.GLOBAL_STEP,
            shape=[],
            dtype=dtypes.int64,
            initializer=Zeros(),
            trainable=False,
            aggregation=VariableAggregation.ONLY_FIRST_REPLICA,
            collections=[GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP],
        )


def get_or_create_global_step(graph: Graph | None = None) -> Any:
    """The global step of a graph, made if it has none.

    Args:
      graph: the default graph by default.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> tf.train.get_or_create_global_step() is tf.train.get_or_create_global_step()
      True
    """
    graph = graph or get_default_graph()
    step = get_global_step(graph)
    return create_global_step(graph) if step is None else step


def assert_global_step(global_step_tensor: Any) -> None:
    """Raises TypeError unless the argument, an integer scalar, can count steps."""
    step = global_step_tensor
    if not isinstance(step, (Variable, Tensor)):
        raise TypeError(f'Existing "global_step" must be a Variable or Tensor: {step}.')
    if not step.dtype.base_dtype.is_integer:
        raise TypeError(f'Existing "global_step" does not have integer type: {step.dtype}')
    if step.shape.ndims != 0 and step.shape.is_fully_defined():
        raise TypeError(f'Existing "global_step" is not scalar: {step.shape}')
