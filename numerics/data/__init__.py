"""Data that are on any machine, and loaders for what a user has: batches as pure functions of seed and step."""

from numerics.data.dataset import Dataset
from numerics.data.digits import digits
from numerics.data.folders import image_folder
from numerics.data.images import cifar
from numerics.data.text import python_bytes, text_file

__all__ = ["Dataset", "cifar", "digits", "image_folder", "python_bytes", "text_file"]
