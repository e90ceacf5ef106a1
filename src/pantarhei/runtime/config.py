"""Configuration of sessions and runs: TensorFlow's messages, as plain Python objects.

TensorFlow's fields are accepted, set and printed as in its protocol buffers, except those of
clusters. The docstring of each class says which fields have an effect: most describe threads,
devices and graph rewriting of TensorFlow's own runtime.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar


class Repeated(list[Any]):
    """A repeated field: a list with protocol buffers' `add`."""


class Message:
    """A record with typed fields and defaults; the names, errors and text of protocol buffers."""

    FIELDS: ClassVar[dict[str, Any]] = {}

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __init__(self, **fields: Any) -> None:
        for name, default in self.FIELDS.items():
            self.__dict__[name] = default() if callable(default) else default
        for name, value in fields.items():
            if name not in self.FIELDS:
                raise ValueError(f'Protocol message {type(self).__name__} has no "{name}" field.')
            if value is not None:
                self._set(name, value, nested=True)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.FIELDS:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        self._set(name, value, nested=False)

    def _set(self, name: str, value: Any, nested: bool) -> None:
        current = self.__dict__[name]
        if isinstance(current, (Message, Repeated, dict)):
            if not nested:
                raise AttributeError(
                    f'Assignment not allowed to field "{name}" in protocol message object; set the '
                    "fields within it, or use CopyFrom."
                )
            if isinstance(current, Message):
                current.CopyFrom(value if isinstance(value, Message) else type(current)(**value))
            else:
                self.__dict__[name] = type(current)(value)
            return
        kinds = {bool: (bool, int), int: (int,), float: (float, int), str: (str, bytes)}[
            type(current)
        ]
        if not isinstance(value, kinds):
            expected = ", ".join(kind.__name__ for kind in kinds)
            raise TypeError(
                f"{value!r} has type {type(value).__name__}, but expected one of: {expected}"
            )
        self.__dict__[name] = value.decode() if isinstance(value, bytes) else type(current)(value)

    def CopyFrom(self, other: Any) -> None:
        """Takes over all fields of another message of this type."""
        if type(other) is not type(self):
            raise TypeError(
                f"Parameter to CopyFrom() must be instance of same class: expected "
                f"{type(self).__name__} got {type(other).__name__}."
            )
        self.__init__(**dict(other.__dict__.items()))  # type: ignore[misc]

    def Clear(self) -> None:
        """Sets all fields to their defaults."""
        self.__init__()  # type: ignore[misc]

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.__dict__ == self.__dict__

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> list[str]:
        lines = []
        default = type(self)()
        for name in self.FIELDS:
            value = getattr(self, name)
            if isinstance(value, Message):
                inner = value._lines()
                if inner:
                    lines += [f"{name} {{", *(f"  {line}" for line in inner), "}"]
            elif isinstance(value, dict):
                for key in sorted(value):
                    lines += [f"{name} {{", f'  key: "{key}"', f"  value: {value[key]}", "}"]
            elif isinstance(value, Repeated):
                lines += [f"{name}: {_text(each)}" for each in value]
            elif value != getattr(default, name):
                lines.append(f"{name}: {_text(value)}")
        return lines


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


class _GPUExperimental(Message):
    """Trials with the memory and streams of a GPU; nothing here reads them."""

    FIELDS: ClassVar[dict[str, Any]] = {
        "virtual_devices": Repeated,
        "use_unified_memory": False,
        "num_dev_to_dev_copy_streams": 0,
        "collective_ring_order": "",
        "timestamped_allocator": False,
        "kernel_tracker_max_interval": 0,
        "kernel_tracker_max_bytes": 0,
        "kernel_tracker_max_pending": 0,
    }


class _ConfigExperimental(Message):
    """Trials with executors and collectives of another runtime; nothing here reads them."""

    FIELDS: ClassVar[dict[str, Any]] = {
        "collective_group_leader": "",
        "executor_type": "",
        "recv_buf_max_chunk": 0,
        "use_numa_affinity": False,
        "collective_deterministic_sequential_execution": False,
        "collective_nccl": False,
        "share_session_state_in_clusterspec_propagation": False,
        "disable_thread_spinning": False,
        "share_cluster_devices_in_session": False,
        "optimize_for_static_graph": False,
    }


class RPCOptions(Message):
    """How processes talk to each other; sessions here run in one process."""

    FIELDS: ClassVar[dict[str, Any]] = {
        "use_rpc_for_inprocess_master": False,
        "compression_algorithm": "",
        "compression_level": 0,
        "cache_rpc_response": False,
        "disable_session_connection_sharing": False,
    }


class GPUOptions(Message):
    """Memory and queues of a GPU; without one, nothing reads them."""

    FIELDS: ClassVar[dict[str, Any]] = {
        "per_process_gpu_memory_fraction": 0.0,
        "allow_growth": False,
        "allocator_type": "",
        "deferred_deletion_bytes": 0,
        "visible_device_list": "",
        "polling_active_delay_usecs": 0,
        "polling_inactive_delay_msecs": 0,
        "force_gpu_compatible": False,
        "experimental": _GPUExperimental,
    }
    Experimental = _GPUExperimental


