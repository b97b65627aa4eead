from statistics import mean, stdev

from mmbarlow.zoo import records
from mmbarlow.zoo.pages import write_pages
from mmbarlow.zoo.runs import measured


def test_the_mean_goes_over_both_seeds(make_record):
    values = {(0, 0): 90.0, (0, 1): 92.0, (1, 0): 95.0}
    found = [
        make_record(seed=seed, benchmark_seed=run, metrics=dict(top1_k10=value))
        for (seed, run), value in values.items()
    ]
    wanted = f'{mean(values.values()):.1f} ± {stdev(values.values()):.1f}'
    assert measured(found, 'top1_k10') == wanted
    page, notes = write_pages(found).values()
    assert f'| {wanted} |' in page
    assert '2 seeds, 2 runs, [note 1](docs/model_zoo_records.md#note-1)' in page
    assert 'seeds 0, 1; benchmark seeds 0, 1;' in notes
    for record, link in zip(found, ('[seed 0]', '[seed 0, run 1]', '[seed 1]'), strict=True):
        assert f'{link}(../mmbarlow/zoo/records/{records.file_name(record)})' in notes


def test_a_supervised_network_and_a_reduced_benchmark_have_rows_of_their_own(make_record):
    pretraining = make_record(
        task='pretrain', config='pretrain_digits', metrics=dict(loss=1.0), command='train it'
    )
    pages = write_pages(
        [
            pretraining,
            make_record(model='supervised', metrics=dict(top1_k10=99.0)),
            make_record(scale='Half of the images', metrics=dict(top1_k10=80.0)),
        ]
    )
    page, notes = pages.values()
    assert '| **Supervised** | `pretrain_digits` | not run here | 99.0 |' in page
    assert 'this project, *reduced*, [note' in page
    note = notes.split('Scale: Half of the images;')[1].split('\n- ')[0]
    assert '`train it`' in note  # of the network that was trained in full
