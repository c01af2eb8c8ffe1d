"""The engine: tensors, what is recorded of each operation, and the backward pass."""
