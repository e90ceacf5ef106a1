"""`tf.nn.swish`, an activation that brings its own gradient so that less has to be kept for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pantarhei.autodiff.custom_gradient import custom_gradient
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import control_dependencies
from pantarhei.ops.math.unary import sigmoid


@custom_gradient
def swish(features: Any) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """features * sigmoid(features), element by element; also called SiLU.

    Args:
      features: a floating tensor.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.nn.swish([-200.0, 0.0, 200.0]))
      array([ -0.,   0., 200.], dtype=float32)

    Source:
      Ramachandran et al., Searching for Activation Functions, 2017.
    """
    features = convert_to_tensor(features, name="features")

    def gradient(dy: Tensor) -> Tensor:
        # Computed again, and only then, instead of being kept since the forward pass.
        with control_dependencies([dy]):
            gate = sigmoid(features)
        result: Tensor = dy * (gate * (1.0 + features * (1.0 - gate)))
        return result

    return features * sigmoid(features), gradient
