"""Records of others: what they say shows as text, and what cannot be is refused in one line."""

import html
import json
import re
from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mmbarlow.errors import InputError
from mmbarlow.zoo import records
from mmbarlow.zoo.markdown import code, plain
from mmbarlow.zoo.pages import NOTES_PAGE, PAGE, write_pages

HOSTILE = [
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '[click](javascript:alert(1))',
    '![x](http://evil.example/x.png)',
    'see https://evil.example/ or www.evil.example',
    'a | b | **c**',
    '`code` ``more`` `',
    '&lt;b&gt; &#60;i&#62;',
    '*a* _b_ ~~c~~ \\ $x$ # @someone {x}',
]


class Tags(HTMLParser):
    """The tags in HTML, or in Markdown, in which they are the same."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.found.append(tag)


@pytest.mark.parametrize('text', HOSTILE)
def test_plain_text_has_no_markup_and_reads_as_written(text):
    written = plain(text)
    assert html.unescape(written) == text
    assert Tags(written).found == []
    bare = re.sub(r'&#\d+;', '', written)
    assert not re.search(r'[\\`*\[\]<>|&~$@!]|://|www\.', bare)


@pytest.mark.parametrize('field', ['scale', 'hardware', 'command'])
@pytest.mark.parametrize('text', HOSTILE)
def test_texts_of_a_record_stay_in_their_place_on_the_pages(text, field, make_record):
    sound, hostile = make_record(), make_record(**{field: text, 'scale': text})
    before, after = write_pages([sound]), write_pages([hostile])
    notes = after[NOTES_PAGE].replace(code(text), '')
    assert [tag for tag in Tags(notes).found if tag != 'a'] == []
    assert text not in notes
    assert not re.search('https?://evil|www.evil', notes)
    tables = [re.sub(r'[^|\n]', '', page[PAGE]) for page in (before, after)]
    assert tables[0] == tables[1]


@pytest.mark.parametrize('text', ['a', '`', 'a `b` c', '``', '`a', 'a``'])
def test_a_code_span_ends_where_the_text_does(text):
    fence = re.match('`+', code(text))[0]
    assert code(text).startswith(fence)
    assert fence not in re.findall('`+', text)
    assert code(text)[len(fence) : -len(fence)].strip() == text.strip()


NAN, INF = float('nan'), float('inf')
BAD = [
    *((field, 'a\nb') for field in ('scale', 'hardware', 'command')),
    *(
        ('scale', f'a{mark}b')
        for mark in '\u202e\u2066\u200f\x1b\x00\x07\r\u2028\ud800\xad\ufeff\t'
    ),
    ('scale', 'x' * 601),
    ('hardware', 'x' * 301),
    ('command', 'x' * 4001),
    ('command', ' x'),
    *((name, bad) for name in ('config', 'model') for bad in ('a/b', '..', '.a', 'a b', '-', '')),
    *((name, '\u05d0') for name in ('config', 'model', 'dataset', 'pretrain_config')),
    *((name, bad) for name in ('config', 'model') for bad in ('/etc/passwd', 'a\\b', 'x' * 121)),
    *(
        ('metrics', {'top1': bad})
        for bad in (1e6, -5, 100.1, -0.1, True, '97', None, [1], 10**400, NAN, -INF)
    ),
    *(('metrics', {'AP': bad}) for bad in (101, -1)),
    *(('metrics', {'KNN/top1_k10': bad}) for bad in (101, -1)),
    *(('metrics', {name: 1.0}) for name in ('', 'a\nb', 'x' * 61, '\u202e')),
    ('metrics', {f'm{i}': 1.0 for i in range(101)}),
    *(('metrics', {'loss': bad}) for bad in (1e300, NAN, INF)),
    ('metrics', {'epochs': -1}),
    ('metrics', [['top1', 97.0]]),
    ('versions', {'torch': 2}),
    ('versions', {'torch': {'a': 'b'}}),
    ('versions', {'<b>': '1'}),
    ('versions', {'torch': 'x' * 61}),
    ('seed', 2**32),
    ('seed', 10**400),
    ('wall_time_s', 1e300),
    *(('wall_time_s', bad) for bad in (-1, NAN, INF)),
    ('seed', NAN),
    ('curve', [{'epoch': NAN, 'loss': 1.0}]),
    ('commit', 'a' * 39 + '\n'),
    ('checkpoint_sha256', 'b' * 64 + '\n'),
    ('date', '2026-11-20\n'),
    ('task', ['knn']),
    ('task', {}),
    ('curve', {}),
    ('curve', [{}]),
    ('curve', [{'loss': 1.0}]),
    ('curve', [{'epoch': 1, 'loss': 1.0}, {'epoch': 1, 'loss': 1.0}]),
    ('curve', [{'epoch': 2, 'loss': 1.0}, {'epoch': 1, 'loss': 1.0}]),
    ('curve', [{'epoch': 1, 'loss': 1.0}, {'iteration': 2, 'loss': 1.0}]),
    ('curve', [{'epoch': i, 'loss': 1.0} for i in range(10_001)]),
    ('curve', [[1, 2]]),
]


@pytest.mark.parametrize(
    ('field', 'bad'), [pytest.param(*c, id=f'{c[0]}={c[1]!a:.30}') for c in BAD]
)
def test_what_cannot_be_is_refused_with_its_field(field, bad, make_record, tmp_path):
    data = asdict(make_record()) | {field: bad}
    (tmp_path / 'a.json').write_text(json.dumps(data))
    with pytest.raises(InputError, match=f"a.json: the field '{field}' must be ") as error:
        records.read(tmp_path / 'a.json')
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 500


@pytest.mark.parametrize(
    ('text', 'says'),
    [
        ('{"seed": 0, "seed": 1}', 'a key is there twice'),
        ('{"metrics": {"top1": 1, "top1": 2}}', 'a key is there twice'),
        ('{"seed": ' + '1' * 5000 + '}', 'is not JSON'),
        ('[' * 100_000, 'is not JSON'),
        ('\ufeff{}', 'is not JSON'),
        ('null', 'one JSON object'),
        ('{"' + 'x' * 10_000 + '": 1}', 'remove the unknown field'),
        (' ' * 5_000_001, 'is a file of at most 5000000 bytes'),
    ],
)
def test_json_that_readers_take_differently_or_that_is_huge_is_refused(text, says, tmp_path):
    (tmp_path / 'a.json').write_text(text)
    with pytest.raises(InputError, match=re.escape(says)) as error:
        records.read(tmp_path / 'a.json')
    assert len(str(error.value)) < 500


def test_names_that_are_too_long_together_are_refused(make_record, tmp_path):
    long = dict(model='m' * 100, pretrain_config='p' * 100, config='c' * 100)
    (tmp_path / 'a.json').write_text(json.dumps(asdict(make_record(**long))))
    with pytest.raises(InputError, match='too long for a file'):
        records.read(tmp_path / 'a.json')


def test_links_and_what_is_no_file_are_not_followed(make_record, tmp_path):
    secret = records.write(make_record(), tmp_path / 'elsewhere')
    folder = tmp_path / 'records'
    folder.mkdir()
    link: Path = folder / 'a.json'
    link.symlink_to(secret)
    with pytest.raises(InputError, match='a.json is a link: put the record itself there'):
        records.read_folder(folder)
    link.unlink()
    link.mkdir()
    with pytest.raises(InputError, match='a.json is no record'):
        records.read_folder(folder)
