"""mmbarlow list                       the recipes to pretrain with
mmbarlow list cifar10 mixed         those with both words in their name or text
mmbarlow list benchmarks svm        what backbones are measured by
"""

import argparse
import ast
import difflib
import os
import re
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from mmbarlow.paths import CONFIGS

LIGHT = True  # reads texts alone: without what the other verbs import, it is there at once
ASIDE = ('ablations', 'benchmarks')  # shown when they are asked for
# What the docstring of a config says, see CONTRIBUTING.md.
QUANTITY = r'(?:(?:an?|half|one|two|about|minutes|\d+) [\w ]*)?'
HARDWARE = (QUANTITY + r'\bCPU cores?\b', QUANTITY + r'(?<!without a )\bGPUs?\b')
SENTENCE = re.compile(r'(?<=[.)])\s+(?=[A-Z])')
NUMBER = re.compile(r'Expected|Measured|No number is|Paper, table')


@dataclass(frozen=True)
class Recipe:
    """A config, as its file name and its docstring tell of it."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        return self.path.relative_to(CONFIGS).with_suffix('').as_posix()

    @property
    def dataset(self) -> str:
        return re.split(r'-\d+e_|^[^_]+_', self.path.stem)[-1]

    @property
    def hardware(self) -> str:
        """How long on what, or that alone; the name says it of several GPUs."""
        gpus = re.search(r'_(\d+)xb', self.path.stem)
        if gpus and gpus[1] != '1':
            return f'{gpus[1]} GPUs'
        found = [m for kind in HARDWARE if (m := re.search(kind, self._prose, re.IGNORECASE))]
        return found[0][0].lower().replace('gpu', 'GPU').replace('cpu', 'CPU') if found else ''

    @property
    def number(self) -> str:
        """The sentence on the number to expect or that was measured."""
        said = SENTENCE.split(self._prose)
        return next((s for s in said if NUMBER.match(s)), 'No number is known.')

    @property
    def _prose(self) -> str:
        """The docstring without its commands, on one line."""
        lines = [x for x in self.text.splitlines() if not re.match(r'\s*(\w+=\S+ )?\S* ?tools/', x)]
        return ' '.join(' '.join(lines).split())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        'words', nargs='*', help='words that the name or the text of a recipe has, all of them'
    )


def run(args: argparse.Namespace) -> int:
    words = [word.lower() for word in args.words]
    every = list(recipes())
    found = [r for r in every if all(w in f'{r.name} {r.text}'.lower() for w in words)]
    if not found:
        print(
            f'error: no recipe has {" and ".join(args.words)}{_hint(every, words)}.',
            file=sys.stderr,
        )
        return 2
    groups = Counter(recipe.name.split('/')[0] for recipe in found)
    shown = found if words else [r for r in found if r.name.split('/')[0] not in ASIDE]
    lines = list(_in_full(shown[0]) if len(shown) == 1 else _overview(shown))
    if not words:
        aside = ', '.join(f'{groups[g]} {g} (mmbarlow list {g})' for g in ASIDE)
        lines.append(f'\n{len(shown)} recipes. There are also {aside}.')
    try:
        print('\n'.join(lines), flush=True)
    except BrokenPipeError:  # `| head` has seen enough; the interpreter flushes once more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def recipes() -> Iterator[Recipe]:
    """All configs but the parts that they are made of, in the order of their names."""
    for path in sorted(CONFIGS.rglob('*.py')):
        if '_base_' not in path.relative_to(CONFIGS).parts:
            tree = ast.parse(path.read_text(encoding='utf-8'))
            yield Recipe(path, ast.get_docstring(tree) or '')


def _overview(found: list[Recipe]) -> Iterator[str]:
    width = min(100, shutil.get_terminal_size().columns)
    for folder, members in groupby(found, lambda recipe: os.path.dirname(recipe.name)):
        yield f'\n{folder}/'
        for recipe in members:
            yield f'  {recipe.path.stem}'
            facts = recipe.dataset, recipe.hardware, recipe.number
            for text in (recipe.text.split('\n')[0], ' | '.join(filter(None, facts))):
                together = f'    {text}'.replace(' %', '\xa0%')  # no line ends between them
                for line in textwrap.wrap(
                    together, width, subsequent_indent=' ' * 6, break_on_hyphens=False
                ):
                    yield line.replace('\xa0', ' ')


def _in_full(recipe: Recipe) -> Iterator[str]:
    yield f'{recipe.name}\n\n{recipe.text}\n'
    yield f'file: {recipe.path}'
    yield f"a config of your own: _base_ = 'mmbarlow::{recipe.name}.py'"


def _hint(every: list[Recipe], words: list[str]) -> str:
    """Which of the words no recipe has, with what is close to them."""
    known = {part for recipe in every for part in re.split(r'[-_/]', recipe.name)}
    texts = ' '.join(f'{r.name} {r.text}' for r in every).lower()
    unknown = [word for word in words if word not in texts]
    near = [n for word in unknown for n in difflib.get_close_matches(word, known, 2, 0.5)]
    if not unknown:
        return ': each word has some, but none has all'
    return f'; close words: {", ".join(near)}' if near else ': mmbarlow list shows all'
