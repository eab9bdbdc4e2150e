"""Loaded before the compiled module.

libsentencepiece, which learns pieces of words, holds a protobuf of its own under the same names as
the newer one that writes event files and ONNX. So it comes first, and finds its own names.
"""

import ctypes
import os

ctypes.CDLL("libsentencepiece_train.so.0", mode=os.RTLD_NOW | os.RTLD_LOCAL | os.RTLD_DEEPBIND)
