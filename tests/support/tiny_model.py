"""A language model of a few hundred kilobytes with random weights: its answers have structure, but no sense.

One token per byte. Every token's embedding holds the same constant in its first place, and the output reads it
as a prior over tokens: without one a random model never closes a JSON string.
"""

import math
from pathlib import Path
from typing import Final

import gguf
import numpy as np
from numpy.typing import NDArray

NAME: Final = "tiny-random"
CONTEXT: Final = 8192

_WIDTH: Final = 32
_HEADS: Final = 2
_INNER: Final = 64
_CONSTANT: Final = 3.0
_SPREAD: Final = 0.3
_CHAT: Final = (
    "{% for one in messages %}{{ one['role'] }}: {{ one['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)

Array = NDArray[np.float32]


def write_tiny_model(path: Path, *, seed: int = 7, embeddings: bool = False) -> Path:
    """Write the model as GGUF; the same seed gives the same bytes. For `embeddings` there is no prior: they spread."""
    writer = gguf.GGUFWriter(path, "llama")
    _describe(writer)
    tokens = _tokens()
    writer.add_token_list(tokens)
    writer.add_token_types([_type(one) for one in tokens])
    for name, tensor in _tensors(tokens, np.random.default_rng(seed), 0.0 if embeddings else _CONSTANT).items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _describe(writer: gguf.GGUFWriter) -> None:
    writer.add_name(NAME)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(_INNER)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_rope_dimension_count(_WIDTH // _HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_merges(["t h"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_add_bos_token(True)
    writer.add_chat_template(_CHAT)


def _tokens() -> list[str]:
    """Start, end, the 256 bytes in the spelling of byte-level tokenizers, and the one merged pair."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in visible]
    return ["<start>", "<end>", *map(chr, visible), *(chr(256 + n) for n in range(len(hidden))), "th"]


def _type(token: str) -> int:
    return int(gguf.TokenType.CONTROL if len(token) > 2 else gguf.TokenType.NORMAL)


def _prior(token: str) -> float:
    """How likely a token is by itself (logits): texts close soon, and a number is mostly 0."""
    if token in ('"', "<end>"):
        return 6.0
    if token in (",", "}"):
        return 4.0
    if token.isascii() and token.islower():
        return 2.0
    return 1.0 if token == "0" else -6.0


def _tensors(tokens: list[str], random: np.random.Generator, constant: float) -> dict[str, Array]:
    def noise(*shape: int, scale: float = 0.14) -> Array:
        return random.normal(0, scale, shape).astype(np.float32)

    def residual(*shape: int) -> Array:
        """What is added to the stream must leave the constant alone."""
        made = noise(*shape)
        made[0] = 0
        return made

    embedding = noise(len(tokens), _WIDTH, scale=_SPREAD)
    embedding[:, 0] = constant
    head = noise(len(tokens), _WIDTH, scale=0.3)
    # The last normalisation divides the constant by the length of the whole vector.
    length = math.sqrt((_CONSTANT**2 + (_WIDTH - 1) * _SPREAD**2) / _WIDTH)
    head[:, 0] = np.array([_prior(one) for one in tokens], np.float32) * length / _CONSTANT
    ones = np.ones(_WIDTH, np.float32)
    return {
        "token_embd.weight": embedding,
        "output.weight": head,
        "output_norm.weight": ones,
        "blk.0.attn_norm.weight": ones,
        "blk.0.attn_q.weight": noise(_WIDTH, _WIDTH),
        "blk.0.attn_k.weight": noise(_WIDTH, _WIDTH),
        "blk.0.attn_v.weight": noise(_WIDTH, _WIDTH),
        "blk.0.attn_output.weight": residual(_WIDTH, _WIDTH),
        "blk.0.ffn_norm.weight": ones,
        "blk.0.ffn_gate.weight": noise(_INNER, _WIDTH),
        "blk.0.ffn_up.weight": noise(_INNER, _WIDTH),
        "blk.0.ffn_down.weight": residual(_WIDTH, _INNER),
    }
