"""What several papers share: exact laws, kernels, Gaussian facts."""
