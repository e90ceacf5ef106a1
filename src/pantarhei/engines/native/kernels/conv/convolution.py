"""The kernels of a convolution, or of one of its gradients, as choose.py has chosen."""

from __future__ import annotations

from collections.abc import Sequence

from pantarhei.engines.native.codegen.ops import TYPES
from pantarhei.engines.native.kernels import loops as nests
from pantarhei.engines.native.kernels.conv.choose import ConvPlan, ConvStrategy
from pantarhei.engines.native.kernels.conv.direct import Direct
from pantarhei.engines.native.kernels.conv.geometry import Scratch
from pantarhei.engines.native.kernels.conv.im2col import Im2col
from pantarhei.engines.native.kernels.kernel import Kernel, Tasks
from pantarhei.engines.native.schedule.views import View


def convolution(
    plan: ConvPlan, views: Sequence[View], result: View, scratch: Scratch
) -> Sequence[Kernel | Tasks]:
    """The kernels; the result is whole."""
    node = plan.node
    if plan.strategy is ConvStrategy.DIRECT:
        return _direct(plan, views, result, scratch)
    assert plan.geometry is not None
    made = Im2col(plan.geometry, plan.padding, TYPES[node.types[0].dtype], scratch)
    function = {
        "conv": made.forward,
        "conv_input_gradient": made.input_gradient,
        "conv_filter_gradient": made.filter_gradient,
    }[node.kind]
    return function(views, result)


def _direct(
    plan: ConvPlan, views: Sequence[View], result: View, scratch: Scratch
) -> Sequence[Kernel | Tasks]:
    type = TYPES[plan.node.types[0].dtype]
    assert plan.geometry is not None
    made = Direct(plan.geometry, plan.padding, type, scratch)
    other, kernels = views[1], []
    back = plan.node.kind == "conv_input_gradient"
    if back:
        other = other.flip((0, 1)).transpose((0, 1, 3, 2))
    if back or not other.is_contiguous:
        copied = scratch.temporary(other.shape, type)
        kernels = nests.copy(other, copied, type, scratch.place)
        other = copied
    if plan.node.kind == "conv_filter_gradient":
        return [*kernels, *made.filter_gradient(views[0], other, result)]
    return [*kernels, *made.forward(views[0], other, result)]
