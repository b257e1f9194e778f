"""A tiny random model for transformers, one token per byte, written to a folder: run by the server's own Python."""

import string
import sys
from pathlib import Path
from typing import Any

CONTEXT = 8192
_SPECIAL = ("<start>", "<end>")
_CONSTANT = 0.06
_SPREAD = 0.3
_END = 1.8
_LETTER = 1.2
_CHAT = (
    "{% for one in messages %}{{ one['role'] }}: {{ one['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)


def main() -> None:
    """Write model and tokenizer; the same weights each time."""
    folder = Path(sys.argv[1])
    tokenizer = _tokenizer()
    tokenizer.save_pretrained(folder)
    _model(tokenizer).save_pretrained(folder)


def _tokenizer() -> Any:
    # Only the server's environment has these.
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers  # type: ignore[import-not-found]
    from transformers import PreTrainedTokenizerFast  # type: ignore[import-not-found]

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE(vocab={one: number for number, one in enumerate(alphabet)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(one, special=True) for one in _SPECIAL])
    found = PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token=_SPECIAL[0], eos_token=_SPECIAL[1], pad_token=_SPECIAL[1]
    )
    found.chat_template = _CHAT
    return found


def _model(tokenizer: Any) -> Any:
    import torch  # type: ignore[import-not-found]
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=CONTEXT, bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    made = LlamaForCausalLM(config)
    with torch.no_grad():
        # The same constant in every token, which the output reads as how likely letters and the end are: answers are
        # a few letters long.
        made.model.embed_tokens.weight[:, 0] = _CONSTANT
        made.lm_head.weight.normal_(0, _SPREAD)
        for letter in string.ascii_lowercase:
            made.lm_head.weight[tokenizer.convert_tokens_to_ids(letter), 0] = _LETTER
        made.lm_head.weight[tokenizer.eos_token_id, 0] = _END
    return made


if __name__ == "__main__":
    main()
