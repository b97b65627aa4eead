"""Which images of a batch each of several processes has."""

import copy
from collections.abc import Iterator

import numpy as np
from mmengine.dataset import DefaultSampler


def share_batches(
    sampler: DefaultSampler, batch: int, drop_last: bool, uneven: bool, chunks: int = 1
) -> int:
    """Have step t of all processes together take the images of step t of one process.

    MMEngine's sampler repeats images until each process has as many, which can make a step more
    than one process has (1,023 images: two steps of 2 x 256, one of 512).

    Args:
        sampler: of the training images, on one of several processes. Changed.
        batch: images of a step on each process.
        drop_last: leave out a last batch that is not full.
        chunks: what a process runs its batch in, if it runs chunks; then each chunk of all
            processes together is a chunk of one process, where the batch can be divided so.
        uneven: the loss takes a batch of which one process has an image more than another.

    Returns:
        How many images of an epoch come twice, to give each process as many.
    """
    processes, images = sampler.world_size, min(len(sampler.dataset), sampler.total_size)
    rest = images % (processes * batch)
    if drop_last:
        sampler.total_size = images - rest
    elif uneven and (rest >= processes or not rest):
        sampler.total_size = images
    else:
        sampler.total_size = images + -rest % processes
    sampler.round_up = sampler.total_size > images
    sampler.num_samples = -(-(sampler.total_size - sampler.rank) // processes)
    chunks = 1 if batch % chunks else chunks
    sampler.shared = batch * processes, chunks  # pyright: ignore[reportAttributeAccessIssue]
    return max(0, sampler.total_size - images)


def own_images(sampler: DefaultSampler) -> Iterator[int]:
    """This process's indices of each batch, which are next to each other in the global batch.

    So the global batch has the order of one process, which MMEngine's sampler, with every
    `world_size`-th index, does not keep. It decides in losses that mix images or have weights for
    places in the batch.
    """
    shared, whole = getattr(sampler, 'shared', None), copy.copy(sampler)
    if shared is None:
        yield from DefaultSampler.__iter__(sampler)
        return
    whole.rank, whole.world_size = 0, 1
    order, (batch, chunks) = list(DefaultSampler.__iter__(whole)), shared
    for start in range(0, len(order), batch):
        of_all = order[start : start + batch]
        number = chunks if len(of_all) == batch else 1
        for chunk in np.array_split(of_all, number):
            yield from np.array_split(chunk, sampler.world_size)[sampler.rank].tolist()
