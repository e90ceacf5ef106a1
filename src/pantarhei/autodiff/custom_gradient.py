"""`tf.custom_gradient`: a function of tensors that brings its own gradient.

What the function returns passes through one `IdentityN`, together with its arguments and the
variables that it reads; that operation's gradient is the user's function. How gradients flow is not
known here.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from pantarhei.autodiff.registry import RegisterGradient
from pantarhei.core import nest
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.identity import identity, identity_n

_NUMBERS = itertools.count()


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: makes a function of tensors use the gradient that it returns.

    Args:
      f: takes tensors and returns a pair: its result (a tensor or a nested structure of them), and
        a function from the gradients of its results to those of its arguments. If `f` reads
        resource variables, that function takes a keyword `variables` too, the list of them, and
        returns a pair: the gradients of the arguments and a list of those of the variables.

    Returns:
      A function that takes tensors and returns the result of `f`.

    Raises:
      TypeError: when called, if variables are read but the gradient function has no `variables`, or
        a variable is made that is no resource variable.

    Example:
      >>> import pantarhei as tf
      >>> @tf.custom_gradient
      ... def log1pexp(x):
      ...     e = tf.exp(x)
      ...     return tf.log(1.0 + e), lambda dy: dy * (1.0 - 1.0 / (1.0 + e))
      >>> x = tf.constant(100.0)
      >>> print(tf.Session().run(tf.gradients(log1pexp(x), x)[0]))
      1.0
    """

    @functools.wraps(f)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            raise ValueError(
                "The custom_gradient decorator currently supports keywords arguments only when "
                "eager execution is enabled."
            )
        return _applied(f, [convert_to_tensor(each) for each in args])

    return decorated


def _applied(f: Callable[..., Any], args: list[Tensor]) -> Any:
    before = set(_variables())
    result, grad_fn = f(*args)
    if any(not hasattr(each, "handle") for each in set(_variables()) - before):
        raise TypeError(
            "All variables used by a function wrapped with @custom_gradient must be "
            "`ResourceVariable`s. Ensure that no `variable_scope` is created with "
            "`use_resource=False`."
        )
    results = nest.flatten(result)
    variables = _read_between(args, results)
    takes_variables = _takes_variables(grad_fn)
    if variables and not takes_variables:
        raise TypeError(
            "If using @custom_gradient with a function that uses variables, then grad_fn must "
            "accept a keyword argument 'variables'."
        )
    if takes_variables and not variables:
        warnings.warn(
            "@custom_gradient grad_fn has 'variables' in signature, but no ResourceVariables were "
            "used on the forward pass.",
            stacklevel=4,
        )

    name = f"CustomGradient-{next(_NUMBERS)}"

    @RegisterGradient(name)
    def _gradient(op: Operation, *grads: Any) -> list[Any]:
        flowing = grads[: len(results)]
        of_variables: list[Any] = []
        if variables:
            of_arguments, of_variables = grad_fn(*flowing, variables=variables)
            if len(of_variables) != len(variables):
                raise ValueError(
                    "Must return gradient for each variable from @custom_gradient grad_fn."
                )
        else:
            of_arguments = grad_fn(*flowing)
        return [None] * len(results) + nest.flatten(of_arguments) + list(of_variables)

    with get_default_graph().gradient_override_map({"IdentityN": name}):
        passed = identity_n([*results, *args, *variables])
    for each in variables:
        convert_to_tensor(each)  # TensorFlow reads them once more; nodes are counted for seeds
    return nest.pack(result, passed[: len(results)])


def _variables() -> list[Any]:
    graph = get_default_graph()
    kinds = (GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES)
    return [each for kind in kinds for each in graph.get_collection(kind)]


def _takes_variables(function: Callable[..., Any]) -> bool:
    parameters = inspect.signature(function).parameters
    return "variables" in parameters or any(
        each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values()
    )


def _read_between(args: Sequence[Tensor], results: Sequence[Any]) -> list[Any]:
    """The trainable resource variables on which results depend, not through the arguments."""
    found: set[Operation] = set()
    stops = set(args)
    # TensorFlow starts its search at identities of the results; they are nodes of the graph.
    waiting = [identity(each).op for each in results]
    while waiting:
        op = waiting.pop()
        if op not in found:
            found.add(op)
            waiting.extend(tensor.op for tensor in op.inputs if tensor not in stops)
    return [
        each
        for each in dict.fromkeys(_variables())
        if hasattr(each, "handle") and each.trainable and each.handle.op in found
    ]
