"""The site that `make docs` builds: the pages as they stand, in groups, with the API reference.

Nothing of the package is imported: sphinx-autoapi reads the docstrings from its source.
"""

import re
import shutil
from pathlib import Path

GROUPS = {  # a page that stands in none is a warning of Sphinx, and so an error
    'Start': ['docs/install', 'docs/command'],
    'Own images': ['docs/own_images', 'docs/data', 'docs/views', 'docs/pairs'],
    'Recipes': [
        'docs/runs',
        'docs/reliability',
        'docs/backbones',
        'docs/vit',
        'docs/variants',
        'docs/baselines',
        'docs/ablations',
    ],
    'Evaluate': [
        'docs/benchmarks',
        'docs/card',
        'docs/evaluation',
        'docs/dashboard',
        'docs/choosing',
    ],
    'Transfer': ['docs/detection', 'docs/own_detection', 'docs/segmentation', 'docs/checkpoints'],
    'Loss': ['docs/loss', 'docs/family', 'docs/family_speed'],
    'Speed': ['docs/speed', 'docs/resident'],
    'Results': [
        'model_zoo',
        'docs/model_zoo_records',
        'docs/ablations_results',
        'docs/choosing_results',
    ],
    'API': [
        'docs/api',
        'docs/api_models',
        'docs/api_data',
        'docs/api_training',
        'docs/api_evaluation',
    ],
    'Contribute': ['CONTRIBUTING', 'CHANGELOG', 'SECURITY'],
}

project = 'mmbarlow'
root_doc = 'README'
include_patterns = ['*.md', 'docs/*.md']  # of the repository, `sphinx-build -c docs . OUT`
exclude_patterns = ['.*', 'build', 'data', 'dist', 'work_dirs']
extensions = [
    'autoapi.extension',
    'myst_parser',
    'sphinx.ext.mathjax',
    'sphinx.ext.napoleon',
    'sphinx_copybutton',
]
myst_enable_extensions = ['attrs_inline']
myst_fence_as_directive = ['math']  # ```math, as GitHub has it
myst_heading_anchors = 6
autoapi_dirs = ['mmbarlow']
autoapi_generate_api_docs = False  # the pages docs/api*.md say what is public
autoapi_options = ['members', 'imported-members', 'show-inheritance']
suppress_warnings = ['autoapi.python_import_resolution']  # constants out of a tuple are not found
napoleon_use_ivar = True  # attributes are described once
add_module_names = False
default_role = 'literal'
highlight_language = 'text'
html_theme = 'furo'
html_title = 'mmbarlow'
html_css_files = ['site.css']
html_static_path = ['static']
html_copy_source = False

ANCHOR = re.compile(r'<a id="([\w-]+)"></a>')
FOLDER = re.compile(r'\[([^\]]+)\]\([\w./-]+/\)')
BAR = re.compile(r'(`[^`]+`)|\|')
HEADER = re.compile(r'\w+:$')  # of a section as Google has them: Args:, Returns:, Raises:


def site_of(app, page: str, source: list[str]) -> None:
    """What GitHub shows as it is and Sphinx has another form for: anchors, folders, contents."""
    source[0] = FOLDER.sub(r'\1', ANCHOR.sub(r'[]{#\1}', source[0]))
    if page == root_doc:
        for group, pages in GROUPS.items():
            lines = '\n'.join(f'/{name}' for name in pages)
            source[0] += f'\n```{{toctree}}\n:hidden:\n:caption: {group}\n\n{lines}\n```\n'


def plain_docstring(app, what, name, obj, options, lines: list[str]) -> None:
    """Docstrings are plain text: formulas, indented under a sentence, and |x| are no markup."""
    written, above, verbatim = [], '', False
    for line in lines:
        if line[:1].strip():
            above, verbatim = line, False
        elif line.strip() and not verbatim and written[-1:] == [''] and not HEADER.match(above):
            written += ['::', '']
            verbatim = True
        written.append(line if verbatim else BAR.sub(lambda m: m[1] or r'\|', line))
    lines[:] = written


def has_no_docstring(app, what, name, obj, skip: bool, options) -> bool:
    return skip or not obj.docstring


def first_page(app, error) -> None:
    if not error:
        shutil.copy(Path(app.outdir, 'README.html'), Path(app.outdir, 'index.html'))


def setup(app) -> None:
    app.connect('source-read', site_of)
    app.connect('autodoc-process-docstring', plain_docstring, priority=100)  # before napoleon
    app.connect('autodoc-skip-member', has_no_docstring)
    app.connect('build-finished', first_page)
