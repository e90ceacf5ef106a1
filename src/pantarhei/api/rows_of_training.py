"""Rows of the table of public names: variables, layers, losses and optimizers.

The form is described in `pantarhei.api.table`.
"""

ROWS = """\
layers.base
    InputSpec: layers
    Layer: layers
layers.convolutional
    Conv1D: layers
    Conv2D: layers
    Conv3D: layers
    conv1d: layers
    conv2d: layers
    conv3d: layers
layers.convolutional_variants
    Conv2DTranspose: layers
    SeparableConv2D: layers
    conv2d_transpose: layers
    separable_conv2d: layers
layers.core
    Dense: layers
    Dropout: layers
    Flatten: layers
    dense: layers
    dropout: layers
    flatten: layers
layers.lstm_cells
    BasicLSTMCell: nn.rnn_cell
    LSTMCell: nn.rnn_cell
    LSTMStateTuple: nn.rnn_cell
layers.normalization
    BatchNormalization: layers
    batch_normalization: layers
layers.pooling
    AveragePooling1D: layers
    AveragePooling2D: layers
    MaxPooling1D: layers
    MaxPooling2D: layers
    average_pooling1d: layers
    average_pooling2d: layers
    max_pooling1d: layers
    max_pooling2d: layers
layers.rnn
    dynamic_rnn: nn
    static_rnn: nn
layers.rnn_bidirectional
    bidirectional_dynamic_rnn: nn
layers.rnn_cells
    BasicRNNCell: nn.rnn_cell
    GRUCell: nn.rnn_cell
    RNNCell: nn.rnn_cell
layers.rnn_wrappers
    DropoutWrapper: nn.rnn_cell
    MultiRNNCell: nn.rnn_cell
    ResidualWrapper: nn.rnn_cell
losses.classification
    hinge_loss: losses
    log_loss: losses
    sigmoid_cross_entropy: losses
    softmax_cross_entropy: losses
    sparse_softmax_cross_entropy: losses
losses.collected
    add_loss: losses
    get_losses: losses
    get_regularization_loss: losses
    get_regularization_losses: losses
    get_total_loss: losses
losses.regression
    absolute_difference: losses
    cosine_distance: losses
    huber_loss: losses
    mean_pairwise_squared_error: losses
    mean_squared_error: losses
losses.weighted
    Reduction: losses
    compute_weighted_loss: losses
optimizers.adadelta
    AdadeltaOptimizer: train
optimizers.adagrad
    AdagradOptimizer: train
optimizers.adagrad_da
    AdagradDAOptimizer: train
optimizers.adam
    AdamOptimizer: train
optimizers.cosine_decays
    cosine_decay: train
    cosine_decay_restarts: train
    linear_cosine_decay: train
    noisy_linear_cosine_decay: train
optimizers.decays
    exponential_decay: train
    inverse_time_decay: train
    natural_exp_decay: train
    polynomial_decay: train
optimizers.ftrl
    FtrlOptimizer: train
optimizers.global_step
    assert_global_step: train
    create_global_step: train
    get_global_step: train
    get_or_create_global_step: train
    global_step: train
optimizers.gradient_descent
    GradientDescentOptimizer: train
optimizers.momentum
    MomentumOptimizer: train
optimizers.moving_averages
    ExponentialMovingAverage: train
optimizers.optimizer
    Optimizer: train
optimizers.piecewise
    piecewise_constant: train train.piecewise_constant_decay
optimizers.proximal
    ProximalAdagradOptimizer: train
    ProximalGradientDescentOptimizer: train
optimizers.rmsprop
    RMSPropOptimizer: train
training.coordinator
    Coordinator: train
    LooperThread: train
variables.collections
    all_variables: tf
    assert_variables_initialized: tf
    global_variables: tf
    global_variables_initializer: tf initializers.global_variables
    initialize_all_variables: tf
    initialize_local_variables: tf
    initialize_variables: tf
    local_variables: tf
    local_variables_initializer: tf initializers.local_variables
    model_variables: tf
    moving_average_variables: tf
    report_uninitialized_variables: tf
    trainable_variables: tf
    variables_initializer: tf initializers.variables
variables.creation
    disable_resource_variables: tf
    enable_resource_variables: tf
    resource_variables_enabled: tf
    variable_creator_scope: tf
variables.initializers
    Constant: tf.constant_initializer initializers.constant
    GlorotNormal: tf.glorot_normal_initializer initializers.glorot_normal
    GlorotUniform: tf.glorot_uniform_initializer initializers.glorot_uniform
    Ones: tf.ones_initializer initializers.ones
    RandomNormal: tf.random_normal_initializer initializers.random_normal
    RandomUniform: tf.random_uniform_initializer initializers.random_uniform
    TruncatedNormal: tf.truncated_normal_initializer initializers.truncated_normal
    UniformUnitScaling: tf.uniform_unit_scaling_initializer initializers.uniform_unit_scaling
    VarianceScaling: tf.variance_scaling_initializer initializers.variance_scaling
    Zeros: tf.zeros_initializer initializers.zeros
    he_normal: initializers
    he_uniform: initializers
    lecun_normal: initializers
    lecun_uniform: initializers
variables.matrix_initializers
    Identity: initializers.identity
    Orthogonal: tf.orthogonal_initializer initializers.orthogonal
variables.modes
    AUTO_REUSE: tf
    VariableAggregation: tf
    VariableSynchronization: tf
variables.partitions
    fixed_size_partitioner: tf
    min_max_variable_partitioner: tf
    variable_axis_size_partitioner: tf
variables.scope
    VariableScope: tf
    get_variable_scope: tf
variables.scope_entry
    variable_op_scope: tf
    variable_scope: tf
variables.store
    create_partitioned_variables: tf
    get_local_variable: tf
    get_variable: tf
    no_regularizer: tf
variables.template
    make_template: tf
variables.variable
    Variable: tf
"""
