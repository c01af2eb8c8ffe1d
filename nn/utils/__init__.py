"""What training needs beside layers: data, and gradients and parameters as a whole."""

from nn.utils import data as data

__all__ = ["data"]
