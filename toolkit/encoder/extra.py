"""Which packages an encoder needs, and what is said where one is not installed."""

from __future__ import annotations

from importlib.util import find_spec

from toolkit.exceptions import ToolkitError

TRAINING = ("torch", "transformers", "onnx", "onnxscript", "onnxruntime", "safetensors", "tokenizers")
LABELLING = ("onnxruntime", "tokenizers")


def check_extra(packages: tuple[str, ...] = TRAINING) -> None:
    """Check that the packages of the extra ``accurate`` are installed; none is imported.

    Parameters
    ----------
    packages : tuple of str
        What will be imported: all that fine-tuning needs, or the two that labelling does.

    Raises
    ------
    ToolkitError
        If one is missing; the message says what to install.

    Examples
    --------
    >>> check_extra(("numpy", "no_such_package"))
    Traceback (most recent call last):
        ...
    toolkit.exceptions.ToolkitError: no_such_package is not installed, which fine-tuning an encoder needs; \
run pip install "speech-act-toolkit[accurate]"
    """
    missing = next((name for name in packages if find_spec(name) is None), None)
    if missing and packages == LABELLING:
        raise ToolkitError(
            f"{missing} is not installed, which the model's encoder needs; run pip install {' '.join(LABELLING)}, "
            'or pip install "speech-act-toolkit[accurate]"'
        )
    if missing:
        raise ToolkitError(
            f"{missing} is not installed, which fine-tuning an encoder needs; "
            'run pip install "speech-act-toolkit[accurate]"'
        )
