"""The public functions of convolution in one, two and three dimensions, and its transpose.

They give strides, dilations and padding the form of the operations in ops/nn/convolution.py; what
slides with gaps, or works on each channel by itself, is in ops/nn/dilated_convolution.py.
"""

from __future__ import annotations

from typing import Any

from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.shapes import expand_dims, renamed, squeeze
from pantarhei.ops.nn.convolution import CONV2D, CONV3D
from pantarhei.ops.nn.window_geometry import channel_axis, check_choice, per_axis

LAYOUTS = ("NHWC", "NCHW")


def _explicit(padding: Any) -> tuple[Any, list[int]]:
    """The padding attribute, and the numbers that go with it where padding is a list."""
    if padding == "EXPLICIT":
        raise ValueError(
            '"EXPLICIT" is not a valid value for the padding parameter. To use explicit padding, '
            "the padding parameter must be a list."
        )
    if not isinstance(padding, (list, tuple)):
        return padding, []
    numbers: list[int] = []
    rule = "When padding is a list, each element of padding must be a list/tuple of size 2. "
    for index, pair in enumerate(padding):
        if not isinstance(pair, (list, tuple)):
            raise ValueError(f"{rule}Element with index {index} of padding is not a list/tuple")
        if len(pair) != 2:
            raise ValueError(f"{rule}Element with index {index} of padding has size {len(pair)}")
        numbers += pair
    if len(padding) != 4:
        raise ValueError(
            f"When padding is a list, it must be of size 4. Got padding of size: {len(padding)}"
        )
    return "EXPLICIT", numbers


def convolve(op_type: str, *inputs: Any, padding: Any, data_format: Any, **options: Any) -> Tensor:
    """Applies an operation of the families, with its string attributes checked first."""
    paddings = ("SAME", "VALID", "EXPLICIT") if op_type.startswith("Conv2D") else ("SAME", "VALID")
    layouts = ("NDHWC", "NCDHW") if op_type.startswith("Conv3D") else LAYOUTS
    check_choice(op_type, "padding", padding, paddings)
    check_choice(op_type, "data_format", data_format, layouts)
    tensor: Tensor = apply(op_type, *inputs, padding=padding, data_format=data_format, **options)
    return tensor


def conv2d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool = True,
    data_format: Any = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """Every window of images times a filter.

    Args:
      input: `[batch, height, width, channels]`, floating.
      filter: `[height, width, channels, output channels]`, of the same dtype.
      strides: steps of the window: one number, one for height and width each, or one for each axis.
      padding: "SAME" (output extent = input extent / stride, rounded up), "VALID" (windows stay
        inside), or a list of four pairs: zeros to add before and after each axis.
      use_cudnn_on_gpu: kept with the operation.
      data_format: "NHWC"; "NCHW" can be described, not run.
      dilations: distances of neighbours in a window, given like `strides`.
      name: name of the operation; `Conv2D` by default.
      filters: another name of `filter`.

    Returns:
      `[batch, new height, new width, output channels]`.

    Raises:
      ValueError: shapes, strides or padding that do not fit. UnimplementedError: "NCHW", when run.

    Example:
      >>> import pantarhei as tf
      >>> x, w = tf.ones([1, 3, 3, 1]), tf.ones([2, 2, 1, 1])
      >>> tf.Session().run(tf.nn.conv2d(x, w, strides=1, padding="VALID"))[0, :, :, 0]
      array([[4., 4.],
             [4., 4.]], dtype=float32)
    """
    filter = renamed("filters", filters, "filter", filter)
    padding, explicit = _explicit(padding)
    data_format = "NHWC" if data_format is None else data_format
    channel = channel_axis(data_format, 2)
    return convolve(
        CONV2D.forward,
        input,
        filter,
        strides=per_axis(strides, 2, channel, "strides"),
        padding=padding,
        use_cudnn_on_gpu=use_cudnn_on_gpu,
        explicit_paddings=explicit,
        data_format=data_format,
        dilations=per_axis(dilations, 2, channel, "dilations"),
        name=name,
    )


