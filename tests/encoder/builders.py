"""A pretrained encoder of two layers of 16 numbers, made here: nothing is downloaded."""

import json
from typing import ClassVar

import numpy as np

LABELS = ("denial", "none", "statement")
WORDS = (
    "the",
    "ministry",
    "denied",
    "report",
    "said",
    "it",
    "hoped",
    "for",
    "treaty",
    "river",
    "rose",
    "at",
    "night",
    ".",
)


def make_encoder_folder(folder, n_layers=2):
    """Write a random BERT and a tokenizer that knows a few words; needs torch and transformers."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    vocabulary = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    folder.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=len(vocabulary),
            hidden_size=16,
            num_hidden_layers=n_layers,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=160,
        )
        BertModel(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def make_sentences(n_articles=12):
    """Return sentences, labels and articles: one sentence of each label in each article."""
    texts = (
        "The ministry denied the report.",
        "The river rose at night.",
        "The ministry said it hoped for the treaty.",
    )
    sentences = [text for _ in range(n_articles) for text in texts]
    articles = [f"a-{number}" for number in range(n_articles) for _ in texts]
    return sentences, list(LABELS) * n_articles, articles


class StubEncoder:
    """Stands for a fitted encoder, where neither torch nor onnxruntime is needed: certain of one label."""

    onnx, tokenizer, weights = b"network", "{}", b"weights"
    about: ClassVar = {
        "encoder": "stub",
        "digest": "0" * 64,
        "classes": json.dumps(LABELS),
        "precision": "int8",
        "agreement": "1.0",
    }
    classes_ = np.array(LABELS)

    def __init__(self, certain="none"):
        self.certain = certain

    def predict_proba(self, sentences, n_threads=None):
        return np.tile((self.classes_ == self.certain).astype(float), (len(sentences), 1))
