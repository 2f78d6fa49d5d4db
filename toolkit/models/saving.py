"""A fitted pipeline <-> a model's folder: the pipeline, its compiled form, a manifest and a card."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from toolkit.exceptions import ModelError, did_you_mean, quote
from toolkit.files import read_json
from toolkit.labels import LabelSet
from toolkit.models import skops_files
from toolkit.models.skops_files import OLD_MODULES

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from toolkit.engine import CompiledPipeline

# To be raised by one when a reader of the old number cannot read the new files.
MODEL_FORMAT = 1
FILES = {"skops": "pipeline.skops", "joblib": "pipeline.joblib"}
COMPILED = "compiled.npz"


# What manifest.json holds, checked by hand: to load pydantic would slow each command that labels.
_REQUIRED = {"file": str, "sha256": str, "bytes": int, "labels": dict, "versions": dict}
_OPTIONAL = {"experiment": str, "segmenter": str, "shares": dict}
_COMPILED = {"reason": str, "file": str, "sha256": str, "bytes": int, "of": str}
_NAMES = {str: "text", int: "a whole number", dict: "keys with values"}


@dataclass(frozen=True)
class SavedModel:
    """A fitted pipeline, its label set, and the manifest it was saved with.

    Attributes
    ----------
    labels : LabelSet
        Order of the probabilities.
    manifest : mapping
        As saved.
    open_pipeline : callable
        Opens the pipeline, from bytes that have been read and checked.
    compiled : CompiledPipeline or None
        The compiled pipeline, if the folder has one that was made from the same bytes.
    """

    labels: LabelSet
    manifest: Mapping[str, Any]
    open_pipeline: Callable[[], Pipeline]
    compiled: CompiledPipeline | None = None

    @cached_property
    def pipeline(self) -> Pipeline:
        """The fitted pipeline, opened on first use."""
        return self.open_pipeline()


def save_model(
    folder: str | Path,
    pipeline: Pipeline,
    labels: LabelSet,
    about: Mapping[str, Any],
    card: str,
    probe: Sequence[str],
    model_format: str = "skops",
) -> dict[str, Any]:
    """Save a model, load it back, and compare the probabilities of both.

    Parameters
    ----------
    folder : str or Path
        Created if it does not exist; gets the pipeline, its compiled form if it has one,
        ``manifest.json`` and ``README.md``.
    pipeline : Pipeline
        Fitted.
    labels : LabelSet
        Order of the probabilities.
    about : mapping
        Further keys of the manifest: experiment, corpus, segmenter.
    card : str
        The model card, in Markdown.
    probe : sequence of str
        Sentences for the comparison; at least one.
    model_format : str
        ``skops`` or ``joblib``.

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    ModelError
        If the pipeline cannot be loaded back or then gives other probabilities.
    """
    folder, name = Path(folder), FILES[model_format]
    folder.mkdir(parents=True, exist_ok=True)
    content, loaded = _dump_and_load(pipeline, labels, probe, name)
    digest = hashlib.sha256(content).hexdigest()
    compiled, about_compiled = _compile(loaded, probe, labels, digest)
    manifest = {
        "format": MODEL_FORMAT,
        "file": name,
        "sha256": digest,
        "bytes": len(content),
        "compiled": about_compiled,
        "labels": labels.to_dict(),
        "versions": versions(),
        **about,
    }
    (folder / name).write_bytes(content)
    if compiled:
        (folder / COMPILED).write_bytes(compiled)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(card, encoding="utf-8")
    return manifest


def _dump_and_load(pipeline: Pipeline, labels: LabelSet, probe: Sequence[str], name: str) -> tuple[bytes, Pipeline]:
    """Return the bytes of a pipeline, and the pipeline loaded back from them.

    A function defined in place (a lambda) can be dumped but not loaded, which is why a model
    counts as saved only once it has been loaded.
    """
    from toolkit.models.pipelines import predict_proba

    is_skops = name == FILES["skops"]
    content = skops_files.dump(pipeline) if is_skops else _dump_joblib(pipeline)
    try:
        loaded = skops_files.load(content, name) if is_skops else _load_joblib(content, name)
    except ModelError as error:
        raise ModelError(f"the pipeline was dumped but cannot be loaded back; use types that can [{name}]") from error
    if not np.allclose(predict_proba(pipeline, probe, labels), predict_proba(loaded, probe, labels), atol=1e-12):
        raise ModelError(f"the pipeline loaded back gives other probabilities; use another format [{name}]")
    return content, loaded


def _compile(
    pipeline: Pipeline, probe: Sequence[str], labels: LabelSet, digest: str
) -> tuple[bytes | None, dict[str, Any]]:
    """Compile a pipeline and compare both; return the compiled bytes, and their entry in the manifest."""
    from toolkit.engine import CannotCompile, Scorer, compile_fitted, dump_compiled, load_compiled

    try:
        compiled = compile_fitted(pipeline)
        content = dump_compiled(compiled)
    except CannotCompile as error:
        return None, {"reason": str(error)}
    expected = pipeline.predict_proba(list(probe))
    proba = Scorer(load_compiled(content), pipeline.predict_proba).predict_proba(list(probe))
    # scikit-learn itself is no more precise in single precision, or with logarithms of probabilities near 1.
    rounded = compiled.single or compiled.inverse_link.startswith("scalings")
    if not np.allclose(proba, expected, rtol=0, atol=1e-5 if rounded else 1e-8):
        raise ModelError("the compiled pipeline gives other probabilities; report the model as a bug")
    own = hashlib.sha256(content).hexdigest()
    return content, {"file": COMPILED, "sha256": own, "bytes": len(content), "of": digest}


def _read_compiled(folder: Path, manifest: Mapping[str, Any]) -> CompiledPipeline | None:
    """Read the compiled pipeline, if there is one that is intact and was made from this pipeline."""
    from toolkit.engine import load_compiled

    about = manifest.get("compiled")
    if not isinstance(about, dict) or about.get("of") != manifest["sha256"] or about.get("file") != COMPILED:
        return None
    try:
        content = (folder / COMPILED).read_bytes()
        if hashlib.sha256(content).hexdigest() != about.get("sha256"):
            return None
        return load_compiled(content)
    except (OSError, ValueError):
        # Nothing is lost: the pipeline itself is compiled again.
        return None


def versions() -> dict[str, str]:
    """Return the versions of everything that a prediction depends on."""
    packages = ("scikit-learn", "numpy", "scipy", "skops", "joblib", "datasets")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def inspect_model(folder: str | Path) -> dict[str, Any]:
    """Return what a model is and needs, without running anything from it.

    Parameters
    ----------
    folder : str or Path
        A model's folder.

    Returns
    -------
    dict
        ``manifest``; ``intact``, whether the file is the one that the manifest names; ``types``
        in the file (unknown for a joblib file); and those that are ``untrusted``.

    Raises
    ------
    ModelError
        If the folder does not hold a model.

    Examples
    --------
    >>> inspection = inspect_model("runs/default/model")  # doctest: +SKIP
    >>> inspection["intact"], inspection["untrusted"]  # doctest: +SKIP
    (True, [])
    """
    folder, manifest, content = _read(folder)
    intact = hashlib.sha256(content).hexdigest() == manifest["sha256"]
    types, untrusted = [], ["anything: a joblib file can run code"]
    if manifest["file"] == FILES["skops"]:
        where = str(folder / manifest["file"])
        types, untrusted = skops_files.types_in(content, where), skops_files.untrusted_types(content, where)
    return {"manifest": manifest, "intact": intact, "types": types, "untrusted": untrusted}


def load_saved(folder: str | Path, trusted: bool = False) -> SavedModel:
    """Load a model from its folder.

    Parameters
    ----------
    folder : str or Path
        As :func:`save_model` wrote it.
    trusted : bool
        Whether you trust whoever made it: a joblib file runs code when it is opened, and is not
        opened otherwise. A skops file needs no trust.

    Returns
    -------
    SavedModel

    Raises
    ------
    ModelError
        If the folder does not hold a model, or its file is not the one that the manifest names, was
        fitted with another scikit-learn or is an untrusted joblib file. A skops file with a type that is
        not trusted is refused when it is opened: now, or with a compiled pipeline beside it on first use.
    """
    folder, manifest, content = _read(folder)
    path = folder / manifest["file"]
    if hashlib.sha256(content).hexdigest() != manifest["sha256"]:
        raise ModelError(
            f"the file is not the one its manifest names (SHA-256 differs); train or copy it again [{path}]"
        )
    fitted_with, installed = manifest["versions"].get("scikit-learn"), version("scikit-learn")
    if fitted_with != installed:
        raise ModelError(
            f"the model was fitted with scikit-learn {fitted_with}, {installed} is installed; "
            f"install scikit-learn=={fitted_with} or train again [{path}]"
        )
    if manifest["file"] == FILES["joblib"] and not trusted:
        raise ModelError(
            "a joblib model runs code when it is opened; if you trust who made it, "
            f"pass trusted=True (--trust on the command line) [{path}]"
        )
    load = skops_files.load if manifest["file"] == FILES["skops"] else _load_joblib
    model = SavedModel(
        LabelSet.from_dict(manifest["labels"]),
        manifest,
        partial(load, content, str(path)),
        _read_compiled(folder, manifest),
    )
    classes = model.pipeline.classes_ if model.compiled is None else model.compiled.classes
    unknown = sorted(set(map(str, classes)) - set(model.labels.names))
    if unknown:
        raise ModelError(
            f"the model predicts the label {unknown[0]!r}, which its manifest lacks; "
            f"train or copy it again [{folder / 'manifest.json'}]"
        )
    return model


def _read(folder: str | Path) -> tuple[Path, dict[str, Any], bytes]:
    folder = Path(folder)
    path = folder / "manifest.json"
    try:
        manifest = read_json(path)
    except OSError as error:
        siblings = (other.name for other in folder.parent.parent.glob("*/model")) if folder.name != "model" else ()
        near = did_you_mean(folder.name, siblings)
        raise ModelError(
            f"there is no model; train one with 'toolkit train' or name its folder{near} [{folder}]"
        ) from error
    except ValueError as error:
        raise ModelError(f"the manifest is not valid JSON; train or copy the model again [{path}]") from error
    if isinstance(manifest, dict) and "schema" in manifest:
        raise ModelError(f"the folder is a run; name the model in it [{folder / 'model'}]")
    found = next(_misfits(manifest, "the manifest", {"format": object}), None)
    if not found and manifest["format"] != MODEL_FORMAT:
        raise ModelError(
            f"the model has format {manifest['format']!r}, this toolkit reads {MODEL_FORMAT}; "
            f"train again or use the toolkit that wrote it [{path}]"
        )
    found = found or next(_manifest_misfits(manifest), None)
    if found:
        raise ModelError(f"{found}; train or copy the model again [{path}]")
    try:
        LabelSet.from_dict(manifest["labels"])
    except ValueError as error:
        raise ModelError(f"labels is not a valid label set; train or copy the model again [{path}]") from error
    # The name comes from a file: only the two names that are written here are ever opened.
    if manifest["file"] not in FILES.values():
        raise ModelError(
            f"the manifest names the file {manifest['file']!r}, expected {' or '.join(FILES.values())}; "
            f"train or copy the model again [{path}]"
        )
    try:
        return folder, manifest, (folder / manifest["file"]).read_bytes()
    except OSError as error:
        raise ModelError(
            f"the model's file is missing; train or copy it again [{folder / manifest['file']}]"
        ) from error


def _manifest_misfits(manifest: Mapping[str, Any]) -> Iterator[str]:
    yield from _misfits(manifest, "the manifest", _REQUIRED, _OPTIONAL)
    yield from _misfits(manifest["versions"], "versions", {}, dict.fromkeys(manifest["versions"], str))
    if manifest.get("compiled") is not None:
        yield from _misfits(manifest["compiled"], "compiled", {}, _COMPILED)


def _misfits(
    value: Any, place: str, required: Mapping[str, type], optional: Mapping[str, type] = MappingProxyType({})
) -> Iterator[str]:
    """Say which keys of plain data are missing or hold values of other types."""
    if not isinstance(value, dict):
        yield f"{place} is {quote(value, 40)}, expected keys with values"
        return
    for key in required:
        if key not in value:
            yield f"{place} lacks {key!r}"
            return
    for key, kind in {**required, **optional}.items():
        if key in value and not (_is_count(value[key]) if kind is int else isinstance(value[key], kind)):
            name = key if place == "the manifest" else f"{place}.{key}"
            yield f"{name} is {quote(value[key], 40)}, expected {_NAMES[kind]}"


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**53


def _dump_joblib(pipeline: Pipeline) -> bytes:
    import joblib

    buffer = io.BytesIO()
    joblib.dump(pipeline, buffer, compress=3)
    return buffer.getvalue()


def _load_joblib(content: bytes, where: str) -> Pipeline:
    import joblib

    try:
        with _old_modules():
            return joblib.load(io.BytesIO(content))
    except Exception as error:
        raise ModelError(f"the joblib file cannot be opened; train or copy it again [{where}]") from error


@contextmanager
def _old_modules() -> Iterator[None]:
    """Let a pickle of an older model import its types from where they stood."""
    sys.modules.update({old: import_module(new) for old, new in OLD_MODULES.items()})
    try:
        yield
    finally:
        for old in OLD_MODULES:
            del sys.modules[old]
