"""Operations of neural networks: activations, convolution, pooling, normalisation, losses."""
