"""From program to kernels in order: fusion, placement, aliasing, parallel division."""
