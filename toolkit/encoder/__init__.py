"""A pretrained sentence encoder in, fine-tuned to the labels; out comes a classifier that needs no torch.

In reading order:

- ``extra``: what is to be installed, said in one sentence
- ``sources``: the name of an encoder -> its folder and digest
- ``fine_tuning``: sentences and labels -> a tuned network; the only training with torch
- ``exporting``: the network -> ONNX, in single precision and in 8 bits, and its weights
- ``fitted``: these files -> probabilities, by onnxruntime
- ``classifier``: all of it as a scikit-learn classifier
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
