"""Rows of the table of public names: graphs, types, gradients, sessions, files and messages.

The form is described in `pantarhei.api.table`.
"""

ROWS = """\
autodiff.custom_gradient
    custom_gradient: tf
autodiff.gradients
    AggregationMethod: tf
    UnconnectedGradients: tf
    gradients: tf
autodiff.hessians
    hessians: tf
autodiff.registry
    RegisterGradient: tf
    no_gradient: tf tf.NoGradient tf.NotDifferentiable
autodiff.swish
    swish: nn
core.text
    as_bytes: compat
    as_str_any: compat
    as_text: compat compat.as_str
    bytes_or_text_types: compat
    complex_types: compat
    integral_types: compat
    path_to_str: compat
    real_types: compat
core
    errors: tf
    version: tf
core.dimensions
    Dimension: tf
    dimension_value: tf
core.dtypes
    DType: tf dtypes
    QUANTIZED_DTYPES: dtypes
    as_dtype: tf dtypes
    bfloat16: tf dtypes
    bool: tf dtypes
    complex128: tf dtypes
    complex64: tf dtypes
    float16: tf dtypes tf.half dtypes.half
    float32: tf dtypes
    float64: tf dtypes tf.double dtypes.double
    int16: tf dtypes
    int32: tf dtypes
    int64: tf dtypes
    int8: tf dtypes
    qint16: tf dtypes
    qint32: tf dtypes
    qint8: tf dtypes
    quint16: tf dtypes
    quint8: tf dtypes
    resource: tf dtypes
    string: tf dtypes
    uint16: tf dtypes
    uint32: tf dtypes
    uint64: tf dtypes
    uint8: tf dtypes
    variant: tf dtypes
core.example_messages.example_class()
    BytesList: train
    Example: train
    Feature: train
    FeatureList: train
    FeatureLists: train
    Features: train
    FloatList: train
    Int64List: train
    SequenceExample: train
core.messages.message_class()
    AttrValue: tf
    Event: tf summary
    GraphDef: tf
    HistogramProto: tf
    LogMessage: tf
    MetaGraphDef: tf
    NodeDef: tf
    RunMetadata: tf
    SessionLog: tf summary
    Summary: tf summary
    SummaryMetadata: tf
    TaggedRunMetadata: summary
core.shapes
    TensorShape: tf
    dimension_at_index: tf
core.version
    VERSION: tf tf.__version__
files.checkpoints.checkpoint_state
    CheckpointState: train
    checkpoint_exists: train
    generate_checkpoint_state_proto: train
    get_checkpoint_mtimes: train
    get_checkpoint_state: train
    latest_checkpoint: train
    remove_checkpoint: train
    update_checkpoint_state: train
files.checkpoints.initialization
    init_from_checkpoint: train
    warm_start: train
files.checkpoints.reader
    NewCheckpointReader: train
    list_variables: train
    load_checkpoint: train
    load_variable: train
files.checkpoints.saver
    Saver: train
files.checkpoints.waiting
    checkpoints_iterator: train
files.event_file
    summary_iterator: train
files.file_writer
    FileWriter: summary
    FileWriterCache: summary
files.gfile.file
    FastGFile: gfile
    GFile: gfile gfile.Open
files.gfile.paths
    Copy: gfile
    DeleteRecursively: gfile
    Exists: gfile
    FileStatistics: gfile
    Glob: gfile
    IsDirectory: gfile
    ListDirectory: gfile
    MakeDirs: gfile
    MkDir: gfile
    Remove: gfile
    Rename: gfile
    Stat: gfile
    Walk: gfile
files.graphs.editing
    convert_variables_to_constants: graph_util
    extract_sub_graph: graph_util
    remove_training_nodes: graph_util
    tensor_shape_from_node_def_name: graph_util
files.graphs.importing
    import_graph_def: tf graph_util
files.graphs.meta_graphs
    export_meta_graph: train
    import_meta_graph: train
files.graphs.writing
    write_graph: io train
files.python_io
    TFRecordCompressionType: io python_io
    TFRecordOptions: io python_io
    TFRecordWriter: io python_io
    tf_record_iterator: io python_io
files.saved_model
    builder: saved_model
    loader: saved_model
    signature_constants: saved_model
    signature_def_utils: saved_model
    tag_constants: saved_model
    utils: saved_model
files.saved_model.builder
    SavedModelBuilder: saved_model.Builder
    simple_save: saved_model
files.saved_model.loader
    load: saved_model
    maybe_saved_model_directory: saved_model saved_model.contains_saved_model
files.saved_model.signature_def_utils
    build_signature_def: saved_model
    predict_signature_def: saved_model
files.saved_model.utils
    build_tensor_info: saved_model
    get_tensor_from_tensor_info: saved_model
graph.convert
    convert_to_tensor: tf
    register_tensor_conversion_function: tf
graph.default_graph
    get_default_graph: tf
    reset_default_graph: tf
graph.devices
    DeviceSpec: tf
graph.graph
    Graph: tf
graph.indexed_slices
    IndexedSlices: tf
graph.keys
    GraphKeys: tf
graph.operation
    Operation: tf
    Tensor: tf
graph.scopes
    add_to_collection: tf
    add_to_collections: tf
    colocate_with: tf
    container: tf
    control_dependencies: tf
    device: tf
    get_collection: tf
    get_collection_ref: tf
    name_scope: tf
    op_scope: tf
    set_random_seed: tf random
graph.sparse_tensor
    SparseTensor: tf sparse
    SparseTensorValue: tf
graph.stacks
    get_default_session: tf
platform
    app: tf
    flags: tf
    logging: tf
platform.logging
    get_logger: tf
runtime.config
    ConfigProto: tf
    GPUOptions: tf
    GraphOptions: tf
    OptimizerOptions: tf
    RunOptions: tf
runtime.session
    InteractiveSession: tf
    Session: tf
runtime.timeline
    Timeline: python.client.timeline
"""
