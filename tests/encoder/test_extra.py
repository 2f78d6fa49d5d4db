"""Where the extra is not installed, one sentence says what to install."""

from importlib.util import find_spec

import pytest

from toolkit.encoder.extra import LABELLING, TRAINING, check_extra
from toolkit.exceptions import ToolkitError


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is installed")
def test_training_without_torch_names_the_extra():
    with pytest.raises(ToolkitError, match=r'^torch is not installed, .*pip install "speech-act-toolkit\[accurate\]"$'):
        check_extra(TRAINING)


@pytest.mark.skipif(find_spec("onnxruntime") is not None, reason="onnxruntime is installed")
def test_labelling_without_onnxruntime_names_the_two_packages():
    with pytest.raises(ToolkitError, match=r"^onnxruntime is not installed, .* pip install onnxruntime tokenizers,"):
        check_extra(LABELLING)


def test_installed_packages_are_accepted():
    check_extra(("numpy", "scipy"))
