"""How much has to be padded so that blocks divide space: what convolutions with gaps begin with."""

from __future__ import annotations

from typing import Any

from pantarhei.core import dtypes
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.filling import zeros
from pantarhei.ops.array.joining import stack


def required_space_to_batch_paddings(
    input_shape: Any, block_shape: Any, base_paddings: Any = None, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """The least paddings, and crops, for which blocks divide space.

    Args:
      input_shape: extents of space.
      block_shape: extents of a block.
      base_paddings: what is padded in any case, before and after each axis; 0 by default.
      name: name of the operations.

    Returns:
      Paddings for `space_to_batch_nd` and crops for `batch_to_space_nd`.

    Example:
      >>> import pantarhei as tf
      >>> paddings, crops = tf.required_space_to_batch_paddings([5], [2])
      >>> tf.Session().run([paddings, crops])
      [array([[0, 1]], dtype=int32), array([[0, 1]], dtype=int32)]
    """
    with name_scope(name, "required_space_to_batch_paddings", [input_shape, block_shape]):
        sizes: Any = convert_to_tensor(input_shape, dtypes.int32, name="input_shape")
        block: Any = convert_to_tensor(block_shape, dtypes.int32, name="block_shape")
        block.shape.assert_is_fully_defined()
        block.shape.assert_has_rank(1)
        count = block.shape.as_list()[0]
        if count == 0:
            return zeros([0, 2], dtypes.int32), zeros([0, 2], dtypes.int32)
        sizes.shape.assert_is_compatible_with([count])
        if base_paddings is None:
            pairs: Any = zeros([count, 2], dtypes.int32)
        else:
            pairs = convert_to_tensor(base_paddings, dtypes.int32, name="base_paddings")
            pairs.shape.assert_is_compatible_with([count, 2])
        known = [constant_value(each) for each in (sizes, block, pairs)]
        if all(each is not None for each in known):
            sizes, block, pairs = known
        before, after = pairs[:, 0], pairs[:, 1]
        padded = sizes + before + after
        extra = (block - padded % block) % block
        after = after + extra
        paddings = stack([[before[axis], after[axis]] for axis in range(count)], name="paddings")
        crops = stack([[0, extra[axis]] for axis in range(count)], name="crops")
        return paddings, crops
