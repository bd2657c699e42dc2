"""python -m jarana generate BUNDLE --prompt "..." --tokenizer=tokenizer.json"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import Bundle, JaranaError, Session


def stream(tokenizer, ids: Iterable[int]) -> Iterator[str]:
    """The text of tokens as they come. A token may end inside a character: what is not whole yet is held back."""

    def decode(tokens: list[int]) -> str:
        return tokenizer.decode(tokens, skip_special_tokens=False)

    pending: list[int] = []
    shown = ""
    for token in ids:
        pending.append(token)
        text = decode(pending)
        # Bytes that never become a character are not waited for without end.
        if text.endswith("\ufffd") and len(pending) < 80:
            continue
        yield text[len(shown) :]
        # A new start now and then keeps decoding linear. Some tokens stay, as decoders treat the first one differently: enough
        # not to start inside a character.
        if len(pending) >= 64:
            kept = next((k for k in range(1, 8) if "\ufffd" not in decode(pending[-k:])), 1)
            pending = pending[-kept:]
            text = decode(pending)
        shown = text
    yield decode(pending)[len(shown) :]


def generate(options: argparse.Namespace) -> None:
    try:
        from tokenizers import Tokenizer
    except ImportError:
        sys.exit("jarana: error: the package 'tokenizers' is needed (pip install tokenizers)")
    path = options.tokenizer or options.bundle / "tokenizer.json"
    if not path.is_file():
        sys.exit(f"jarana: error: there is no tokenizer '{path}'; give --tokenizer=tokenizer.json")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the package raises plain Exception
        sys.exit(f"jarana: error: '{path}' is not a tokenizer: {error}")
    ids = tokenizer.encode(options.prompt).ids
    if not ids:
        sys.exit("jarana: error: the prompt is empty")
    session = Session(Bundle(options.bundle, verify=options.verify), threads=options.threads)
    session.prefill(ids)
    if not options.no_echo:
        print(options.prompt, end="", flush=True)
    stop = {token for text in options.stop if (token := tokenizer.token_to_id(text)) is not None}
    tokens = session.generate(
        options.max_tokens, temperature=options.temperature, top_p=options.top_p, seed=options.seed, stop=stop
    )
    for text in stream(tokenizer, tokens):
        print(text, end="", flush=True)
    print()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m jarana", description="Runs Jarana bundles.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("generate", help="continue a prompt, streaming the text")
    command.add_argument("bundle", type=Path, help="OUT.jarana")
    command.add_argument("--prompt", required=True)
    command.add_argument("--tokenizer", type=Path, help="tokenizer.json (default: the one in the bundle's folder)")
    command.add_argument("--max-tokens", type=int, default=128)
    command.add_argument("--temperature", type=float, default=0.0, help="0 (default): the most probable token")
    command.add_argument("--top-p", type=float, default=1.0)
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--threads", type=int, default=0, help="default: all processors")
    command.add_argument(
        "--stop", action="append", default=[], metavar="TOKEN", help="end before this token, such as '<|endoftext|>'"
    )
    command.add_argument("--verify", action="store_true", help="check the weights' checksum first")
    command.add_argument("--no-echo", action="store_true", help="do not print the prompt")
    options = parser.parse_args()
    try:
        generate(options)
    except (JaranaError, ImportError) as error:
        print(f"jarana: error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