class OptimizerOptions(Message):
    """How a graph is rewritten before it runs; lowering here always folds and shares."""

    L1, L0 = 0, -1
    DEFAULT, OFF, ON_1, ON_2 = 0, -1, 1, 2
    FIELDS: ClassVar[dict[str, Any]] = {
        "do_common_subexpression_elimination": False,
        "do_constant_folding": False,
        "max_folded_constant_in_bytes": 0,
        "do_function_inlining": False,
        "opt_level": 0,
        "global_jit_level": 0,
    }


class RewriterConfig(Message):
    """Which rewrites TensorFlow's graph optimizer makes; lowering here does not ask."""

    DEFAULT, ON, OFF, AGGRESSIVE = 0, 1, 2, 3
    FIELDS: ClassVar[dict[str, Any]] = {
        "layout_optimizer": 0,
        "constant_folding": 0,
        "shape_optimization": 0,
        "remapping": 0,
        "arithmetic_optimization": 0,
        "dependency_optimization": 0,
        "loop_optimization": 0,
        "function_optimization": 0,
        "debug_stripper": 0,
        "disable_model_pruning": False,
        "scoped_allocator_optimization": 0,
        "pin_to_host_optimization": 0,
        "implementation_selector": 0,
        "auto_mixed_precision": 0,
        "disable_meta_optimizer": False,
        "meta_optimizer_iterations": 0,
        "min_graph_nodes": 0,
        "memory_optimization": 0,
        "memory_optimizer_target_node_name_scope": "",
        "meta_optimizer_timeout_ms": 0,
        "fail_on_optimizer_errors": False,
        "optimizers": Repeated,
    }


class GraphOptions(Message):
    """How a graph is placed and rewritten; nothing here depends on it."""

    FIELDS: ClassVar[dict[str, Any]] = {
        "enable_recv_scheduling": False,
        "optimizer_options": OptimizerOptions,
        "build_cost_model": 0,
        "build_cost_model_after": 0,
        "infer_shapes": False,
        "place_pruned_graph": False,
        "enable_bfloat16_sendrecv": False,
        "timeline_step": 0,
        "rewrite_options": RewriterConfig,
    }


class ConfigProto(Message):
    """Configuration of a session.

    `engine` is this library's own: the name of the engine that runs programs, "native" (machine
    code) or "numpy" (the reference); where it is empty, the environment variable PANTARHEI_ENGINE
    decides, and then it is "native". With `allow_soft_placement`, operations whose
    device does not exist run on the CPU; without it they are an error. `operation_timeout_in_ms`
    ends longer runs with `tf.errors.DeadlineExceededError`, unless `tf.RunOptions` allow another
    time. The other fields are accepted.

    Example:
      >>> import pantarhei as tf
      >>> config = tf.ConfigProto(allow_soft_placement=True)
      >>> config.gpu_options.allow_growth = True
      >>> print(config, end="")
      gpu_options {
        allow_growth: true
      }
      allow_soft_placement: true
    """

    Experimental = _ConfigExperimental
    FIELDS: ClassVar[dict[str, Any]] = {
        "device_count": dict,
        "intra_op_parallelism_threads": 0,
        "inter_op_parallelism_threads": 0,
        "use_per_session_threads": False,
        "session_inter_op_thread_pool": Repeated,
        "placement_period": 0,
        "device_filters": Repeated,
        "gpu_options": GPUOptions,
        "allow_soft_placement": False,
        "log_device_placement": False,
        "graph_options": GraphOptions,
        "operation_timeout_in_ms": 0,
        "rpc_options": RPCOptions,
        "isolate_session_state": False,
        "experimental": _ConfigExperimental,
        "engine": "",
    }


class RunOptions(Message):
    """Options of one run, given to `tf.Session.run`.

    With a `trace_level` other than NO_TRACE the run's times are written into the `run_metadata`
    given beside it; what each of the other levels records is the same. `timeout_in_ms`, if it is
    not 0, ends a longer run with `tf.errors.DeadlineExceededError`. `inter_op_thread_pool` and
    `report_tensor_allocations_upon_oom` are accepted: operations of a run follow one another, and
    an error of memory always says what was allocated.

    Example:
      >>> import pantarhei as tf
      >>> options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
      >>> metadata = tf.RunMetadata()
      >>> x = tf.placeholder(tf.float32, (), name="x")
      >>> print(tf.Session().run(tf.exp(x), {x: 0.0}, options=options, run_metadata=metadata))
      1.0
      >>> [each.node_name for each in metadata.step_stats.dev_stats[0].node_stats]
      ['Exp']
    """

    NO_TRACE, SOFTWARE_TRACE, HARDWARE_TRACE, FULL_TRACE = 0, 1, 2, 3
    FIELDS: ClassVar[dict[str, Any]] = {
        "trace_level": 0,
        "timeout_in_ms": 0,
        "inter_op_thread_pool": 0,
        "report_tensor_allocations_upon_oom": False,
    }
