"""How a tool ends."""

import argparse

import pytest

from mmbarlow import cli


def test_a_bug_of_ours_keeps_its_traceback():
    def main():
        raise RuntimeError('not the user')

    with pytest.raises(RuntimeError, match='not the user'):
        cli.run(main)


def options_of(*pairs: str) -> dict:
    parser = argparse.ArgumentParser()
    cli.add_config_argument(parser)
    return parser.parse_args(['config.py', '--cfg-options', *pairs]).cfg_options


TEXTS = ['sp ace/two  words', '2024', 'True', 'a,b', '~/images', '1e5', '[x]', '(1', "it's", '']


@pytest.mark.parametrize('text', TEXTS)
@pytest.mark.parametrize(
    'key',
    [
        *('data_root', 'work_dir', 'load_from', 'pretrained', 'train_dataloader.dataset.ann_file'),
        *('a.data_prefix', 'a.data_prefix.img', 'model.backbone.init_cfg.checkpoint', 'a.folder'),
    ],
)
def test_a_path_among_the_options_keeps_its_text(key, text):
    assert options_of(f'{key}={text}') == {key: text}


def test_quotation_marks_around_a_path_and_none_mean_what_they_always_did():
    assert options_of('data_root="/a b"', 'load_from=None') == dict(
        data_root='/a b', load_from=None
    )


def test_other_options_are_read_as_values():
    pairs = ('a.lr=1e-3', 'k=1,2', 'on=True', 'size=(3,4)', 'default_hooks.checkpoint.interval=5')
    assert list(options_of(*pairs).values()) == [1e-3, [1, 2], True, (3, 4), 5]


@pytest.mark.parametrize(
    ('pair', 'says'),
    [
        ('data_root', 'takes KEY=VALUE'),
        ('=3', 'takes KEY=VALUE'),
        ('k=(1,2', 'Imbalanced brackets'),
    ],
)
def test_what_is_no_option_is_one_line_and_status_2(pair, says, capsys):
    with pytest.raises(SystemExit) as stopped:
        options_of(pair)
    assert stopped.value.code == 2
    assert says in capsys.readouterr().err