def conv2d_backprop_input(
    input_sizes: Any,
    filter: Any = None,
    out_backprop: Any = None,
    strides: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool = True,
    data_format: Any = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """The gradient of conv2d with respect to its input.

    Args:
      input_sizes: shape of the input, an int32 vector.
      filter: as for `conv2d`.
      out_backprop: the gradient with respect to the output.
      strides: one number for each axis.
      padding: as for `conv2d`.
      use_cudnn_on_gpu: kept with the operation.
      data_format: "NHWC"; "NCHW" can be described, not run.
      dilations: one number for each axis.
      name: name of the operation; `Conv2DBackpropInput` by default.
      filters: another name of `filter`.

    Raises:
      InvalidArgumentError: shapes that do not belong together, when run.

    Example:
      >>> import pantarhei as tf
      >>> g = tf.nn.conv2d_backprop_input(
      ...     [1, 2, 2, 1], tf.ones([2, 2, 1, 1]), tf.ones([1, 1, 1, 1]), [1, 1, 1, 1], "VALID")
      >>> tf.Session().run(g)[0, :, :, 0]
      array([[1., 1.],
             [1., 1.]], dtype=float32)
    """
    filter = renamed("filters", filters, "filter", filter)
    padding, explicit = _explicit(padding)
    return convolve(
        CONV2D.input_gradient,
        input_sizes,
        filter,
        out_backprop,
        strides=strides,
        padding=padding,
        use_cudnn_on_gpu=use_cudnn_on_gpu,
        explicit_paddings=explicit,
        data_format=data_format,
        dilations=list(dilations),
        name=name,
    )


def conv2d_backprop_filter(
    input: Any,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    use_cudnn_on_gpu: bool = True,
    data_format: Any = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
) -> Tensor:
    """The gradient of conv2d with respect to its filter.

    Args:
      input: as for `conv2d`.
      filter_sizes: shape of the filter, an int32 vector.
      out_backprop: the gradient with respect to the output.
      strides: one number for each axis.
      padding: as for `conv2d`.
      use_cudnn_on_gpu: kept with the operation.
      data_format: "NHWC"; "NCHW" can be described, not run.
      dilations: one number for each axis.
      name: name of the operation; `Conv2DBackpropFilter` by default.

    Raises:
      InvalidArgumentError: shapes that do not belong together, when run.

    Example:
      >>> import pantarhei as tf
      >>> g = tf.nn.conv2d_backprop_filter(
      ...     tf.ones([1, 3, 3, 1]), [2, 2, 1, 1], tf.ones([1, 2, 2, 1]), [1, 1, 1, 1], "VALID")
      >>> tf.Session().run(g)[:, :, 0, 0]
      array([[4., 4.],
             [4., 4.]], dtype=float32)
    """
    padding, explicit = _explicit(padding)
    return convolve(
        CONV2D.filter_gradient,
        input,
        filter_sizes,
        out_backprop,
        strides=strides,
        padding=padding,
        use_cudnn_on_gpu=use_cudnn_on_gpu,
        explicit_paddings=explicit,
        data_format=data_format,
        dilations=list(dilations),
        name=name,
    )


def conv2d_transpose(
    value: Any = None,
    filter: Any = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: Any = "SAME",
    data_format: Any = "NHWC",
    name: str | None = None,
    input: Any = None,
    filters: Any = None,
    dilations: Any = None,
) -> Tensor:
    """The transpose of conv2d: every element of `value` spreads over a window of the output.

    Args:
      value: `[batch, height, width, channels]`, floating.
      filter: `[height, width, output channels, channels]`, of the same dtype.
      output_shape: shape of the output, of which conv2d would make the shape of `value`.
      strides: of that convolution, given as for `conv2d`.
      padding: "SAME" or "VALID".
      data_format: "NHWC"; "NCHW" can be described, not run.
      name: name of the operation; `conv2d_transpose` by default.
      input: another name of `value`.
      filters: another name of `filter`.
      dilations: given as for `conv2d`.

    Raises:
      InvalidArgumentError: shapes that do not belong together, when run.

    Example:
      >>> import pantarhei as tf
      >>> x, w = tf.ones([1, 1, 2, 1]), tf.ones([1, 2, 1, 1])
      >>> tf.Session().run(tf.nn.conv2d_transpose(x, w, [1, 1, 3, 1], 1, "VALID"))[0, 0, :, 0]
      array([1., 2., 1.], dtype=float32)

    Source:
      Zeiler et al., Deconvolutional Networks, 2010.
    """
    value = renamed("input", input, "value", value)
    filter = renamed("filters", filters, "filter", filter)
    with name_scope(name, "conv2d_transpose", [value, filter, output_shape]) as scope:
        data_format = "NHWC" if data_format is None else data_format
        channel = channel_axis(data_format, 2)
        return convolve(
            CONV2D.input_gradient,
            output_shape,
            filter,
            value,
            strides=per_axis(strides, 2, channel, "strides"),
            padding=padding,
            data_format=data_format,
            dilations=per_axis(dilations, 2, channel, "dilations"),
            name=scope,
        )


def conv1d(
    value: Any = None,
    filters: Any = None,
    stride: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool | None = None,
    data_format: Any = None,
    name: str | None = None,
    input: Any = None,
    dilations: Any = None,
) -> Tensor:
    """Every window of sequences times a filter.

    Args:
      value: `[batch, width, channels]`, floating.
      filters: `[width, channels, output channels]`, of the same dtype.
      stride: steps of the window, a number or a list of one.
      padding: "SAME" or "VALID".
      use_cudnn_on_gpu: kept with the operation.
      data_format: "NWC"; "NCW" can be described, not run.
      name: name of the operations; `conv1d` by default.
      input: another name of `value`.
      dilations: distance of neighbours in a window.

    Returns:
      `[batch, new width, output channels]`.

    Raises:
      ValueError: shapes, strides or padding that do not fit.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.reshape([1.0, 2.0, 4.0], [1, 3, 1])
      >>> tf.Session().run(tf.nn.conv1d(x, tf.ones([2, 1, 1]), 1, "VALID"))[0, :, 0]
      array([3., 6.], dtype=float32)
    """
    value = renamed("input", input, "value", value)
    with name_scope(name, "conv1d", [value, filters]) as scope:
        if data_format in (None, "NHWC", "NWC"):
            layout, added, channel = "NHWC", 1, 2
        elif data_format in ("NCHW", "NCW"):
            layout, added, channel = "NCHW", 2, 1
        else:
            raise ValueError('data_format must be "NWC" or "NCW".')
        strides = [1, *per_axis(stride, 1, channel, "stride")]
        spread = [1, *per_axis(dilations, 1, channel, "dilations")]
        result = convolve(
            CONV2D.forward,
            expand_dims(value, added),
            expand_dims(filters, 0),
            strides=strides,
            padding=padding,
            use_cudnn_on_gpu=use_cudnn_on_gpu,
            data_format=layout,
            dilations=spread,
            name=scope,
        )
        return squeeze(result, [added])


def conv3d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: Any = None,
    data_format: Any = "NDHWC",
    dilations: Any = (1, 1, 1, 1, 1),
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """Every window of volumes times a filter.

    Args:
      input: `[batch, depth, height, width, channels]`, floating.
      filter: `[depth, height, width, channels, output channels]`, of the same dtype.
      strides: steps of the window, one number for each axis.
      padding: "SAME" or "VALID".
      data_format: "NDHWC"; "NCDHW" can be described, not run.
      dilations: distances of neighbours in a window, one number for each axis.
      name: name of the operation; `Conv3D` by default.
      filters: another name of `filter`.

    Raises:
      ValueError: shapes, strides or padding that do not fit.

    Example:
      >>> import pantarhei as tf
      >>> x, w = tf.ones([1, 2, 2, 2, 1]), tf.ones([2, 2, 2, 1, 1])
      >>> tf.Session().run(tf.nn.conv3d(x, w, [1, 1, 1, 1, 1], "VALID")).item()
      8.0
    """
    filter = renamed("filters", filters, "filter", filter)
    return convolve(
        CONV3D.forward,
        input,
        filter,
        strides=strides,
        padding=padding,
        data_format=data_format,
        dilations=list(dilations),
        name=name,
    )
