"""Second derivatives as matrices: `tf.hessians`, one gradient of each element of the gradient."""

from __future__ import annotations

from typing import Any

from pantarhei.autodiff.gradients import gradients
from pantarhei.ops.array.joining import concat, stack
from pantarhei.ops.array.shapes import reshape, shape


def hessians(
    ys: Any,
    xs: Any,
    name: str = "hessians",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: int | None = None,
) -> list[Any]:
    """The matrices of second derivatives of the sum of `ys`, one for each x.

    Args:
      ys: a tensor or a list of them.
      xs: a tensor or variable or a list of them; each needs a static shape.
      name: there for compatibility; scopes are those of `tf.gradients`.
      colocate_gradients_with_ops: see `tf.gradients`.
      gate_gradients: see `tf.gradients`.
      aggregation_method: see `tf.gradients`.

    Returns:
      For each x a tensor of its shape twice over.

    Raises:
      ValueError: the ys do not depend on an x, or its static shape is not known.
      LookupError: an operation on the way has no gradient.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.constant([1.0, 2.0])
      >>> tf.Session().run(tf.hessians(x[0] ** 2.0 * x[1], x))
      [array([[4., 2.],
             [2., 0.]], dtype=float32)]
    """
    xs = list(xs) if isinstance(xs, (list, tuple)) else [xs]
    options: dict[str, Any] = {
        "colocate_gradients_with_ops": colocate_gradients_with_ops,
        "gate_gradients": gate_gradients,
        "aggregation_method": aggregation_method,
    }
    firsts = gradients(ys, xs, **options)
    return [_hessian(first, x, options) for first, x in zip(firsts, xs, strict=True)]


def _hessian(first: Any, x: Any, options: dict[str, Any]) -> Any:
    if first is None:
        raise ValueError(f"There is no gradient for {x}: the ys do not depend on it.")
    if not x.shape.is_fully_defined():
        raise ValueError(f"The shape of {x} has to be known to differentiate twice.")
    flat = reshape(first, [-1])
    rows = [
        gradients(flat[index], x, unconnected_gradients="zero", **options)[0]
        for index in range(x.shape.num_elements())
    ]
    extents = shape(x)
    if not rows:
        return reshape(flat, concat([extents, extents], 0))
    return reshape(stack(rows), concat([extents, extents], 0))
